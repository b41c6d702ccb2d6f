"""Serves the streams of one SSH connection inside a notebook server, over the terminal that it was started in.

Every line is one frame in base64: kind (1 byte), stream (4), payload, CRC-32 of all that (4). Needs Python 3.8 and
nothing beside its standard library. `SFTP_SOURCE` and `IDLE_SECONDS` are put before this text.
"""

import base64
import collections
import errno
import fcntl
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import zlib

WINDOW = 262144  # bytes that may be under way in one direction of one stream
CHUNK = 24576
LONGEST_LINE = 1 << 20
LOOPBACK = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]

selector = selectors.DefaultSelector()
streams = {}


def send(kind, stream, payload=b""):
    body = struct.pack(">BI", ord(kind), stream) + payload
    line = base64.b64encode(body + struct.pack(">I", zlib.crc32(body))) + b"\n"
    while line:
        line = line[os.write(1, line) :]


def send_json(kind, stream, value):
    send(kind, stream, json.dumps(value).encode())


class Stream:
    """What is common to processes and connections: bytes in both directions, each within its window."""

    def __init__(self, number):
        self.number = number
        self.credit = WINDOW
        self.outputs = {}  # readable descriptor -> kind of frame
        self.input = None  # writable descriptor
        self.pending = collections.deque()
        self.input_ends = False
        self.consumed = 0

    def add_output(self, fd, kind):
        self.outputs[fd] = kind
        selector.register(fd, selectors.EVENT_READ, self.readable)

    def pause(self, paused):
        for fd in self.outputs:
            if paused:
                selector.unregister(fd)
            else:
                selector.register(fd, selectors.EVENT_READ, self.readable)

    def readable(self, fd, _mask):
        # Another descriptor of this stream may have used up the credit in the same round.
        if fd not in self.outputs or self.credit <= 0:
            return
        try:
            data = os.read(fd, min(CHUNK, self.credit))
        except BlockingIOError:
            return
        except OSError:  # a pseudo-terminal that nobody has open any more, or a connection that was reset
            data = b""
        if not data:
            self.drop_output(fd)
            return
        self.credit -= len(data)
        send(self.outputs[fd], self.number, data)
        if self.credit <= 0:
            self.pause(True)

    def drop_output(self, fd):
        if self.credit > 0:
            selector.unregister(fd)
        del self.outputs[fd]
        self.output_ended(fd)

    def grant(self, amount):
        was_paused = self.credit <= 0
        self.credit += amount
        if was_paused and self.credit > 0:
            self.pause(False)

    def write(self, data):
        self.pending.append(data)
        self.flush()

    def end_input(self):
        self.input_ends = True
        self.flush()

    def flush(self, _fd=None, _mask=None):
        while self.pending:
            data = self.pending[0]
            try:
                count = len(data) if self.input is None else os.write(self.input, data)
            except BlockingIOError:
                break
            except OSError:  # nobody reads it any more
                count = len(data)
                self.drop_input()
            self.consumed += count
            self.pending.popleft()
            if count < len(data):
                self.pending.appendleft(data[count:])
        if self.consumed >= WINDOW // 4 or (self.consumed and not self.pending):
            send("W", self.number, struct.pack(">I", self.consumed))
            self.consumed = 0
        self.watch_input(bool(self.pending))
        if self.input_ends and not self.pending:
            self.close_input()

    def watch_input(self, wanted):
        if self.input is None:
            return
        known = self.input in selector.get_map()
        if wanted and not known:
            selector.register(self.input, selectors.EVENT_WRITE, self.flush)
        elif known and not wanted:
            selector.unregister(self.input)

    def drop_input(self):
        self.watch_input(False)
        if self.input is not None:
            os.close(self.input)
            self.input = None

    def finish(self):
        """Forgets the stream; what it had open is closed."""
        streams.pop(self.number, None)
        self.drop_input()
        for fd in list(self.outputs):
            if self.credit > 0:
                selector.unregister(fd)
            os.close(fd)
        self.outputs = {}


class Process(Stream):
    def __init__(self, number, spec):
        super().__init__(number)
        self.has_terminal = "pty" in spec
        self.has_exited = False
        arguments, executable = command_of(spec)
        options = {"executable": executable, "env": environment_of(spec), "cwd": home(), "start_new_session": True}
        if self.has_terminal:
            self.start_in_terminal(arguments, options, spec["pty"])
        else:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, **options)
            self.input = os.dup(self.process.stdin.fileno())
            self.process.stdin.close()
            for file, kind in ((self.process.stdout, "D"), (self.process.stderr, "E")):
                self.add_output(os.dup(file.fileno()), kind)
                file.close()
        os.set_blocking(self.input, False)

    def start_in_terminal(self, arguments, options, size):
        main, terminal = os.openpty()
        self.main = main
        self.resize(size)
        settings = termios.tcgetattr(terminal)
        settings[0] |= getattr(termios, "IUTF8", 0o40000)
        termios.tcsetattr(terminal, termios.TCSANOW, settings)
        options["env"].update(TERM=size.get("term") or "xterm", SSH_TTY=os.ttyname(terminal))
        control = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # noqa: E731
        try:
            self.process = subprocess.Popen(
                arguments, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=control, **options
            )
        except BaseException:
            os.close(main)
            raise
        finally:
            os.close(terminal)
        self.input = os.dup(main)
        self.add_output(main, "D")

    def resize(self, size):
        if self.has_terminal and (not hasattr(self, "process") or self.main in self.outputs):
            shape = struct.pack("HHHH", size.get("rows", 24), size.get("cols", 80), 0, 0)
            fcntl.ioctl(self.main, termios.TIOCSWINSZ, shape)

    def signal(self, name):
        number = getattr(signal, "SIG" + name, None)
        if number is not None and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except OSError:
                pass

    def close_input(self):
        # A terminal has no end of its own; the client sends the character that means it.
        if not self.has_terminal:
            self.drop_input()

    def output_ended(self, fd):
        os.close(fd)
        self.check_exit()

    def check_exit(self):
        if self.process.poll() is None:
            return
        if self.has_terminal and not self.has_exited:
            self.has_exited = True
            self.drain()
        if self.outputs or self.number not in streams:
            return
        code = self.process.returncode
        status = {"code": code} if code >= 0 else {"signal": signal.Signals(-code).name[3:]}
        send_json("X", self.number, status)
        self.finish()

    def drain(self):
        """What the program printed last; processes that it left behind may keep its terminal open."""
        if self.main not in self.outputs:
            return
        os.set_blocking(self.main, False)
        if self.credit <= 0:
            self.pause(False)
        self.credit = max(self.credit, WINDOW)
        for _ in range(WINDOW // CHUNK):
            if self.main in self.outputs:
                self.readable(self.main, None)
        if self.main in self.outputs:
            selector.unregister(self.main)
            del self.outputs[self.main]
            os.close(self.main)


class Connection(Stream):
    """A connection to a port of this pod."""

    def __init__(self, number, spec):
        super().__init__(number)
        self.port = spec["port"]
        self.addresses = list(LOOPBACK)
        self.socket = None
        self.is_connecting = False
        self.connect(errno.ECONNREFUSED)

    def connect(self, error):
        if not self.addresses:
            streams.pop(self.number, None)
            send_json("R", self.number, {"reason": "port %d: %s" % (self.port, os.strerror(error).lower())})
            return
        family, address = self.addresses.pop(0)
        try:
            self.socket = socket.socket(family, socket.SOCK_STREAM)
        except OSError as failure:
            self.connect(failure.errno)
            return
        self.socket.setblocking(False)
        failed = self.socket.connect_ex((address, self.port))
        if failed not in (0, errno.EINPROGRESS):
            self.socket.close()
            self.connect(error if failed == errno.EADDRNOTAVAIL else failed)
            return
        self.is_connecting = True
        selector.register(self.socket, selectors.EVENT_WRITE, self.connected)

    def connected(self, _fd, _mask):
        self.is_connecting = False
        selector.unregister(self.socket)
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self.socket.close()
            self.connect(error)
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = os.dup(self.socket.fileno())
        self.add_output(os.dup(self.socket.fileno()), "D")
        send("O", self.number)
        self.flush()

    def close_input(self):
        if self.input is None:
            return
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.drop_input()

    def output_ended(self, fd):
        os.close(fd)
        send("F", self.number)

    def finish(self):
        if self.is_connecting:
            selector.unregister(self.socket)
        super().finish()
        if self.socket is not None:
            self.socket.close()


def home():
    folder = os.environ.get("HOME", "")
    return folder if os.path.isdir(folder) else None


def command_of(spec):
    """Arguments of a program, and its file where the first argument is not its name."""
    if spec["kind"] == "sftp":
        return [sys.executable, "-ISc", SFTP_SOURCE], None  # noqa: F821
    shell = os.environ.get("SHELL") or "/bin/sh"
    if spec.get("command") is None:
        return ["-" + os.path.basename(shell)], shell
    return [shell, "-c", spec["command"]], None


def environment_of(spec):
    return {**os.environ, **spec.get("env", {})}


def open_stream(number, spec):
    try:
        if spec["kind"] == "tcp":
            stream = Connection(number, spec)
            if stream.is_connecting:
                streams[number] = stream
            return
        streams[number] = Process(number, spec)
        send("O", number)
        streams[number].check_exit()
    except (OSError, subprocess.SubprocessError) as error:
        send_json("R", number, {"reason": str(error)})


def receive(kind, number, payload):
    if kind == "N":
        open_stream(number, json.loads(payload.decode()))
        return
    stream = streams.get(number)
    if stream is None:  # it ended here while this was under way
        return
    if kind == "D":
        stream.write(payload)
    elif kind == "F":
        stream.end_input()
    elif kind == "W":
        stream.grant(struct.unpack(">I", payload)[0])
    elif kind == "C":
        stream.finish()
    elif kind == "S" and isinstance(stream, Process):
        stream.signal(payload.decode())
    elif kind == "Z" and isinstance(stream, Process):
        stream.resize(json.loads(payload.decode()))


def frame_of(line):
    body = base64.b64decode(line, validate=True)
    content, check = body[:-4], body[-4:]
    if len(body) < 9 or struct.pack(">I", zlib.crc32(content)) != check:
        raise ValueError("a damaged frame")
    kind, number = struct.unpack(">BI", content[:5])
    return chr(kind), number, content[5:]


def reap(fd, _mask):
    os.read(fd, 4096)
    for stream in list(streams.values()):
        if isinstance(stream, Process):
            stream.check_exit()


def watch_children():
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    selector.register(readable, selectors.EVENT_READ, reap)


def main():
    rest = b""
    last = time.monotonic()

    def lines(_fd, _mask):
        nonlocal rest, last
        data = os.read(0, 65536)
        last = time.monotonic()
        *complete, rest = (rest + data).split(b"\n")
        if not data or len(rest) > LONGEST_LINE:
            sys.exit(1)
        for line in complete:
            receive(*frame_of(line))

    # It lives on only while somebody uses it; a gateway that died cannot say so.
    limit = IDLE_SECONDS or None  # noqa: F821
    selector.register(0, selectors.EVENT_READ, lines)
    watch_children()
    send_json("H", 0, {"python": "%d.%d.%d" % sys.version_info[:3], "window": WINDOW})
    while limit is None or time.monotonic() - last < limit:
        for key, mask in selector.select(limit and max(1, limit - (time.monotonic() - last))):
            # A callback before this one may have closed the descriptor, and opened another with its number.
            if selector.get_map().get(key.fd) == key:
                key.data(key.fd, mask)
                if key.fd != 0:
                    last = time.monotonic()


main()
