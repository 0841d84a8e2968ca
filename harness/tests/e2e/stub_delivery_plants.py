"""Misbehaviours that depend on how the bytes travel: each shows under some deliveries and hides
under all others. Those that name no trigger act on every connection that gives them occasion."""

import fcntl
import os
import select
import socket
import struct
import termios

import wire
from stub_plants import TRIGGER, Plant


class LosesAByteWhenJammed(Plant):
    """As when a partial write is counted wrongly."""

    def jammed(self, conn):
        del conn.queued[:1]


class NeverResumes(Plant):
    """Once the socket is full, what is queued is not looked at any more."""

    def jammed(self, conn):
        conn.stuck = True


class BlockOnSend(Plant):
    """While one connection can't send, no other one is served."""

    def jammed(self, conn):
        select.select([], [conn.sock], [])


class BlockOnRequest(Plant):
    """While one connection's request is incomplete, no other one is served."""

    def waiting(self, conn):
        if conn.received:
            select.select([conn.sock], [], [])


class HalfCloseIsClose(Plant):
    """The end of the client's stream drops what is still to be sent to it."""

    def jammed(self, conn):
        try:
            ended = not conn.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        if ended:
            conn.queued.clear()
            conn.closing = True


class HeldTillRequest(Plant):
    """The trigger's answer waits until the next request comes on its connection."""

    def __init__(self, arg):
        super().__init__(arg)
        self.held = {}

    def answer(self, conn, request, data):
        data = self.held.pop(conn, b"") + data
        if request.key.endswith(TRIGGER):
            self.held[conn] = data
            return b""
        return data

    def ended(self, conn):
        self.held.pop(conn, None)


class HeldTillWoken(HeldTillRequest):
    """The same, but the end of the client's stream sets it free as well."""

    def ending(self, conn):
        conn.queue(self.held.pop(conn, b""))
        return True


class CutRequest(Plant):
    """The base of plants that answer a trigger wrongly when it was read in pieces."""

    def __init__(self, arg):
        super().__init__(arg)
        self.cut = set()  # connections whose request was cut at the place in question

    def is_cut(self, received):
        raise NotImplementedError

    def reading(self, conn):
        if self.is_cut(conn.received):
            self.cut.add(conn)
        return True

    def answer(self, conn, request, data):
        cut = conn in self.cut
        self.cut.discard(conn)
        if cut and request.key.endswith(TRIGGER):
            return data[:12] + bytes([data[12] ^ 1]) + data[13:]
        return data

    def ended(self, conn):
        self.cut.discard(conn)


class CutHeader(CutRequest):
    def is_cut(self, received):
        return 0 < len(received) < wire.HEADER.size


class CutOnce(CutRequest):
    """A request of which five bytes were read, and then more than one at once."""

    def reading(self, conn):
        if len(conn.received) == 5 and len(conn.peek()) > 1:
            self.cut.add(conn)
        return True


class CutValue(CutRequest):
    def is_cut(self, received):
        if len(received) < wire.HEADER.size:
            return False
        _, _, keylen, extlen, *_ = wire.HEADER.unpack_from(received)
        return len(received) > wire.HEADER.size + extlen + keylen


class MixedUp(Plant):
    """A trigger gets the answer of the last trigger on another connection that is open too."""

    def __init__(self, arg):
        super().__init__(arg)
        self.last = {}  # connection -> the answer to its last trigger

    def plant(self, conn, data):
        others = [answer for other, answer in self.last.items() if other is not conn]
        self.last[conn] = data
        return others[-1] if others else data

    def ended(self, conn):
        self.last.pop(conn, None)


class WrongAside(Plant):
    """While one connection's request is incomplete, the version that a new one asks for is answered wrongly, or
    it is closed (`close`)."""

    def __init__(self, arg):
        super().__init__(arg)
        self.incomplete, self.known = set(), set()

    def waiting(self, conn):
        if conn.received:
            self.incomplete.add(conn)
        else:
            self.incomplete.discard(conn)

    def answer(self, conn, request, data):
        new = conn not in self.known
        self.known.add(conn)
        if not (new and request.opcode == wire.VERSION and self.incomplete - {conn}):
            return data
        conn.closing = self.arg == "close"
        return b"" if conn.closing else wire.response(wire.VERSION, opaque=request.opaque, status=1)

    def ended(self, conn):
        self.incomplete.discard(conn)
        self.known.discard(conn)


class Overtaken(Plant):
    """The first connection's `get` of a trigger is answered when the client has read the answer to
    another one's."""

    first = None

    def answer(self, conn, request, data):
        if request.opcode != wire.GET or not request.key.endswith(TRIGGER):
            return data
        if self.first is None:
            self.first = conn, data
            return b""
        (first, held), self.first = self.first, None
        conn.queue(data)
        conn.write()
        while struct.unpack("i", fcntl.ioctl(conn.sock, termios.TIOCOUTQ, bytes(4)))[0] > 0:
            os.sched_yield()
        first.queue(held)
        first.write()
        return b""


class LeavesRecords(Plant):
    """Looks at one TLS record when the socket becomes readable, and forgets those that came with
    it."""

    leaves_records = True


class CutRecord(Plant):
    """Answers a trigger wrongly on a connection whose TLS records came in pieces."""

    HEADER = 5

    def __init__(self, arg):
        super().__init__(arg)
        self.rest = {}  # socket -> what came and is no whole record
        self.cut = set()

    def came(self, sock, wire):
        wire = self.rest.get(sock, b"") + wire
        while len(wire) >= self.HEADER:
            whole = self.HEADER + int.from_bytes(wire[3:5], "big")
            if len(wire) < whole:
                break
            wire = wire[whole:]
        self.rest[sock] = wire
        if wire:
            self.cut.add(sock)

    def plant(self, conn, data):
        return data[:12] + bytes([data[12] ^ 1]) + data[13:] if conn.sock in self.cut else data

    def ended(self, conn):
        self.cut.discard(conn.sock)
        self.rest.pop(conn.sock, None)
