import type { ServerChannel } from "ssh2";
import type { Terminal } from "../jupyter/terminal.ts";
import type { ChannelWriter } from "./channel-writer.ts";
import type { RelayEnd } from "./relay.ts";

export interface TerminalEnds {
  readonly channel: ServerChannel;
  readonly writer: ChannelWriter;
  readonly onActivity: () => void;
}

/** What a client that reads nothing may leave unread; Jupyter cannot be told to wait. */
const MAX_UNREAD = 8 << 20;

/** Joins a client's shell with one of Jupyter's own terminals, which takes text and has no exit code. */
export function relayTerminal(terminal: Terminal, { channel, writer, onActivity }: TerminalEnds): Promise<RelayEnd> {
  const decoder = new TextDecoder();
  let unread = 0;
  return new Promise((resolve) => {
    const end = (result: RelayEnd): void => {
      terminal.close();
      resolve(result);
    };
    terminal.onOutput = (text) => {
      onActivity();
      const bytes = Buffer.from(text);
      unread += bytes.length;
      if (unread > MAX_UNREAD) return end({ lost: "the client does not read" });
      void writer.write(bytes).then(() => {
        unread -= bytes.length;
      });
      return undefined;
    };
    terminal.onClose = (lost) => {
      void writer.written().then(() => {
        channel.exit(lost === undefined ? 0 : 255);
        channel.end();
        resolve(lost === undefined ? { exit: { code: 0 } } : { lost });
      });
    };
    channel.on("data", (bytes: Buffer) => {
      onActivity();
      terminal.write(decoder.decode(bytes, { stream: true }));
    });
    channel.on("close", () => end({ closed: true }));
  });
}
