import { deflateSync, inflateSync } from "node:zlib";
import { agentText, sftpText } from "./programs.ts";

/** What the shell printed so far tells how far the start is. */
export type BootstrapState =
  | { readonly at: "waiting" }
  | { readonly at: "no-python" }
  /** Python reads the program now; `rest` was printed after that. */
  | { readonly at: "reading"; readonly rest: string };

const inflate = (text: string): string => inflateSync(Buffer.from(text, "base64")).toString("utf8");

/** The agent with its settings, compressed. @param idleSeconds 0 lets it live for ever */
export function agentProgram(idleSeconds: number): string {
  // A JSON string of ASCII is a Python string too.
  const settings = `SFTP_SOURCE = ${JSON.stringify(inflate(sftpText))}\nIDLE_SECONDS = ${idleSeconds}\n`;
  return deflateSync(Buffer.from(settings + inflate(agentText))).toString("base64");
}

/**
 * A line for any shell that puts Python in its place, which makes the terminal transparent and reads the program.
 * The shell's parent is the notebook server, which is Python itself, in case that no other can be found.
 * @param nonce letters and digits; the answer has it in a form that an echo of this line has not
 */
export function bootstrapLine(nonce: string, length: number): string {
  const python = [
    "import sys,tty,zlib,base64",
    "tty.setraw(0)",
    `print("carrel:"+"${nonce}",flush=True)`,
    `exec(zlib.decompress(base64.b64decode(sys.stdin.buffer.read(${length}))))`,
  ].join(";");
  const shell = [
    "p=$(command -v python3||command -v python||readlink /proc/$PPID/exe)",
    `$p -c "" 2>/dev/null||{ printf "%s%s\\n" none: ${nonce};exec sleep 9;}`,
    `exec "$p" -ISc "$0"`,
  ].join(";");
  // sh -c '...' 'python': no quote but the two pairs, and nothing that bash, zsh, fish or csh expand in them.
  return ` exec sh -c '${shell}' '${python}'\r`;
}

/** @param printed everything since the line was sent */
export function bootstrapState(printed: string, nonce: string): BootstrapState {
  if (printed.includes(`none:${nonce}`)) return { at: "no-python" };
  const marker = `carrel:${nonce}\n`;
  const at = printed.indexOf(marker);
  return at < 0 ? { at: "waiting" } : { at: "reading", rest: printed.slice(at + marker.length) };
}
