"""The stub server by itself: without a plant it answers as memcached does, byte for byte."""

import getpass
import shutil
import struct

import pytest
import tool
import wire
from processes import served

STORE = struct.pack(">II", 5, 0)


def counter(delta, initial, expiry=0):
    return struct.pack(">QQI", delta, initial, expiry)


def conversation():
    """Requests over every command that the stub knows, with successes and refusals."""
    r = wire.request
    requests = [
        r(wire.GET, key=b"k"),
        r(wire.GETQ, key=b"k"),
        r(wire.SET, extras=STORE, key=b"k", value=b"value"),
        r(wire.GET, key=b"k"),
        r(wire.GETK, key=b"k"),
        r(wire.GETKQ, key=b"k"),
        r(wire.GETKQ, key=b"absent"),
        r(wire.ADD, extras=STORE, key=b"k", value=b"other"),
        r(wire.ADDQ, extras=STORE, key=b"k", value=b"other"),
        r(wire.REPLACE, extras=STORE, key=b"absent", value=b"v"),
        r(wire.REPLACE, extras=STORE, key=b"k", value=b"replaced"),
        r(wire.SET, extras=STORE, key=b"k", value=b"v", cas=9999),
        r(wire.SETQ, extras=STORE, key=b"q", value=b"quiet"),
        r(wire.APPEND, key=b"q", value=b"!"),
        r(wire.PREPENDQ, key=b"q", value=b"?"),
        r(wire.APPEND, key=b"absent", value=b"v"),
        r(wire.GET, key=b"q"),
        r(wire.INCREMENT, extras=counter(1, 41), key=b"n"),
        r(wire.INCREMENT, extras=counter(1, 0), key=b"n"),
        r(wire.DECREMENT, extras=counter(99, 0), key=b"n"),
        r(wire.INCREMENT, extras=counter(1, 0, 0xFFFFFFFF), key=b"absent"),
        r(wire.INCREMENTQ, extras=counter(5, 0), key=b"n"),
        r(wire.INCREMENT, extras=counter(1, 0), key=b"q"),
        r(wire.TOUCH, extras=bytes(4), key=b"absent"),
        r(wire.TOUCH, extras=bytes(4), key=b"k"),
        r(wire.GAT, extras=bytes(4), key=b"k"),
        r(wire.DELETE, key=b"k"),
        r(wire.DELETE, key=b"k"),
        r(wire.DELETEQ, key=b"q"),
        r(wire.FLUSH),
        r(wire.GET, key=b"n"),
        r(wire.NOOP),
        r(0x3F),
        r(wire.QUIT),
    ]
    return b"".join(
        data[:12] + struct.pack(">I", 0x10 + i) + data[16:] for i, data in enumerate(requests)
    )


def answers(argv, requests):
    with served(argv) as client:
        client.sendall(requests)
        received = b""
        while data := client.recv(65536):
            received += data
        return received


def frames(data):
    data = bytearray(data)
    taken = []
    while frame := wire.take(data):
        taken.append(frame)
    assert not data
    return taken


def stub_argv(tmp_path, *options):
    return [*tool.stub_argv(), *options, "--socket", str(tmp_path / "stub.sock")]


def test_answers_as_memcached_does(tmp_path):
    memcached = shutil.which("memcached")
    assert memcached, "needs memcached"
    options = ["-u", getpass.getuser(), "-t", "1", "-B", "binary", "-s"]
    real = answers([memcached, *options, str(tmp_path / "real.sock")], conversation())
    ours = answers(stub_argv(tmp_path), conversation())
    assert frames(ours) == frames(real)
    assert len(frames(ours)) == 28


@pytest.mark.parametrize(
    "plant, change",
    [
        ("extra-byte", lambda right: right[:-24] + b"\0" + right[-24:]),
        ("missing-byte", lambda right: right[:-25] + right[-24:]),
        ("missing-first-byte", lambda right: right[1:]),
        ("answer-twice", lambda right: right[:-24] * 2 + right[-24:]),
        ("no-answer", lambda right: right[-24:]),
        ("swapped", lambda right: right[-24:] + right[:-24]),
        ("early-close", lambda right: right[:-24]),
        ("close-inside", lambda right: right[:-27]),
    ],
)
def test_a_plant_does_just_what_its_name_says(tmp_path, plant, change):
    requests = wire.request(wire.GET, key=b"plant", opaque=1) + wire.request(wire.QUIT, opaque=2)
    right = answers(stub_argv(tmp_path), requests)
    assert [f.opaque for f in frames(right)] == [1, 2]
    assert answers(stub_argv(tmp_path, "--plant", plant), requests) == change(right)


def test_flip_changes_the_byte_that_the_handshake_names(tmp_path):
    handshake = wire.request(wire.SET, extras=STORE, key=b"flip", value=b"30/16")
    requests = wire.request(wire.NOOP) * 2 + wire.request(wire.QUIT)
    right = answers(stub_argv(tmp_path), handshake.replace(b"flip", b"some") + requests)
    flipped = answers(stub_argv(tmp_path, "--plant", "flip"), handshake + requests)
    assert [(i, a ^ b) for i, (a, b) in enumerate(zip(right, flipped)) if a != b] == [(24 + 30, 16)]
