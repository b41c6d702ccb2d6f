import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import * as programs from "../../../../services/ssh/agent/programs.ts";
import { projectDir } from "../../../support/engine.ts";

const folder = join(projectDir, "services/ssh/agent");

describe("the agent's programs", () => {
  const embedded = [
    ["agent.py", programs.agentText],
    ["sftp.py", programs.sftpText],
  ] as const;
  for (const [file, text] of embedded) {
    it(`have ${file} as it stands: run node services/ssh/agent/embed.ts after a change`, () => {
      assert.equal(inflateSync(Buffer.from(text, "base64")).toString("utf8"), readFileSync(join(folder, file), "utf8"));
    });

    it(`have ${file} in the Python of every notebook image, 3.8`, () => {
      const check = "import ast,sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))";
      execFileSync("python3", ["-c", check], { input: readFileSync(join(folder, file)) });
      const longest = Math.max(
        ...readFileSync(join(folder, file), "utf8")
          .split("\n")
          .map((line) => line.length),
      );
      assert.ok(longest <= 120, `a line of ${longest}`);
    });
  }
});
