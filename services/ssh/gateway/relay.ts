import type { ServerChannel } from "ssh2";
import type { AgentStream, Exit } from "../agent/stream.ts";
import type { ChannelWriter } from "./channel-writer.ts";

export interface Relay {
  readonly channel: ServerChannel;
  readonly writer: ChannelWriter;
  readonly stream: AgentStream;
  /** Bytes went through. */
  readonly onActivity: () => void;
}

/** How a relay ended: by the program's exit, by the client, or because the notebook server went away. */
export type RelayEnd = { readonly exit: Exit } | { readonly closed: true } | { readonly lost: string };

/** Bytes from the client; no more is read than the other end takes. */
function forward({ channel, stream, onActivity }: Relay): void {
  channel.on("data", (bytes: Buffer) => {
    onActivity();
    channel.pause();
    void stream.write(bytes).then(() => channel.resume());
  });
}

/** Bytes to the client; no more is asked for than it takes. */
function back({ writer, stream, onActivity }: Relay): (bytes: Buffer, isError: boolean) => void {
  return (bytes, isError) => {
    onActivity();
    void writer.write(bytes, isError).then(() => stream.grant(bytes.length));
  };
}

/** Joins a client's session with a program until either ends, and tells the client how it exited. */
export function relayProgram(relay: Relay): Promise<RelayEnd> {
  const { channel, writer, stream } = relay;
  return new Promise((resolve) => {
    stream.listen({
      onData: back(relay),
      onEnd: () => {},
      onExit: (exit) => {
        void writer.written().then(() => {
          if ("code" in exit) channel.exit(exit.code);
          else channel.exit(exit.signal, false);
          channel.end();
          resolve({ exit });
        });
      },
      onLost: (lost) => resolve({ lost }),
    });
    channel.on("end", () => stream.end());
    channel.on("close", () => {
      stream.close();
      resolve({ closed: true });
    });
    forward(relay);
  });
}

/** Joins a client's channel with a connection; each direction ends by itself. */
export function relayConnection(relay: Relay): Promise<RelayEnd> {
  const { channel, writer, stream } = relay;
  return new Promise((resolve) => {
    const open = new Set(["client", "server"]);
    const ended = (side: string): void => {
      open.delete(side);
      if (open.size > 0) return;
      channel.end();
      stream.close();
      resolve({ closed: true });
    };
    stream.listen({
      onData: back(relay),
      onEnd: () => {
        void writer.written().then(() => {
          channel.eof();
          ended("server");
        });
      },
      onExit: () => {},
      onLost: (lost) => {
        channel.end();
        resolve({ lost });
      },
    });
    channel.on("end", () => {
      stream.end();
      ended("client");
    });
    channel.on("close", () => {
      stream.close();
      resolve({ closed: true });
    });
    forward(relay);
  });
}
