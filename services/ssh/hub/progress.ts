import { fieldsOf } from "./http.ts";

/** What the hub says while a server starts. */
export interface Progress {
  readonly message: string;
  /** Where it ended: the server answers, or it will not. */
  readonly end?: "ready" | "failed";
}

const MAX_EVENT = 1 << 16;
const isControl = (character: string): boolean => {
  const code = character.charCodeAt(0);
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
};

/** One line without anything that a terminal would act on. */
export const printable = (text: string): string => [...text].map((each) => (isControl(each) ? " " : each)).join("");

function progressOf(data: string): Progress | undefined {
  const { message, ready, failed } = fieldsOf(data);
  if (typeof message !== "string" && ready !== true && failed !== true) return undefined;
  const said = printable(typeof message === "string" ? message : "").trim();
  if (failed === true) return { message: said, end: "failed" };
  return ready === true ? { message: said, end: "ready" } : { message: said };
}

/** Reads the hub's server-sent events. */
export async function* readProgress(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Progress> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString()).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_EVENT);
    for (const line of lines) {
      const progress = line.startsWith("data:") ? progressOf(line.slice("data:".length)) : undefined;
      if (progress) yield progress;
    }
  }
}
