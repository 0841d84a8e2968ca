"""What only a comparison with another server shows, because a case may leave it open; and what two
plays on one server show to be volatile."""

import fcntl
import os
import select
import struct
import termios
import time

import wire
from stub_plants import Plant

TEXT = b"Not found"


class OtherText(Plant):
    """An error's text has another byte."""

    def text(self):
        return b"Not fount"

    def plant(self, conn, data):
        return data.replace(TEXT, self.text())


class Token(OtherText):
    """Never the same twice."""

    def text(self):
        return os.urandom(5).hex()[:9].encode()


class Clock(OtherText):
    """The same as long as the clock's second lasts."""

    def text(self):
        return b"%09d" % (int(time.time()) % 10**9)


class Pid(OtherText):
    """The same as long as the process lives."""

    def text(self):
        return b"%09d" % os.getpid()


class LongerText(Plant):
    def plant(self, conn, data):
        f = wire.take(bytearray(data))
        return wire.response(f.opcode, status=f.status, opaque=f.opaque, value=TEXT + b" at all")


class OtherStatus(Plant):
    def plant(self, conn, data):
        return data[:6] + b"\0\x86" + data[8:]


class OtherFlags(Plant):
    """The flags of an item that is found."""

    def plant(self, conn, data):
        n = wire.HEADER.size
        return data[: n + 2] + b"\1" + data[n + 3 :] if len(data) > n else data


class SecondTime(Plant):
    """The second trigger that the process sees is answered with another status."""

    count = 0

    def plant(self, conn, data):
        self.count += 1
        return data[:6] + b"\0\x86" + data[8:] if self.count == 2 else data


class OtherOrder(Plant):
    """Statistics in the opposite order; the end of them stays the end."""

    def answer(self, conn, request, data):
        if request.opcode != wire.STAT:
            return data
        data, frames = bytearray(data), []
        while data:
            n = wire.HEADER.size + int.from_bytes(data[8:12], "big")
            frames.append(bytes(data[:n]))
            del data[:n]
        return b"".join([*frames[-2::-1], frames[-1]])


class OneStatMore(Plant):
    def answer(self, conn, request, data):
        if request.opcode != wire.STAT:
            return data
        more = wire.response(wire.STAT, key=b"more", value=b"1", opaque=request.opaque)
        return more + data


class ResetAtEnd(Plant):
    """Where the end of the client's stream is answered with the end of ours, a reset. On TCP."""

    def ending(self, conn):
        conn.reset()
        return False


class TwoWrites(Plant):
    """The trigger's answer goes in two pieces, the second when the first has been read."""

    def plant(self, conn, data):
        half = len(data) // 2
        conn.sock.sendall(data[:half])
        poll = select.poll()  # the peer's reading is no event: its queue is looked at
        while struct.unpack("i", fcntl.ioctl(conn.sock, termios.TIOCOUTQ, bytes(4)))[0] > 0:
            poll.poll(1)
        return data[half:]


class Hoard(Plant):
    """Keeps 24 MiB while it answers the trigger."""

    def plant(self, conn, data):
        hoard = bytearray(24 << 20)
        hoard[:: 4096] = b"x" * len(hoard[:: 4096])
        return data


class Burn(Plant):
    """Spends 60 ms of CPU time on the trigger."""

    def plant(self, conn, data):
        end = time.process_time() + 0.06
        while time.process_time() < end:
            pass
        return data


class Stalled(Plant):
    """Answers the trigger with a MiB, and takes 16 MiB more while the client does not read it."""

    hoard = None

    def plant(self, conn, data):
        f = wire.take(bytearray(data))
        return wire.response(f.opcode, opaque=f.opaque, extras=bytes(4), value=bytes(1 << 20))

    def jammed(self, conn):
        if self.arg and not self.hoard:
            self.hoard = bytearray(16 << 20)
            self.hoard[:: 4096] = b"x" * len(self.hoard[:: 4096])

    def ended(self, conn):
        self.hoard = None
