"""Every byte of a set of answers, flipped in turn: a flip that no hole hides must fail, at that
very byte; one inside a hole must pass.

Each flip is a session of its own, which tells the stub in its first request which byte to flip, so
that one run covers them all. What must come of it is worked out here from the answers' bytes and
the holes, not by the tool."""

import re
from dataclasses import dataclass

import pytest
import tool
import wire

HANDSHAKE_BYTES = 24  # its answer


@dataclass(frozen=True)
class Answer:
    """An answer on the wire: its line in the session, its bytes, and which of them a hole hides."""

    line: str
    data: bytes
    holes: tuple = ()  # (first, last) byte in the frame


CAS = (16, 23)


def answer(line, *holes, **fields):
    opcode = getattr(wire, line.split()[0].upper())
    return Answer(line, wire.response(opcode, **fields), holes)


@dataclass(frozen=True)
class Talk:
    """Requests, each with its answers in order."""

    name: str
    steps: tuple

    def answers(self):
        return [item for item in self.steps if isinstance(item, Answer)]

    def text(self, place, xor):
        lines = [
            f'c1 > set key="{{ns}}flip" value="{place}/{xor}"',
            "c1 < set cas=*",
        ]
        for item in self.steps:
            lines.append(f"c1 < {item.line}" if isinstance(item, Answer) else f"c1 > {item}")
        return "\n".join(lines)


EXACT = Talk("exact", (
    'delete key="{ns}absent" opaque=0x01020304',
    answer('delete status=key_enoent value="Not found" opaque=0x01020304',
           status=1, value=b"Not found", opaque=0x01020304),
    "noop opaque=0xfffefdfc",
    answer("noop opaque=0xfffefdfc", opaque=0xFFFEFDFC),
    "version",
    answer('version value="stub-1.0"', value=b"stub-1.0"),
))

HOLES = Talk("holes", (
    'set key="{ns}k" value="value" flags=0xdeadbeef opaque=7',
    answer("set cas=* opaque=7", CAS, opaque=7),
    'get key="{ns}k" opaque=8',
    answer("get flags=* value=*{5} cas=* opaque=8", CAS, (24, 28 + 4),
           extras=b"\xde\xad\xbe\xef", value=b"value", opaque=8),
    'get key="{ns}k" opaque=9',
    answer('get flags=0xdeadbeef value="v" *{3} "e" cas=?a:nonzero opaque=9', CAS, (29, 31),
           extras=b"\xde\xad\xbe\xef", value=b"value", opaque=9),
    'increment key="{ns}n" initial=5 opaque=10',
    answer("increment value=u64(5) cas=* opaque=10", CAS,
           value=(5).to_bytes(8, "big"), opaque=10),
))

# Holes of free length, which a flipped length is out of the bounds of.
FREE = Talk("free", (
    'get key="{ns}absent" opaque=1',
    answer("get status=key_enoent value=*{1..16} opaque=1", (24, 32),
           status=1, value=b"Not found", opaque=1),
    'add key="{ns}flip" value="again" opaque=2',
    answer('add status=key_eexists value="Data" *{0..40} opaque=2', (28, 43),
           status=2, value=b"Data exists for key.", opaque=2),
))

RAW = Talk("raw", (
    "noop opaque=1",
    Answer("raw hex(81 0a 0000 00 00 0000 00000000 00000001) *{8}",
           wire.response(wire.NOOP, opaque=1), ((16, 23),)),
))

TALKS = [EXACT, HOLES, FREE, RAW]
HEAD_LINES = 2


@dataclass(frozen=True)
class Expected:
    passes: bool
    line: int = 0
    at: int = 0  # place in the frame
    stream: int = 0  # place in the connection's stream
    right: int = 0  # the byte as it should be
    text: str = ""  # as in the session


def expectations(talk):
    """For each place in the answers, what a flip there must come to."""
    steps = list(talk.steps)
    start = HANDSHAKE_BYTES
    for index, item in enumerate(steps):
        if not isinstance(item, Answer):
            continue
        line = HEAD_LINES + 2 + index + 1
        for at, byte in enumerate(item.data):
            hidden = any(first <= at <= last for first, last in item.holes)
            yield Expected(True) if hidden else Expected(
                False, line, at, start + at, byte, item.line)
        start += len(item.data)


@pytest.mark.parametrize("delivery", ["whole", "pipelined"])
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
def test_every_byte(talk, delivery, run, session, profile):
    wanted = list(expectations(talk))
    assert len(wanted) == sum(len(a.data) for a in talk.answers())
    folder = None
    for place in range(len(wanted)):
        folder = session(f"flips/{place:03}", talk.text(place, 255)).parent
    result = run("-s", profile("flip"), "-d", delivery, "-j", 2, folder)
    assert result.status == 1
    judge(result, wanted, 255)


@pytest.mark.parametrize("bit", range(8))
def test_every_bit_of_exact_answers(bit, run, session, profile):
    wanted = list(expectations(EXACT))
    for place in range(len(wanted)):
        folder = session(f"flips/{place:03}", EXACT.text(place, 1 << bit)).parent
    result = run("-s", profile("flip"), "-j", 2, folder)
    judge(result, wanted, 1 << bit)


# The lengths in the header, which the explanation tells by what they are the lengths of.
LENGTHS = {2: "keylen", 3: "keylen", 4: "extlen", **dict.fromkeys(range(8, 12), "bodylen")}


def judge(result, wanted, xor):
    """Holds each flip's verdict against what is wanted of it."""
    assert result.totals["passed"] + result.totals["failed"] == len(wanted), result
    verdicts = {int(id[-3:]): verdict for (id, *_), verdict in result.cases.items()}
    found = {int(f.id[-3:]): f for f in result.findings}
    for place, want in enumerate(wanted):
        assert verdicts[place] == ("passed" if want.passes else "failure"), place
        if want.passes:
            continue
        finding = found[place]
        assert (finding.kind, finding.line) == ("nonconformance", want.line), finding
        at, right, got = finding.mark
        assert (at, got) == (want.at, f"{want.right ^ xor:02x}"), (want, finding.text)
        # The length that a hole of free length leaves open is shown as the shortest.
        assert ".." in want.text or right == f"{want.right:02x}", (want, finding.text)
        if want.at in LENGTHS and not want.text.startswith("raw"):
            assert re.search(rf"^ +(also: .*)?\b{LENGTHS[want.at]}\b", finding.text, re.M), finding
            continue
        # The field that is told is the one the byte is in, not merely a range that covers it.
        ((first, last),) = finding.fields
        assert first <= want.stream <= last < first + 24, (want, finding.text)


def test_a_flip_in_a_captured_value_fails_where_the_value_must_come_again(run, session, profile):
    steps = """
        c1 > set key="{{ns}}flip" value="{place}"
        c1 < set cas=*
        c1 > set key="{{ns}}k" value="v"
        c1 < set cas=?a:nonzero
        c1 > get key="{{ns}}k"
        c1 < get value="v" cas=$a
    """
    for at in range(8):
        session(f"flips/{at:03}", steps.format(place=16 + at))
        folder = session(f"flips/{8 + at:03}", steps.format(place=24 + 16 + at)).parent
    result = run("-s", profile("flip"), folder)
    assert result.totals["failed"] == 16
    for finding in result.findings:
        assert finding.line == HEAD_LINES + 6, finding
        assert finding.fields == [(24 + 24 + 16, 24 + 24 + 23)], finding.text


def test_a_flip_that_makes_a_nonzero_capture_zero_fails(run, session, profile):
    """The second CAS that a fresh stub gives out is 2: flipping that bit leaves zero."""
    steps = """
        c1 > set key="flip" value="23/2"
        c1 < set cas=?first
        c1 > set key="k" value="v"
        c1 < set cas={hole}
    """
    head = "spec  set\nisolated\n"
    passing = session("any", steps.format(hole="?second"), head=head)
    failing = session("nonzero", steps.format(hole="?second:nonzero"), head=head)
    result = run("-s", profile("flip"), passing, failing)
    assert result.finding.id.endswith("nonzero")
    assert result.finding.fields == [(24 + 16, 24 + 23)], result.finding.text


def test_a_flip_in_the_fence_is_not_overlooked(run, session, profile):
    """The driver's own noop at the end is held to its answer too."""
    for place in range(24):
        steps = f'c1 > set key="{{ns}}flip" value="{place}"\nc1 < set cas=*'
        folder = session(f"flips/{place:03}", steps).parent
    result = run("-s", profile("flip"), folder)
    assert result.totals["failed"] == 24, result
    assert {f.kind for f in result.findings} == {"leftover"}
    assert all("24 bytes more than expected: " in f.text for f in result.findings)


# Blocks of answers, and the number of bytes that the answers have.
BLOCKS = {
    "each": ("""
        c1 > stat opaque=5
        each {
          c1 < stat key="pid" value="1" opaque=5
          c1 < stat key="threads" value="1" opaque=5
          c1 < stat key="version" value="1" opaque=5
        }
        c1 < stat opaque=5
    """, 4 * 24 + len("pid1threads1version1")),
    "either": ("""
        c1 > get key="{ns}absent" opaque=5
        either {
          c1 < get value="other" opaque=5
        } or {
          c1 < get status=key_enoent value="Not found" opaque=5
        }
    """, 24 + len("Not found")),
}


@pytest.mark.parametrize("name", ["each", "either"])
def test_every_byte_of_answers_in_blocks(name, run, session, profile):
    steps, size = BLOCKS[name]
    for place in range(size):
        handshake = f'c1 > set key="{{ns}}flip" value="{place}"\nc1 < set cas=*\n'
        folder = session(f"flips/{place:03}", handshake + steps.strip()).parent
    result = run("-s", profile("flip"), "--timeout", 5, folder)
    assert result.totals["failed"] == size, result
    assert {f.kind for f in result.findings} == {"nonconformance"}
