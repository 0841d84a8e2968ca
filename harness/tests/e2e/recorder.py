"""`mcreplay record` as a process: started, known to listen, ended; and plain clients of it."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess

import tool
import wire

READY = re.compile(r"^recording to .+: listening at (\S+), before \S+; Ctrl-C ends it$")


class Recorder:
    def __init__(self, process):
        self.process = process
        line = process.stdout.readline().decode().rstrip("\n")
        said = READY.match(line)
        assert said, f"{line}\n{process.communicate()[1].decode()}"
        self.address = said[1]

    def end(self, number=signal.SIGINT):
        """Sends the signal, when it has not ended of itself, and waits for its end."""
        if number:
            os.kill(self.process.pid, number)
        return tool.finish(self.process)


@contextlib.contextmanager
def recording(out, *args, listen="tcp:127.0.0.1:0", command=None):
    """A recorder that listens; killed at the end of the block when it still runs."""
    argv = ["record", "--listen", listen, "-o", out, *args]
    if command:
        process = subprocess.Popen([*command, tool.MCREPLAY, *map(str, argv)], cwd=tool.ROOT,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
    else:
        process = tool.start(*argv)
    try:
        yield Recorder(process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def connect(address):
    """A client's socket."""
    transport, _, place = address.partition(":")
    if transport == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        sock.connect(place)
        return sock
    host, _, port = place.rpartition(":")
    sock = socket.create_connection((host, int(port)), timeout=60)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if transport == "tls":
        context = ssl.create_default_context(cafile=built("ca.pem"))
        sock = context.wrap_socket(sock, server_hostname=host)
    return sock


def built(name):
    return tool.MCREPLAY.parents[1] / "tls" / name


class Client:
    """Speaks in frames."""

    def __init__(self, address):
        self.sock, self.data = connect(address), bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, opcode, **fields):
        self.sock.sendall(wire.request(opcode, **fields))

    def receive(self):
        while (frame := wire.take(self.data)) is None:
            more = self.sock.recv(1 << 16)
            assert more, "the stream has ended"
            self.data += more
        return frame

    def ask(self, opcode, **fields):
        self.send(opcode, **fields)
        return self.receive()


def dissected(capture, *fields):
    """Fields of the frames that Wireshark's dissector of the protocol finds in a capture, by frame
    of the capture: a list of values for each field."""
    argv = ["tshark", "-r", str(capture), "-Y", "couchbase", "-o", "tcp.check_checksum:TRUE",
            "-T", "fields", "-E", "occurrence=a", *(w for f in fields for w in ("-e", f))]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=tool.PATIENCE)
    assert done.returncode == 0 or "cut short in the middle of a packet" in done.stderr, done.stderr
    return [[cell.split(",") for cell in line.split("\t")] for line in done.stdout.splitlines()]
