"""What the stub server does when it does everything right: an in-memory store that answers as a
stock memcached does, for the commands that the tests of the tester need."""

import struct

import wire

VERSION = b"stub-1.0"
U64 = 1 << 64

TEXTS = {
    wire.KEY_ENOENT: b"Not found",
    wire.KEY_EEXISTS: b"Data exists for key.",
    wire.E2BIG: b"Too large.",
    wire.EINVAL: b"Invalid arguments",
    wire.NOT_STORED: b"Not stored.",
    wire.DELTA_BADVAL: b"Non-numeric server-side value for incr or decr",
    wire.UNKNOWN_COMMAND: b"Unknown command",
}

# Quiet opcode -> the loud one. The getters are silent on a miss, the others on success.
LOUD = {
    wire.GETQ: wire.GET, wire.GETKQ: wire.GETK, wire.GATQ: wire.GAT, wire.SETQ: wire.SET,
    wire.ADDQ: wire.ADD, wire.REPLACEQ: wire.REPLACE, wire.DELETEQ: wire.DELETE,
    wire.INCREMENTQ: wire.INCREMENT, wire.DECREMENTQ: wire.DECREMENT, wire.QUITQ: wire.QUIT,
    wire.FLUSHQ: wire.FLUSH, wire.APPENDQ: wire.APPEND, wire.PREPENDQ: wire.PREPEND,
}
GETTERS = (wire.GET, wire.GETK, wire.GAT)

# Loud opcode -> lengths of the extras that it may have, and whether it has a key.
SHAPES = {
    wire.GET: ((0,), True), wire.GETK: ((0,), True), wire.GAT: ((4,), True),
    wire.SET: ((8,), True), wire.ADD: ((8,), True), wire.REPLACE: ((8,), True),
    wire.APPEND: ((0,), True), wire.PREPEND: ((0,), True), wire.DELETE: ((0,), True),
    wire.INCREMENT: ((20,), True), wire.DECREMENT: ((20,), True), wire.TOUCH: ((4,), True),
    wire.FLUSH: ((0, 4), False), wire.NOOP: ((0,), False), wire.VERSION: ((0,), False),
    wire.QUIT: ((0,), False), wire.VERBOSITY: ((4,), False),
}


class Failed(Exception):
    """A command that is refused; carries the status."""


class Item:
    def __init__(self, flags, value, cas):
        self.flags, self.value, self.cas = flags, value, cas


class Store:
    """Items, and the CAS that the next change gets. One for all connections."""

    def __init__(self):
        self.items = {}
        self.cas = 0

    def answer(self, request):
        """The frames that answer a request, each as bytes, and whether to close after them."""
        loud = LOUD.get(request.opcode, request.opcode)
        quiet = loud != request.opcode
        try:
            frames = [self._packed(request, *body) for body in self._execute(loud, request)]
            silent = quiet and loud not in GETTERS
        except Failed as refusal:
            status = refusal.args[0]
            frames = [self._packed(request, status=status, value=TEXTS[status])]
            silent = quiet and loud in GETTERS and status == wire.KEY_ENOENT
        return [] if silent else frames, loud == wire.QUIT

    @staticmethod
    def _packed(request, extras=b"", key=b"", value=b"", cas=0, status=0):
        return wire.response(request.opcode, extras=extras, key=key, value=value, status=status,
                             cas=cas, opaque=request.opaque)

    def _execute(self, opcode, request):
        """The bodies of a command's answers, as (extras, key, value, cas)."""
        if opcode == wire.STAT:
            names = (b"pid", b"threads", b"version")
            return [(b"", name, b"1", 0) for name in names] + [()]
        if opcode not in SHAPES:
            raise Failed(wire.UNKNOWN_COMMAND)
        extlens, keyed = SHAPES[opcode]
        if request.magic != wire.REQUEST or len(request.extras) not in extlens:
            raise Failed(wire.EINVAL)
        if keyed != bool(request.key) or len(request.key) > 250:
            raise Failed(wire.EINVAL)
        if opcode in (wire.SET, wire.ADD, wire.REPLACE):
            return [self._store(opcode, request)]
        if opcode in (wire.INCREMENT, wire.DECREMENT):
            return [self._count(opcode, request)]
        if not keyed:
            if opcode == wire.FLUSH:
                self.items.clear()
            return [(b"", b"", VERSION, 0) if opcode == wire.VERSION else ()]
        item = self._item(request, wire.NOT_STORED if opcode in (wire.APPEND, wire.PREPEND)
                          else wire.KEY_ENOENT)
        if opcode in GETTERS:
            key = request.key if opcode == wire.GETK else b""
            return [(struct.pack(">I", item.flags), key, item.value, item.cas)]
        if opcode == wire.DELETE:
            del self.items[request.key]
            return [()]
        if opcode == wire.TOUCH:
            return [(struct.pack(">I", item.flags), b"", b"", item.cas)]
        joined = (item.value + request.value if opcode == wire.APPEND
                  else request.value + item.value)
        return [(b"", b"", b"", self._put(request.key, item.flags, joined))]

    def _item(self, request, missing):
        item = self.items.get(request.key)
        if item is None:
            raise Failed(missing)
        if request.cas not in (0, item.cas):
            raise Failed(wire.KEY_EEXISTS)
        return item

    def _put(self, key, flags, value):
        self.cas += 1
        self.items[key] = Item(flags, value, self.cas)
        return self.cas

    def _store(self, opcode, request):
        if opcode == wire.ADD and request.key in self.items:
            raise Failed(wire.KEY_EEXISTS)
        if opcode == wire.REPLACE or request.cas:
            self._item(request, wire.KEY_ENOENT)
        flags = struct.unpack(">II", request.extras)[0]
        return b"", b"", b"", self._put(request.key, flags, request.value)

    def _count(self, opcode, request):
        delta, initial, expiry = struct.unpack(">QQI", request.extras)
        if request.key not in self.items:
            if expiry == 0xFFFFFFFF:
                raise Failed(wire.KEY_ENOENT)
            flags, number = 0, initial
        else:
            item = self._item(request, wire.KEY_ENOENT)
            if not item.value.isdigit() or int(item.value) >= U64:
                raise Failed(wire.DELTA_BADVAL)
            flags, number = item.flags, int(item.value)
            number = ((number + delta) % U64 if opcode == wire.INCREMENT
                      else max(number - delta, 0))
        cas = self._put(request.key, flags, str(number).encode())
        return b"", b"", struct.pack(">Q", number), cas
