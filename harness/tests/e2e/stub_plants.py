"""The misbehaviours that the stub server can be given, one class each.

A plant acts on its trigger, a request whose key ends in `plant`, and on nothing before it, so that
the driver's own probes find a sound server; those that concern the start, the stop or every request
say so. The defects that only some deliveries can show are in stub_delivery_plants.py.
"""

import os
import select
import signal
import sys
import time

import wire

TRIGGER = b"plant"


class Plant:
    """Does nothing wrong; the base of those that do."""

    def __init__(self, arg):
        self.arg = arg  # what stood behind `=`, or None

    def starting(self):
        """Before the server listens."""

    def listening(self):
        """When it does."""

    def reading(self, conn):
        """Before bytes are read; false when the connection is to be left alone."""
        return True

    def answer(self, conn, request, data):
        """The bytes to send instead of the right answer's."""
        return self.plant(conn, data) if request.key.endswith(TRIGGER) else data

    def plant(self, conn, data):
        """As answer, for the trigger only."""
        return data

    def sending(self, conn, data):
        """The bytes to put into the stream instead of those."""
        return data

    def waiting(self, conn):
        """When all whole requests have been answered."""

    def jammed(self, conn):
        """When the kernel has not taken all that was to be sent."""

    def ending(self, conn):
        """At the end of the client's stream, or after quit; false not to close."""
        return True

    def ended(self, conn):
        """When the connection has been closed."""

    def terminating(self):
        """On SIGTERM; only for plants that set `handles_term`."""

    handles_term = False

    def came(self, sock, wire):
        """When ciphertext has been taken in."""

    leaves_records = False  # one record is looked at when the socket becomes readable, and no other


class ExtraByte(Plant):
    def plant(self, conn, data):
        return data + b"\0"


class MissingByte(Plant):
    def plant(self, conn, data):
        return data[:-1]


class MissingFirstByte(Plant):
    def plant(self, conn, data):
        return data[1:]


class AnswerTwice(Plant):
    def plant(self, conn, data):
        return data + data


class NoAnswer(Plant):
    def plant(self, conn, data):
        return b""


class HeldBack(Plant):
    """The trigger's answer waits until the client sends more, as when a wake-up is lost."""

    held = b""

    def answer(self, conn, request, data):
        held, self.held = self.held, b""
        if request.key.endswith(TRIGGER):
            self.held = data
            return held
        return held + data


class Swapped(Plant):
    """The trigger's answer comes after the next one."""

    held = b""

    def answer(self, conn, request, data):
        if request.key.endswith(TRIGGER):
            self.held = data
            return b""
        held, self.held = self.held, b""
        return data + held


class EarlyClose(Plant):
    def plant(self, conn, data):
        conn.closing = True
        return data


class CloseInside(Plant):
    def plant(self, conn, data):
        conn.closing = True
        return data[:-3]


class NoClose(Plant):
    """Every connection stays open, after quit and after the end of the client's stream."""

    def ending(self, conn):
        return False


class Reset(Plant):
    """The trigger is left unread and the connection closed, which resets it."""

    def reading(self, conn):
        if TRIGGER in conn.received + conn.peek():
            conn.reset()
            return False
        return True


class Hang(Plant):
    """The process does nothing any more; SIGTERM still ends it."""

    def plant(self, conn, data):
        signal.pause()


class NeverReads(Plant):
    def plant(self, conn, data):
        conn.deaf = True
        return data


class SlowStart(Plant):
    """Listens late. A time is what this is about: nothing could be waited for instead."""

    def starting(self):
        select.select([], [], [], float(self.arg or 0.4))


class NeverReady(Plant):
    """Takes connections and answers none, from the start."""

    def reading(self, conn):
        conn.deaf = True
        return False


class WrongVersion(Plant):
    def answer(self, conn, request, data):
        if request.opcode == wire.VERSION:
            return wire.response(wire.VERSION, value=b"other-9.9", opaque=request.opaque)
        return data


class WrongProtocol(Plant):
    """Another program: a web server."""

    def sending(self, conn, data):
        return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


class ExitAtOnce(Plant):
    def starting(self):
        sys.stderr.write("stub: no such option\n")
        sys.exit(int(self.arg or 3))


class Crash(Plant):
    def plant(self, conn, data):
        os.abort()


class CrashAfterAnswer(Plant):
    def plant(self, conn, data):
        conn.sock.sendall(data)
        os.abort()


class ExitQuietly(Plant):
    """Ends with status 0 in the middle of a case, which nobody asked for."""

    def plant(self, conn, data):
        sys.exit(0)


class EndSlowly(Plant):
    """Lets go of its sockets, and ends a while later, as one does that dumps core."""

    def plant(self, conn, data):
        os.closerange(3, 256)
        time.sleep(0.6)  # no wait for an event: the while is what is planted
        os._exit(0)


class CrashBetween(Plant):
    """Sound for the whole case; crashes when the connection that brought the trigger is closed."""

    armed = None

    def plant(self, conn, data):
        self.armed = conn
        return data

    def ended(self, conn):
        if conn is self.armed:
            os.abort()


class CrashStopping(Plant):
    handles_term = True

    def terminating(self):
        os.abort()


class IgnoreTerm(Plant):
    handles_term = True


class DieAfter(Plant):
    """Ends with status 1 on the Nth request, whatever it is."""

    def answer(self, conn, request, data):
        self.arg = int(self.arg) - 1
        if self.arg == 0:
            sys.exit(1)
        return data


class StderrGarbage(Plant):
    """Every byte there is on both outputs, at the start and on the trigger; answers rightly."""

    garbage = bytes(range(256)) * 256

    def listening(self):
        for output in (1, 2):
            os.write(output, self.garbage)

    def plant(self, conn, data):
        self.listening()
        return data


class GarbageAndCrash(StderrGarbage):
    def plant(self, conn, data):
        self.listening()
        os.abort()


class EndlessLog(Plant):
    def plant(self, conn, data):
        while True:
            os.write(2, b"stub: the same line once more\n" * 1000)


class EndlessAnswers(Plant):
    """The trigger's answer twice and then again and again; for stat, statistics without their
    end."""

    def answer(self, conn, request, data):
        if request.opcode == wire.STAT:
            data = data[: -wire.HEADER.size]
        elif not request.key.endswith(TRIGGER):
            return data
        conn.refill = lambda: data * 100
        return data * 2


class EndlessValue(Plant):
    """An answer that announces 4 GiB and sends zeros for ever."""

    def plant(self, conn, data):
        conn.refill = lambda: bytes(65536)
        return data[:8] + b"\xff\xff\xff\xff" + data[12:]


class Drip(Plant):
    """An answer of a MiB that comes a byte at a time, so that there is always some progress."""

    def plant(self, conn, data):
        conn.sock.setblocking(True)
        size = 1 << 20
        try:
            for byte in data[:8] + size.to_bytes(4, "big") + data[12:24] + bytes(size):
                conn.sock.sendall(bytes([byte]))
                select.select([], [], [], 0.005)
        except ConnectionError:
            conn.closing = True
        return b""


class Gobble(Plant):
    """Asks for more memory for ever."""

    def plant(self, conn, data):
        hoard = []
        while True:
            hoard.append(bytearray(1 << 20))


class EndlessLogAtStart(EndlessLog):
    def starting(self):
        self.plant(None, None)


class HangIgnoringTerm(Plant):
    """Nothing moves it any more."""

    handles_term = True

    def plant(self, conn, data):
        while True:
            signal.pause()


class Offspring(Plant):
    """Starts a process in a session of its own, which ignores SIGTERM, beside the server."""

    def starting(self):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                signal.pause()


class Flip(Plant):
    """Flips one byte. A set whose key ends in `flip` has the value `N` or `N/XOR`: byte N of what
    follows its answer on that connection is xored, with 255 when not given."""

    def __init__(self, arg):
        super().__init__(arg)
        self.flips = {}  # connection -> place in its stream, xor

    def answer(self, conn, request, data):
        if request.opcode == wire.SET and request.key.endswith(b"flip"):
            place, _, xor = request.value.partition(b"/")
            self.flips[conn] = conn.sent + len(data) + int(place), int(xor or 255)
        return data

    def sending(self, conn, data):
        place, xor = self.flips.get(conn, (0, 0))
        at = place - conn.sent
        if xor and 0 <= at < len(data):
            data = data[:at] + bytes([data[at] ^ xor]) + data[at + 1 :]
        return data

    def ended(self, conn):
        self.flips.pop(conn, None)


class Forgets(Plant):
    """A `get` of a trigger finds nothing."""

    def answer(self, conn, request, data):
        if request.opcode != wire.GET or not request.key.endswith(TRIGGER):
            return data
        return wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"Not found",
                             opaque=request.opaque)


class WrongAbove(Plant):
    """The answer to a `get` whose value has more than ARG bytes carries another opaque."""

    def answer(self, conn, request, data):
        if request.opcode != wire.GET or len(data) <= wire.HEADER.size + 4 + int(self.arg):
            return data
        return data[:12] + bytes([data[12] ^ 1]) + data[13:]


class Sometimes(Plant):
    """Every other trigger that any server with the same file ARG meets is answered wrongly."""

    def plant(self, conn, data):
        with open(self.arg, "ab") as file:
            file.write(b"x")
            odd = file.tell() % 2
        return data[:12] + bytes([data[12] ^ odd]) + data[13:]


class Sizes(Plant):
    """Does nothing wrong; adds a line to the file ARG when a client has ended: the key of its first
    request but for the key space, and how many bytes each read found."""

    def __init__(self, arg):
        super().__init__(arg)
        self.sizes, self.keys = {}, {}

    def reading(self, conn):
        self.sizes.setdefault(conn, []).append(len(conn.peek()))
        return True

    def answer(self, conn, request, data):
        self.keys.setdefault(conn, request.key[4:].decode())
        return data

    def ending(self, conn):
        sizes = " ".join(map(str, self.sizes.pop(conn, [])))
        with open(self.arg, "a") as file:
            print(self.keys.pop(conn, ""), sizes, file=file)
        return True
