import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";
import { eventually } from "../support/eventually.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { end } from "./support/processes.ts";

describe("a shell over SSH", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
  });

  it("has the size of the client's terminal, and its exit code", async () => {
    const { ada, gateway } = it_;
    const words = ["ssh", ...ada.options, "-p", String(gateway.port), "-tt", "-lada", "127.0.0.1"];
    const line = `stty rows 50 cols 132; exec ${words.join(" ")}`;
    const { code, out } = await ada.run("script", ["-qec", line, "/dev/null"], { input: "tty; stty size; exit 5\n" });
    assert.equal(code, 5);
    assert.match(out.toString(), /\/dev\/pts\/\d+\r\n50 132\r\n/);
  });

  it("follows the client's terminal when its size changes, and ends at its end of file", async () => {
    const client = new ssh2.Client();
    let shown = "";
    const ended = new Promise((resolve, reject) => {
      client.on("error", reject);
      client.on("close", () => resolve(undefined));
      client.on("ready", () => {
        client.shell({ rows: 30, cols: 90, width: 0, height: 0, term: "vt100" }, (error, stream) => {
          if (error) return reject(error);
          stream.on("data", (bytes: Buffer) => {
            shown += bytes.toString();
          });
          stream.on("close", () => client.end());
          stream.write("stty size; echo $TERM\n");
          void eventually("the first size", async () => (/30 90\r\n.*vt100\r\n/s.test(shown) ? true : undefined))
            .then(() => {
              stream.setWindow(41, 141, 0, 0);
              stream.write("stty size\n");
              return eventually("the second size", async () => (shown.includes("41 141\r\n") ? true : undefined));
            })
            .then(() => stream.write("\u0004"), reject);
          return undefined;
        });
      });
    });
    client.connect({ host: "127.0.0.1", port: it_.gateway.port, username: "ada", password: it_.token });
    await ended.finally(() => client.end());
  });

  it("takes a script on its standard input without a terminal, as VS Code sends one", async () => {
    const script = 'echo "bits: $(getconf LONG_BIT)"\ncat <<X\n$(tty)\nX\nexit 7\n';
    const { code, out } = await it_.ada.ssh("ada", ["-T", "127.0.0.1", "bash"], { input: script });
    assert.deepEqual({ code, out: out.toString() }, { code: 7, out: "bits: 64\nnot a tty\n" });
  });

  it("interrupts what runs in it", async () => {
    const ssh = it_.ada.start("ada", ["-tt", "127.0.0.1"]);
    try {
      let shown = "";
      ssh.stdout.on("data", (chunk: Buffer) => {
        shown += chunk.toString();
      });
      // What says so is what sleeps: it has the terminal by then.
      ssh.stdin.write("sh -c 'echo to-interrupt-$((1+1)); exec sleep 600'\n");
      await eventually("the sleep", async () => (shown.includes("to-interrupt-2") ? true : undefined));
      ssh.stdin.write("\u0003exit 6\n");
      const [code] = (await once(ssh, "close")) as [number];
      assert.equal(code, 6, shown);
    } finally {
      await end(ssh);
    }
  });

  it("works without Python, as one of Jupyter's own terminals; nothing else does, and says so", async () => {
    const { hub, clientOf } = it_;
    const home = hub.homeOf("bare");
    mkdirSync(home, { recursive: true });
    // The login shell of this user finds no interpreter: its path has none, and it hides its parent.
    const tools = join(home, "tools");
    mkdirSync(tools);
    writeFileSync(join(tools, "readlink"), "#!/bin/sh\nexit 1\n");
    chmodSync(join(tools, "readlink"), 0o755);
    for (const name of ["sh", "printf", "sleep", "stty"]) {
      writeFileSync(join(tools, name), `#!/bin/sh\nexec /bin/${name} "$@"\n`, { mode: 0o755 });
    }
    writeFileSync(join(home, ".bash_profile"), `PATH=${tools}\n`);
    const bare = clientOf((await hub.tokenOf("bare")).token);
    const exec = await bare.ssh("bare", ["127.0.0.1", "true"]);
    assert.equal(exec.code, 69);
    assert.match(
      exec.err,
      /carrel: commands, files and ports need Python 3 in the notebook's image.*its image has no Python 3\n$/,
    );
    const shell = await bare.ssh("bare", ["-tt", "127.0.0.1"], { input: "stty size; exit\n" });
    assert.match(shell.out.toString(), /Only a shell works here: its image has no Python 3\.\r\n[\s\S]*24 80\r\n/);
    assert.equal(shell.code, 0);
  });
});
