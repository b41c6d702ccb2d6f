// Pulumi loads a pack by require() with ts-node, which cannot enter an ES module written in TypeScript: this file can.
import "./pack.ts";
