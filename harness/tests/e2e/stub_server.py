"""A small memcached for testing the tester: right in all but one planted misbehaviour.

    stub_server.py (--socket PATH | --port N [--cert FILE --key FILE]) [--plant NAME[=ARG]]
                   [--tell FIFO] [--marker TEXT]

With --tell it writes a line into a FIFO for each event (`start PID`, `request PID`, `trigger PID`,
`term PID`), so that a test can wait for a moment without sleeping. --marker does nothing: it makes
the process findable. With a certificate it speaks TLS. One thread; SIGTERM ends it. The plants are
the classes of stub_plants.py and stub_delivery_plants.py and stub_compare_plants.py, their names with
dashes: EarlyClose is `early-close`.
"""

import os
import selectors
import signal
import socket
import struct
import sys

import stub_compare_plants  # noqa: F401 (its classes are found as subclasses)
import stub_delivery_plants  # noqa: F401
import stub_plants
import stub_store
import wire


def has_unsent(sock):
    """Whether TLS has bytes that were sent and wait for the kernel."""
    return bool(getattr(sock, "unsent", b""))


class Conn:
    """One client: bytes that came, bytes to send, and what a plant has done to it."""

    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.received = bytearray()
        self.queued = bytearray()
        self.sent = 0  # bytes of the answer stream made so far, queued ones included
        self.closing = False  # close when all is sent
        self.deaf = False  # do not read any more
        self.stuck = False  # neither write nor read any more
        self.refill = None  # makes more to send when all is sent

    def peek(self):
        try:
            return self.sock.recv(1 << 20, socket.MSG_PEEK)
        except BlockingIOError:
            return b""

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.drop(self)

    def queue(self, data):
        data = self.server.plant.sending(self, data) if data else data
        self.sent += len(data)
        self.queued += data

    def read(self):
        if not self.server.plant.reading(self):
            return
        try:
            data = self.sock.recv(1 << 18)
        except ConnectionError:
            data = b""
        if data is None:
            return
        if not data:
            self.deaf = True
            self.closing = self.server.plant.ending(self)
            return
        self.received += data

    @property
    def unsent(self):
        return bool(self.queued) or has_unsent(self.sock)

    def work(self):
        """Answers what has come, as long as the answers can be sent."""
        self.write()
        while not (self.closing or self.unsent or self.refill):
            request = wire.take(self.received)
            if not request:
                self.server.plant.waiting(self)
                return
            self.take_request(request)
            self.write()

    def take_request(self, request):
        self.server.told(request)
        frames, last = self.server.store.answer(request)
        self.queue(self.server.plant.answer(self, request, b"".join(frames)))
        if last:
            self.closing = self.server.plant.ending(self)

    def write(self):
        if self.stuck:
            return
        if not self.queued and self.refill:
            self.queue(self.refill())
        try:
            if self.queued:
                del self.queued[: self.sock.send(self.queued)]
            if has_unsent(self.sock):
                self.sock.flush()
        except BlockingIOError:
            pass
        except ConnectionError:
            self.queued.clear()
            self.refill, self.closing = None, True
        if self.unsent:
            self.server.plant.jammed(self)


class Server:
    def __init__(self, listener, wrap, plant, tell):
        self.listener, self.wrap, self.plant, self.tell = listener, wrap, plant, tell
        self.store = stub_store.Store()
        self.parked = []  # open connections that nothing more is done with
        self.selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ)

    def told(self, request):
        self.tell("trigger" if request.key.endswith(stub_plants.TRIGGER) else "request")

    def drop(self, conn):
        self.selector.unregister(conn.sock)
        conn.sock.close()
        self.plant.ended(conn)

    def accept(self):
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.wrap:
            sock = self.wrap(sock, self.plant)
        self.selector.register(sock, selectors.EVENT_READ, Conn(self, sock))

    def serve(self, conn, events):
        if events & selectors.EVENT_READ:
            conn.read()
        if conn.sock.fileno() < 0:
            return
        conn.work()
        if conn.closing and not conn.unsent:
            self.drop(conn)
            return
        # A connection that cannot send is not read, as in memcached.
        if conn.stuck:
            wanted = 0
        elif conn.unsent or conn.refill:
            wanted = selectors.EVENT_WRITE
        else:
            wanted = 0 if conn.deaf or conn.closing else selectors.EVENT_READ
        if wanted:
            self.selector.modify(conn.sock, wanted, conn)
        else:
            self.selector.unregister(conn.sock)
            self.parked.append(conn)

    def run(self):
        while True:
            for key, events in self.selector.select():
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.serve(key.data, events)


def all_plants(cls=stub_plants.Plant):
    for sub in cls.__subclasses__():
        yield sub
        yield from all_plants(sub)


def make_plant(text):
    """The plant that `NAME` or `NAME=ARG` asks for; None asks for a sound server."""
    if text is None:
        return stub_plants.Plant(None)
    name, _, arg = text.partition("=")
    wanted = "".join(map(str.capitalize, name.split("-")))
    (plant,) = (cls for cls in all_plants() if cls.__name__ == wanted)
    return plant(arg or None)


def listen(option, where):
    if option == "--socket":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(where)
    else:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(where)))
    listener.listen(128)
    return listener


def teller(path):
    """A function that writes an event's name and our pid into the FIFO, if there is one."""
    if path is None:
        return lambda event: None
    fifo = os.open(path, os.O_WRONLY)
    return lambda event: os.write(fifo, f"{event} {os.getpid()}\n".encode())


def main():
    words = sys.argv[1:]
    if len(words) % 2 or not {"--socket", "--port"} & set(words[::2]):
        sys.exit(__doc__)
    options = dict(zip(words[::2], words[1::2]))
    plant = make_plant(options.get("--plant"))
    tell = teller(options.get("--tell"))
    if plant.handles_term:
        signal.signal(signal.SIGTERM, lambda *_: (tell("term"), plant.terminating()))
    tell("start")
    plant.starting()
    option = "--socket" if "--socket" in options else "--port"
    wrap = None
    if "--cert" in options:
        import stub_tls  # takes as long as all else

        wrap = stub_tls.wrapper(options["--cert"], options["--key"])
    server = Server(listen(option, options[option]), wrap, plant, tell)
    plant.listening()
    server.run()


if __name__ == "__main__":
    main()
