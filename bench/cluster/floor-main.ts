import { readFileSync } from "node:fs";
import { join } from "node:path";
import { floorServer } from "../admission/floor.ts";

const { TLS_DIR = "", PORT = "" } = process.env;
const [cert, key] = ["tls.crt", "tls.key"].map((file) => readFileSync(join(TLS_DIR, file), "utf8"));
if (cert === undefined || key === undefined) throw new Error(`${TLS_DIR} has no pair`);
floorServer({ cert, key }).listen(Number(PORT), () => console.log("listening"));
