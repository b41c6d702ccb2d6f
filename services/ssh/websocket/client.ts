import { createHash, randomBytes } from "node:crypto";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { encodeFrame, MessageReader, opcodes } from "./frames.ts";

export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** For the answer to the request to upgrade. */
  readonly timeoutMs?: number;
  /** Longest message that is read. */
  readonly maxMessageBytes?: number;
  /** Between pings; a peer that answers none of two is gone. */
  readonly pingMs?: number;
}

/** The server did not agree to a websocket. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the server answered ${status} in place of a websocket`);
    this.status = status;
  }
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MISSED_PINGS = 2;

/** A client of one websocket that takes text messages. Redirects and extensions are not followed. */
export class WebSocketClient {
  /** Replaced by who uses it. */
  onText: (text: string) => void = () => {};
  /** Called once, with the reason where it was not a normal end. */
  onClose: (reason?: string) => void = () => {};
  readonly #socket: Duplex;
  readonly #reader: MessageReader;
  readonly #timer: NodeJS.Timeout;
  #unanswered = 0;
  #isClosed = false;

  private constructor(socket: Duplex, { maxMessageBytes = 1 << 20, pingMs = 30_000 }: WebSocketOptions) {
    this.#socket = socket;
    this.#reader = new MessageReader(maxMessageBytes);
    this.#timer = setInterval(() => this.#ping(), pingMs);
    // Who awaited the connection listens by then; messages that came with the server's answer are not lost.
    socket.pause().on("data", (bytes: Buffer) => this.#receive(bytes));
    setImmediate(() => socket.resume());
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end("the connection was lost"));
  }

  /** @throws UpgradeRefused, or Error when there is no connection in time */
  static connect(url: URL, options: WebSocketOptions = {}): Promise<WebSocketClient> {
    return new Promise((resolve, reject) => {
      const request = upgradeRequest(url, options);
      const key = String(request.getHeader("sec-websocket-key"));
      const refuse = (error: Error): void => {
        request.destroy();
        reject(error);
      };
      request.setTimeout(options.timeoutMs ?? 15_000, () => refuse(new Error("no answer in time")));
      request.on("error", reject);
      request.on("response", ({ statusCode = 0 }: IncomingMessage) => refuse(new UpgradeRefused(statusCode)));
      request.on("upgrade", (response, socket, first) => {
        if (response.headers["sec-websocket-accept"] !== acceptOf(key)) {
          socket.destroy();
          reject(new Error("the server answered another request for a websocket"));
          return;
        }
        socket.setTimeout(0);
        socket.setNoDelay(true);
        const client = new WebSocketClient(socket, options);
        if (first.length > 0) socket.unshift(first);
        resolve(client);
      });
      request.end();
    });
  }

  send(text: string): void {
    if (!this.#isClosed) this.#socket.write(encodeFrame(opcodes.text, Buffer.from(text)));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#socket.end(encodeFrame(opcodes.close, Buffer.from([0x03, 0xe8])));
    this.#end();
  }

  #ping(): void {
    if (++this.#unanswered > MISSED_PINGS) this.#end("the server does not answer");
    else this.#socket.write(encodeFrame(opcodes.ping, Buffer.alloc(0)));
  }

  #receive(bytes: Buffer): void {
    this.#unanswered = 0;
    try {
      for (const { opcode, payload } of this.#reader.push(bytes)) {
        if (opcode === opcodes.text) this.onText(payload.toString("utf8"));
        else if (opcode === opcodes.ping) this.#socket.write(encodeFrame(opcodes.pong, payload));
        else if (opcode === opcodes.close) this.close();
      }
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #end(reason?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    if (reason !== undefined) this.#socket.destroy();
    this.onClose(reason);
  }
}

const acceptOf = (key: string): string =>
  createHash("sha1")
    .update(key + GUID)
    .digest("base64");

function upgradeRequest(url: URL, { headers = {} }: WebSocketOptions): ClientRequest {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return request(url, {
    agent: false,
    headers: {
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    },
  });
}
