"""Frames of the memcached binary protocol, for the stub server and for the tests."""

import struct
from collections import namedtuple

HEADER = struct.Struct(">BBHBBHIIQ")
REQUEST, RESPONSE = 0x80, 0x81

GET, SET, ADD, REPLACE, DELETE, INCREMENT, DECREMENT, QUIT, FLUSH = range(0x00, 0x09)
GETQ, NOOP, VERSION, GETK, GETKQ, APPEND, PREPEND, STAT = range(0x09, 0x11)
SETQ, ADDQ, REPLACEQ, DELETEQ, INCREMENTQ, DECREMENTQ, QUITQ = range(0x11, 0x18)
FLUSHQ, APPENDQ, PREPENDQ, VERBOSITY, TOUCH, GAT, GATQ = range(0x18, 0x1F)

SUCCESS, KEY_ENOENT, KEY_EEXISTS, E2BIG, EINVAL, NOT_STORED, DELTA_BADVAL = range(7)
UNKNOWN_COMMAND = 0x81

Frame = namedtuple("Frame", "magic opcode status opaque cas extras key value")


def pack(magic, opcode, extras=b"", key=b"", value=b"", status=0, opaque=0, cas=0):
    """The bytes of one frame; `status` is the vbucket in a request."""
    body = len(extras) + len(key) + len(value)
    header = HEADER.pack(magic, opcode, len(key), len(extras), 0, status, body, opaque, cas)
    return header + extras + key + value


def request(opcode, **fields):
    return pack(REQUEST, opcode, **fields)


def response(opcode, **fields):
    return pack(RESPONSE, opcode, **fields)


def take(data):
    """Takes one whole frame off the front of a bytearray; None while it is not whole."""
    if len(data) < HEADER.size:
        return None
    magic, opcode, keylen, extlen, _, status, bodylen, opaque, cas = HEADER.unpack_from(data)
    end = HEADER.size + bodylen
    if len(data) < end:
        return None
    body = bytes(data[HEADER.size : end])
    del data[:end]
    extras, key, value = body[:extlen], body[extlen : extlen + keylen], body[extlen + keylen :]
    return Frame(magic, opcode, status, opaque, cas, extras, key, value)
