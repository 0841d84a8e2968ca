"""A socket of the stub server's with TLS on top. It takes whatever the kernel has, as servers that
read ahead do, so that many records wait in it: a plant may forget them."""

import ssl

RECORD = 16384


def context(cert, key):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(cert, key)
    return made


class TlsSocket:
    """Used as the plain, non-blocking socket that it stands for."""

    def __init__(self, sock, made, plant):
        self.sock, self.plant = sock, plant
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = made.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.unsent = bytearray()  # of what TLS has to say
        self.shaken = False
        self.family = sock.family

    def fileno(self):
        return self.sock.fileno()

    def setsockopt(self, *args):
        self.sock.setsockopt(*args)

    def close(self):
        if self.shaken:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # the peer has not said that it closes, too
            try:
                self.flush()
            except ConnectionError:
                pass
        self.sock.close()

    def flush(self):
        """True when all is sent."""
        self.unsent += self.outgoing.read()
        try:
            while self.unsent:
                del self.unsent[: self.sock.send(self.unsent)]
        except BlockingIOError:
            pass
        return not self.unsent

    def feed(self):
        """Takes what has come; False at the end."""
        try:
            wire = self.sock.recv(1 << 18)
        except BlockingIOError:
            return True
        if wire:
            self.incoming.write(wire)
            self.plant.came(self, wire)
        else:
            self.incoming.write_eof()
        return bool(wire)

    def recv(self, size):
        """What is there of plaintext, at least a byte; None when there is none yet, b"" at the end."""
        open_still = self.feed()
        plain = b""
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while len(plain) < size:
                piece = self.tls.read(size - len(plain))
                plain += piece
                if not piece or self.plant.leaves_records:
                    break
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError) as reason:
            open_still = open_still and isinstance(reason, ssl.SSLWantReadError)
        except ssl.SSLError:
            open_still = False
        self.flush()
        return plain or (None if open_still else b"")

    def send(self, data):
        """As records, until the kernel takes no more."""
        if not self.flush():
            raise BlockingIOError
        sent = 0
        while sent < len(data) and self.flush():
            sent += self.tls.write(data[sent : sent + RECORD])
        self.flush()
        return sent


def wrapper(cert, key):
    """A function that puts TLS on top of an accepted socket."""
    made = context(cert, key)
    return lambda sock, plant: TlsSocket(sock, made, plant)
