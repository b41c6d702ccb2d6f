import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

/** Where a contestant listens, and what proves that it is the one. */
export interface Address {
  readonly port: number;
  readonly ca: string;
}

/** The bytes of one HTTP request, made before the clock runs. */
export function requestBytes(path: string, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** An answer as it came. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Reads answers that say their length, one after the other. */
class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** The answer, where these bytes end it. */
  take(bytes: Buffer): Reply | undefined {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const head = this.#bytes.toString("latin1", 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without a content-length: ${head}`);
    const from = end + 4;
    const to = from + Number(length);
    if (this.#bytes.length < to) return undefined;
    const body = this.#bytes.toString("utf8", from, to);
    this.#bytes = Buffer.alloc(0);
    return { status: Number(head.slice(9, 12)), body };
  }
}

/** One connection that is kept; one call at a time, as the API server uses it. */
class Connection {
  readonly #socket: TLSSocket;
  readonly #reader = new ReplyReader();
  #answered: ((reply: Reply) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      const reply = this.#reader.take(bytes);
      if (reply) this.#answered?.(reply);
    });
    socket.on("error", (error) => this.#failed?.(error));
    socket.on("close", () => this.#failed?.(new Error("the server closed the connection")));
  }

  static async open({ port, ca }: Address): Promise<Connection> {
    const socket = connect({ port, host: "127.0.0.1", ca, servername: "localhost", ALPNProtocols: ["http/1.1"] });
    await once(socket, "secureConnect");
    return new Connection(socket);
  }

  call(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }
}

/** Calls over a fixed number of connections; keeps the time of each. */
export class Caller {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async open(address: Address, connections: number): Promise<Caller> {
    return new Caller(await Promise.all(Array.from({ length: connections }, () => Connection.open(address))));
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Each request once, on one connection. */
  async each(requests: readonly Buffer[]): Promise<readonly Reply[]> {
    const [first] = this.#connections;
    const replies: Reply[] = [];
    for (const request of requests) if (first) replies.push(await first.call(request));
    return replies;
  }

  /** Closed loop: every connection calls as soon as it was answered. @returns milliseconds of each call */
  async closed(requests: readonly Buffer[], calls: number): Promise<readonly number[]> {
    const times: number[] = [];
    let next = 0;
    const work = async (connection: Connection): Promise<void> => {
      while (next < calls) {
        const request = requests[next++ % requests.length];
        if (!request) return;
        const started = performance.now();
        await connection.call(request);
        times.push(performance.now() - started);
      }
    };
    await Promise.all(this.#connections.map(work));
    return times;
  }

  /**
   * Open loop: calls are due at a fixed rate whether or not others are answered, and each is measured from the moment at
   * which it was due, so that waiting for a connection counts.
   */
  async open(requests: readonly Buffer[], perSecond: number, seconds: number): Promise<readonly number[]> {
    const calls = Math.round(perSecond * seconds);
    const idle = [...this.#connections];
    const times: number[] = [];
    const began = performance.now();
    const dueAt = (i: number): number => began + (i * 1000) / perSecond;
    let next = 0;
    await new Promise<void>((resolve, reject) => {
      const send = (connection: Connection, request: Buffer, due: number): void => {
        connection.call(request).then(() => {
          times.push(performance.now() - due);
          idle.push(connection);
          if (times.length === calls) resolve();
        }, reject);
      };
      const tick = (): void => {
        for (let now = performance.now(); next < calls && dueAt(next) <= now; next++) {
          const request = requests[next % requests.length];
          const connection = idle.pop();
          if (!connection || !request) break;
          send(connection, request, dueAt(next));
        }
        if (next < calls) setImmediate(tick);
      };
      tick();
    });
    return times;
  }
}
