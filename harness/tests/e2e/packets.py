"""Captures of packets, made byte by byte: TCP over IPv4 or IPv6, pcap or pcapng."""

import ipaddress
import struct
from dataclasses import dataclass

FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
ETHERNET, NULL, LOOP, SLL, SLL2, RAW = 1, 0, 108, 113, 276, 101
SERVER = 11211


@dataclass
class Segment:
    client: int  # the client's port
    from_server: bool
    seq: int
    ack: int
    flags: int
    data: bytes = b""


class Talk:
    """A connection that makes segments of what its ends do."""

    def __init__(self, client=40000, seq=(0xFFFFFFF0, 1000)):
        self.client = client
        self.next = list(seq)
        self.segments = []

    def _say(self, server, flags, data=b""):
        ack = 0 if flags == SYN else self.next[not server]
        self.segments.append(
            Segment(self.client, server, self.next[server], ack, flags, data))
        self.next[server] = (self.next[server] + len(data) + bool(flags & (SYN | FIN))) % 2**32

    def open(self):
        self._say(False, SYN)
        self._say(True, SYN | ACK)
        self._say(False, ACK)
        return self

    def send(self, data, server=False, size=1448):
        for at in range(0, len(data), size):
            self._say(server, PUSH | ACK, data[at : at + size])
        self._say(not server, ACK)
        return self

    def answer(self, data, size=1448):
        return self.send(data, True, size)

    def end(self):
        for server in (False, True):
            self._say(server, FIN | ACK)
            self._say(not server, ACK)
        return self


def _tcp(s, server):
    ports = (server, s.client) if s.from_server else (s.client, server)
    return struct.pack(">HHIIBBHHH", *ports, s.seq, s.ack, 5 << 4, s.flags, 65535, 0, 0) + s.data


def _ip(s, server, version):
    hosts = ("127.0.0.2", "127.0.0.1") if version == 4 else ("fd00::2", "fd00::1")
    source, target = (ipaddress.ip_address(h).packed for h in (hosts if not s.from_server
                                                             else hosts[::-1]))
    body = _tcp(s, server)
    if version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0x4000, 64, 6, 0)
    else:
        head = struct.pack(">IHBB", 6 << 28, len(body), 6, 64)
    return head + source + target + body


def _link(link, version):
    kind = 0x0800 if version == 4 else 0x86DD
    return {
        ETHERNET: bytes(12) + struct.pack(">HHH", 0x8100, 7, kind),
        NULL: struct.pack("<I", 2 if version == 4 else 30),
        LOOP: struct.pack(">I", 2 if version == 4 else 24),
        SLL: bytes(14) + struct.pack(">H", kind),
        SLL2: struct.pack(">H", kind) + bytes(18),
        RAW: b"",
    }[link]


def packets(segments, link=ETHERNET, version=4, server=SERVER):
    return [_link(link, version) + _ip(s, server, version) for s in segments]


def pcap(path, data, link=ETHERNET, big=False):
    """Packets, a millisecond apart, as a pcap file of either byte order."""
    order = ">" if big else "<"
    out = [struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for i, p in enumerate(data):
        out.append(struct.pack(order + "IIII", 1 + i // 1000, i % 1000 * 1000, len(p), len(p)) + p)
    path.write_bytes(b"".join(out))
    return path


def pcapng(path, data, link=ETHERNET):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack("<I", 12 + len(body))
        return struct.pack("<I", kind) + size + body + size

    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", link, 0, 0))]
    for i, p in enumerate(data):
        out.append(block(6, struct.pack("<IIIII", 0, 0, i * 1000, len(p), len(p)) + p))
    path.write_bytes(b"".join(out))
    return path
