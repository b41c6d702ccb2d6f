"""An SFTP server, version 3 with OpenSSH's extensions, on standard input and output, as the user that runs it."""

import errno
import os
import stat
import struct
import sys
import time

(INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT) = range(1, 11)
(OPENDIR, READDIR, REMOVE, MKDIR, RMDIR) = range(11, 16)
(REALPATH, STAT, RENAME, READLINK, SYMLINK) = range(16, 21)
(STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED, EXTENDED_REPLY) = (101, 102, 103, 104, 105, 200, 201)
(OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE, UNSUPPORTED) = (0, 1, 2, 3, 4, 5, 8)
LONGEST = 261120
ENTRIES = 100
EXTENSIONS = [
    (b"posix-rename@openssh.com", b"1"),
    (b"statvfs@openssh.com", b"2"),
    (b"fstatvfs@openssh.com", b"2"),
    (b"hardlink@openssh.com", b"1"),
    (b"fsync@openssh.com", b"1"),
    (b"limits@openssh.com", b"1"),
]

handles = {}
next_handle = 0


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def string(data):
    return struct.pack(">I", len(data)) + data


class Message:
    """Reads the fields of a request."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Refused(BAD_MESSAGE, "a request that ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        return self.take(self.u32())

    def path(self):
        return self.string() or b"."

    def attributes(self):
        flags = self.u32()
        found = {}
        if flags & 1:
            found["size"] = self.u64()
        if flags & 2:
            found["owner"] = (self.u32(), self.u32())
        if flags & 4:
            found["mode"] = self.u32() & 0o7777
        if flags & 8:
            found["times"] = (self.u32(), self.u32())
        if flags & 0x80000000:
            for _ in range(self.u32()):
                self.string(), self.string()
        return found


def attributes_of(info):
    times = (int(info.st_atime) & 0xFFFFFFFF, int(info.st_mtime) & 0xFFFFFFFF)
    return struct.pack(">IQIIIII", 15, info.st_size, info.st_uid, info.st_gid, info.st_mode, *times)


def set_attributes(target, wanted):
    """Target is a path or a descriptor, which Python takes alike."""
    if "size" in wanted:
        os.truncate(target, wanted["size"])
    if "mode" in wanted:
        os.chmod(target, wanted["mode"])
    if "times" in wanted:
        os.utime(target, wanted["times"])
    if "owner" in wanted:
        os.chown(target, *wanted["owner"])


def new_handle(value):
    global next_handle
    if len(handles) >= 256:
        raise Refused(FAILURE, "too many open files")
    next_handle += 1
    name = b"%d" % next_handle
    handles[name] = value
    return HANDLE, string(name)


def handle_of(message, kind):
    found = handles.get(message.string())
    if not isinstance(found, kind):
        raise Refused(FAILURE, "no such handle")
    return found


def open_file(m):
    path, wanted, attributes = m.path(), m.u32(), m.attributes()
    flags = {1: os.O_RDONLY, 2: os.O_WRONLY, 3: os.O_RDWR}.get(wanted & 3, os.O_RDONLY)
    for bit, flag in ((4, os.O_APPEND), (8, os.O_CREAT), (16, os.O_TRUNC), (32, os.O_EXCL)):
        if wanted & bit:
            flags |= flag
    # A pipe in the way would stop every later request.
    return new_handle(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, attributes.get("mode", 0o666)))


def close(m):
    name = m.string()
    found = handles.pop(name, None)
    if found is None:
        raise Refused(FAILURE, "no such handle")
    os.close(found) if isinstance(found, int) else found.close()


def read(m):
    fd, offset, count = handle_of(m, int), m.u64(), m.u32()
    data = os.pread(fd, min(count, LONGEST), offset)
    if not data and count:
        raise Refused(EOF, "end of file")
    return DATA, string(data)


def write(m):
    fd, offset, data = handle_of(m, int), m.u64(), m.string()
    while data:
        count = os.pwrite(fd, data, offset)
        data, offset = data[count:], offset + count


class Listing:
    def __init__(self, path):
        self.path = path
        self.names = iter([b".", b"..", *sorted(os.listdir(path))])

    def close(self):
        self.names = iter(())


def long_name(name, info):
    is_recent = abs(time.time() - info.st_mtime) < 180 * 86400
    day = time.strftime("%b %e %H:%M" if is_recent else "%b %e  %Y", time.localtime(info.st_mtime))
    words = (stat.filemode(info.st_mode), info.st_nlink, info.st_uid, info.st_gid, info.st_size, day)
    return ("%s %4d %-8d %-8d %8d %s " % words).encode() + name


def entry(name, info):
    return string(name) + string(long_name(name, info)) + attributes_of(info)


def read_listing(m):
    listing = handle_of(m, Listing)
    entries = []
    for name in listing.names:
        try:
            entries.append(entry(name, os.lstat(os.path.join(listing.path, name))))
        except OSError:  # removed meanwhile
            continue
        if len(entries) == ENTRIES:
            break
    if not entries:
        raise Refused(EOF, "end of listing")
    return NAME, struct.pack(">I", len(entries)) + b"".join(entries)


def one_name(path):
    return NAME, struct.pack(">I", 1) + string(path) + string(path) + struct.pack(">I", 0)


def make_folder(m):
    path, attributes = m.path(), m.attributes()
    os.mkdir(path, attributes.get("mode", 0o777))


def rename(m):
    old, new = m.path(), m.path()
    # Version 3 refuses a name that is taken; a link cannot replace it either.
    if os.path.lexists(new):
        raise Refused(FAILURE, "the new name is taken")
    os.rename(old, new)


def symlink(m):
    # OpenSSH sends the two in this order, against the draft.
    target, link = m.path(), m.path()
    os.symlink(target, link)


def filesystem(info):
    blocks = (info.f_bsize, info.f_frsize, info.f_blocks, info.f_bfree, info.f_bavail)
    files = (info.f_files, info.f_ffree, info.f_favail)
    rest = (info.f_fsid & (2**64 - 1), info.f_flag & 3, info.f_namemax)
    return EXTENDED_REPLY, struct.pack(">11Q", *blocks, *files, *rest)


def extended(m):
    name = m.string()
    if name == b"posix-rename@openssh.com":
        os.rename(m.path(), m.path())
    elif name == b"hardlink@openssh.com":
        os.link(m.path(), m.path())
    elif name == b"fsync@openssh.com":
        os.fsync(handle_of(m, int))
    elif name == b"statvfs@openssh.com":
        return filesystem(os.statvfs(m.path()))
    elif name == b"fstatvfs@openssh.com":
        return filesystem(os.fstatvfs(handle_of(m, int)))
    elif name == b"limits@openssh.com":
        return EXTENDED_REPLY, struct.pack(">4Q", LONGEST + 1024, LONGEST, LONGEST, 256)
    else:
        raise Refused(UNSUPPORTED, "not supported")
    return None


requests = {
    OPEN: open_file,
    CLOSE: close,
    READ: read,
    WRITE: write,
    LSTAT: lambda m: (ATTRS, attributes_of(os.lstat(m.path()))),
    FSTAT: lambda m: (ATTRS, attributes_of(os.fstat(handle_of(m, int)))),
    STAT: lambda m: (ATTRS, attributes_of(os.stat(m.path()))),
    SETSTAT: lambda m: set_attributes(m.path(), m.attributes()),
    FSETSTAT: lambda m: set_attributes(handle_of(m, int), m.attributes()),
    OPENDIR: lambda m: new_handle(Listing(m.path())),
    READDIR: read_listing,
    REMOVE: lambda m: os.unlink(m.path()),
    MKDIR: make_folder,
    RMDIR: lambda m: os.rmdir(m.path()),
    REALPATH: lambda m: one_name(os.path.realpath(m.path())),
    RENAME: rename,
    READLINK: lambda m: one_name(os.readlink(m.path())),
    SYMLINK: symlink,
    EXTENDED: extended,
}


def status(code, text):
    return STATUS, struct.pack(">I", code) + string(text.encode("utf-8", "replace")) + string(b"en")


codes = {
    errno.ENOENT: NO_SUCH_FILE,
    errno.ENOTDIR: NO_SUCH_FILE,
    errno.EACCES: PERMISSION_DENIED,
    errno.EPERM: PERMISSION_DENIED,
}


def answer(kind, message):
    try:
        if kind not in requests:
            raise Refused(UNSUPPORTED, "not supported")
        return requests[kind](message) or status(OK, "Success")
    except Refused as refused:
        return status(refused.code, str(refused))
    except OSError as error:
        return status(codes.get(error.errno, FAILURE), os.strerror(error.errno or errno.EIO))
    except (ValueError, OverflowError) as error:
        return status(FAILURE, str(error))


def reply(output, kind, payload):
    output.write(struct.pack(">IB", len(payload) + 1, kind) + payload)


def main():
    source, output = sys.stdin.buffer, sys.stdout.buffer
    while True:
        head = source.read(4)
        if len(head) < 4:
            return
        (size,) = struct.unpack(">I", head)
        if not 1 <= size <= LONGEST + 2048:
            return
        data = source.read(size)
        if len(data) < size:
            return
        message = Message(data[1:])
        if data[0] == INIT:
            reply(output, VERSION, struct.pack(">I", 3) + b"".join(string(a) + string(b) for a, b in EXTENSIONS))
        else:
            number = message.take(4)
            kind, payload = answer(data[0], message)
            reply(output, kind, number + payload)
        output.flush()


main()
