import { ask, fieldsOf } from "../hub/http.ts";
import type { HubClient, ServerRef } from "../hub/hub-client.ts";
import { WebSocketClient, type WebSocketOptions } from "../websocket/client.ts";

/** A terminal of a notebook server, as Jupyter's own page has it. */
export interface Terminal {
  onOutput: (text: string) => void;
  /** Once; the terminal is gone then. */
  onClose: (reason?: string) => void;
  write(text: string): void;
  resize(rows: number, columns: number): void;
  /** Ends the terminal and what runs in it. */
  close(): void;
}

/** The server's answer makes it impossible to open a terminal. */
export class NoTerminal extends Error {}

async function create(hub: HubClient, ref: ServerRef, token: string): Promise<string> {
  const { status, text } = await ask(hub.serverUrl(ref, "api/terminals"), { method: "POST", token });
  const { name } = fieldsOf(text);
  if (status === 200 && typeof name === "string") return name;
  throw new NoTerminal(
    status === 404
      ? "the server has no terminals: its image needs the Python package jupyter-server-terminals"
      : `the server answered ${status} when asked for a terminal`,
  );
}

/** @throws NoTerminal when the server has none, Error when the connection fails */
export async function openTerminal(
  hub: HubClient,
  ref: ServerRef,
  token: string,
  options: Pick<WebSocketOptions, "pingMs"> = {},
): Promise<Terminal> {
  const name = await create(hub, ref, token);
  const remove = (): void => {
    const url = hub.serverUrl(ref, `api/terminals/${encodeURIComponent(name)}`);
    ask(url, { method: "DELETE", token }).catch(() => {});
  };
  try {
    const url = hub.serverUrl(ref, `terminals/websocket/${encodeURIComponent(name)}`);
    const headers = { authorization: `token ${token}` };
    return over(await WebSocketClient.connect(url, { ...options, headers }), remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function over(socket: WebSocketClient, remove: () => void): Terminal {
  const terminal: Terminal = {
    onOutput: () => {},
    onClose: () => {},
    write: (text) => socket.send(JSON.stringify(["stdin", text])),
    resize: (rows, columns) => socket.send(JSON.stringify(["set_size", rows, columns, 0, 0])),
    close: () => {
      remove();
      socket.close();
    },
  };
  socket.onText = (text) => {
    const [kind, content] = messageOf(text);
    if (kind === "stdout" && typeof content === "string") terminal.onOutput(content);
    // What ran in it has ended; the server closes the websocket next.
    else if (kind === "disconnect") socket.close();
  };
  socket.onClose = (reason) => terminal.onClose(reason);
  return terminal;
}

function messageOf(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
