import type { PseudoTtyInfo, ServerChannel, Session } from "ssh2";
import { reasonOf } from "../../lib/log.ts";
import type { AgentStream, StreamSpec, TerminalSize } from "../agent/stream.ts";
import { ChannelWriter } from "./channel-writer.ts";
import { type RelayEnd, relayProgram } from "./relay.ts";
import { relayTerminal } from "./relay-terminal.ts";
import type { UserConnection } from "./user-connection.ts";

type Kind = "shell" | "exec" | "sftp";

/** What a client said before it started something. */
interface Prepared {
  readonly env: Record<string, string>;
  pty: (TerminalSize & { readonly term: string }) | undefined;
  /** Where later sizes and signals go. */
  target: Pick<AgentStream, "resize" | "signal"> | undefined;
}

/** As sysexits.h has them. */
const UNAVAILABLE = 69;
/** OpenSSH's own code for a connection that failed. */
const LOST = 255;
const MAX_ENV = 64;
const MAX_ENV_LENGTH = 4_096;
const MAX_SIDE = 4_096;

const side = (value: number, fallback: number): number => (value > 0 ? Math.min(value, MAX_SIDE) : fallback);

/** Clients without a terminal of their own give 0 by 0. */
const sizeOf = ({ rows, cols }: Pick<PseudoTtyInfo, "rows" | "cols">): TerminalSize => ({
  rows: side(rows, 24),
  cols: side(cols, 80),
});

function prepare(session: Session): Prepared {
  const prepared: Prepared = { env: {}, pty: undefined, target: undefined };
  session.on("env", (accept, reject, { key, val }) => {
    const isUsable = /^[A-Za-z_]\w*$/.test(key) && val.length <= MAX_ENV_LENGTH && !val.includes("\0");
    if (!isUsable || Object.keys(prepared.env).length >= MAX_ENV) return reject?.();
    prepared.env[key] = val;
    return accept?.();
  });
  session.on("pty", (accept, _reject, info) => {
    const term = /^[\w.+-]{1,64}$/.test(info.term) ? info.term : "xterm";
    prepared.pty = { ...sizeOf(info), term };
    accept?.();
  });
  session.on("window-change", (accept, _reject, info) => {
    const size = sizeOf(info);
    if (prepared.pty) prepared.pty = { ...prepared.pty, ...size };
    prepared.target?.resize(size);
    accept?.();
  });
  session.on("signal", (accept, _reject, { name }) => {
    prepared.target?.signal(name.replace(/^SIG/, ""));
    accept?.();
  });
  return prepared;
}

function specOf(kind: Kind, command: string | null, { pty, env }: Prepared, from: string): StreamSpec {
  if (kind === "sftp") return { kind };
  const own = { ...env, SSH_CONNECTION: `${from} 0 127.0.0.1 22`, SSH_CLIENT: `${from} 0 22` };
  return { kind: "exec", command, env: own, ...(pty ? { pty } : {}) };
}

/** Serves one session of a client: a shell, a command or SFTP, in the user's notebook server. */
class SessionService {
  readonly #connection: UserConnection;
  readonly #prepared: Prepared;
  readonly #channel: ServerChannel;
  readonly #writer: ChannelWriter;
  readonly #kind: Kind;

  constructor(connection: UserConnection, prepared: Prepared, channel: ServerChannel, kind: Kind) {
    this.#connection = connection;
    this.#prepared = prepared;
    this.#channel = channel;
    this.#kind = kind;
    this.#writer = new ChannelWriter(channel, connection.socket);
  }

  async serve(command: string | null): Promise<void> {
    const audit = this.#connection.begin(this.#kind, (reason) => this.#tell(reason));
    const closed = new Promise<RelayEnd>((resolve) => this.#channel.once("close", () => resolve({ closed: true })));
    try {
      audit.end(await Promise.race([closed, this.#run(command)]));
    } catch (error) {
      audit.end({ lost: reasonOf(error) });
      this.#fail(reasonOf(error), LOST);
    }
  }

  async #run(command: string | null): Promise<RelayEnd> {
    const result = await this.#connection.link.get((message) => this.#tell(message));
    if (!result.ok) return result.shellOnly ? this.#withoutAgent(result.reason) : this.#refuse(result.reason);
    const spec = specOf(this.#kind, command, this.#prepared, this.#connection.from.shown);
    const opened = await result.link.open(spec);
    if (!opened.ok) return this.#refuse(opened.reason);
    const { stream } = opened;
    // The client went away meanwhile.
    if (!this.#channel.writable) {
      stream.close();
      return { closed: true };
    }
    this.#prepared.target = stream;
    if (this.#prepared.pty) stream.resize(this.#prepared.pty);
    const end = await relayProgram({ ...this.#ends, stream });
    if ("lost" in end) this.#fail(`the notebook server went away: ${end.lost}`, LOST);
    return end;
  }

  get #ends() {
    const onActivity = (): void => this.#connection.touch();
    return { channel: this.#channel, writer: this.#writer, onActivity };
  }

  /** Jupyter's own terminal is a shell still. */
  async #withoutAgent(reason: string): Promise<RelayEnd> {
    const { pty } = this.#prepared;
    if (this.#kind !== "shell" || pty === undefined) {
      return this.#refuse(
        `commands, files and ports need Python 3 in the notebook's image, and a shell alone does not: ${reason}`,
      );
    }
    this.#tell(`Only a shell works here: ${reason}.`);
    const terminal = await this.#connection.link.terminal();
    terminal.resize(pty.rows, pty.cols);
    this.#prepared.target = { resize: ({ rows, cols }) => terminal.resize(rows, cols), signal: () => {} };
    return relayTerminal(terminal, this.#ends);
  }

  #refuse(reason: string): RelayEnd {
    this.#fail(reason, UNAVAILABLE);
    return { lost: reason };
  }

  #tell(text: string): void {
    // Without a terminal, standard output belongs to the program.
    void (this.#prepared.pty ? this.#writer.write(`${text}\r\n`) : this.#writer.write(`${text}\n`, true));
  }

  #fail(reason: string, code: number): void {
    this.#tell(`carrel: ${reason}`);
    void this.#writer.written().then(() => {
      this.#channel.exit(code);
      this.#channel.end();
    });
  }
}

/** Answers what a client asks of a session. */
export function serveSession(connection: UserConnection, session: Session): void {
  const prepared = prepare(session);
  const start = (channel: ServerChannel, kind: Kind, command: string | null): void => {
    channel.on("error", () => {});
    void new SessionService(connection, prepared, channel, kind).serve(command);
  };
  session.on("shell", (accept) => start(accept(), "shell", null));
  session.on("exec", (accept, _reject, { command }) => start(accept(), "exec", command));
  session.on("subsystem", (accept, reject, { name }) => {
    if (name === "sftp") start(accept(), "sftp", null);
    else reject();
  });
}
