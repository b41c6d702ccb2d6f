import type { ServerChannel, TcpipRequestInfo } from "ssh2";
import { ChannelWriter } from "./channel-writer.ts";
import { relayConnection } from "./relay.ts";
import type { UserConnection } from "./user-connection.ts";

const OWN = new Set(["localhost", "127.0.0.1", "::1", "[::1]"]);

/** Whether a client may connect to it: only what listens in the user's own pod. */
export const isOwnPort = ({ destIP, destPort }: Pick<TcpipRequestInfo, "destIP" | "destPort">): boolean =>
  OWN.has(destIP.toLowerCase()) && destPort > 0 && destPort < 65_536;

export interface ForwardRequest {
  readonly accept: () => ServerChannel;
  readonly reject: () => void;
  readonly info: TcpipRequestInfo;
}

/** Serves one forwarded connection: the port is tried before the client is told that it is open. */
export async function serveForward(
  connection: UserConnection,
  { accept, reject, info }: ForwardRequest,
): Promise<void> {
  const target = `${info.destIP}:${info.destPort}`;
  const audit = connection.begin("forward", () => {}, { target });
  if (!isOwnPort(info)) {
    audit.end({ lost: "only ports of one's own notebook server can be forwarded" });
    return reject();
  }
  const result = await connection.link.get(() => {});
  const opened = result.ok ? await result.link.open({ kind: "tcp", port: info.destPort }) : result;
  if (!opened.ok) {
    audit.end({ lost: opened.reason });
    return reject();
  }
  const channel = accept();
  channel.on("error", () => {});
  const writer = new ChannelWriter(channel, connection.socket);
  const onActivity = (): void => connection.touch();
  audit.end(await relayConnection({ channel, writer, stream: opened.stream, onActivity }));
  return undefined;
}
