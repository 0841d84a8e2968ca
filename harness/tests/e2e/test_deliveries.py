"""What each delivery is for: defects that only some of them can show. A row says under which
deliveries a defect is found, and as what; under all others the same case must pass. Where nothing
hangs on the size of a socket's queues or on the kind of its end, that holds on TCP as well."""

import re
from dataclasses import dataclass, field

import pytest

ALL = {
    "whole", "pipelined", "bytewise", "split:1", "split:23", "split:24", "split:25", "fields",
    "random:1", "half-close", "slow-read", "slow-read-last", "pause", "crowd:8",
}
JAMS = {"slow-read", "slow-read-last"}
AHEAD = {"pipelined", "random:1", "half-close", *JAMS, "crowd:8"}  # requests go ahead of answers
CUTS_HEADER = {"bytewise", "split:1", "split:23", "fields", "random:1", "pause"}
CUTS_VALUE = {"bytewise", "fields", "random:1", "pause"}

MISS = 'c1 < get status=key_enoent value="Not found" opaque=2'

STEPS = {
    "last": f"""
        c1 > get key="{{ns}}plant" opaque=2
        {MISS}
    """,
    "middle": f"""
        c1 > get key="{{ns}}plant" opaque=2
        {MISS}
        c1 > noop opaque=3
        c1 < noop opaque=3
    """,
    # Long enough that cuts at random places are sure to meet a header, short enough for one read.
    "gets": f"""
        repeat 400 {{
          c1 > get key="{{ns}}plant" opaque=2
          {MISS}
        }}
    """,
    "sets": """
        repeat 100 {
          c1 > set key="{ns}plant" value=repeat(40, "v") opaque=2
          c1 < set opaque=2 cas=*
        }
    """,
    "own": """
        c1 > set key="{ns}k" value="{ns}" opaque=1
        c1 < set opaque=1 cas=*
        c1 > get key="{ns}plant" opaque=2
        c1 < get status=key_enoent value="Not found" opaque=2
        c1 > set key="{ns}plant" value="{ns}" opaque=3
        c1 < set opaque=3 cas=*
        c1 > get key="{ns}plant" opaque=4
        c1 < get value="{ns}" opaque=4 cas=*
    """,
    # The answers fill a send queue if nobody reads. Between two of them the server must have read
    # more than a socket holds, so that a client that reads has read the answer before.
    "jam": """
        c1 > setq key="{ns}answer" value=repeat(4000, "0123456789") opaque=1
        repeat 20 {
          c1 > setq key="{ns}k" value=repeat(300000, "x") opaque=2
          c1 > get key="{ns}answer" opaque=3
          c1 < get value=repeat(4000, "0123456789") opaque=3 cas=*
        }
    """,
    # More than a client reads before it has ended its side.
    "large": """
        c1 > set key="{ns}k" value=repeat(4000000, "x") opaque=1
        c1 < set opaque=1 cas=*
        c1 > get key="{ns}k" opaque=2
        c1 < get value=repeat(4000000, "x") opaque=2 cas=*
    """,
}


@dataclass(frozen=True)
class Row:
    plant: str
    steps: str
    found: dict  # delivery -> kind of the finding
    may: dict = field(default_factory=dict)  # the same; these may also pass
    text: str = ""  # a pattern that each finding's text must hold
    transports: tuple = ("unix",)

    @property
    def name(self):
        return f"{self.plant or 'sound'}-{self.steps}"


def found(deliveries, kind="nonconformance"):
    return {d: kind for d in deliveries}


BOTH = ("unix", "tcp")
ROWS = [
    *(Row(None, steps, {}) for steps in STEPS),
    # In a crowd the server is busy with others, and a slow reader may take that for a jam.
    Row("loses-a-byte-when-jammed", "jam", found(JAMS), found({"crowd:8"}),
        r"value at \d+|magic|opcode"),
    Row("never-resumes", "jam", found(JAMS, "timeout"), found({"crowd:8"}, "timeout"),
        r"no answer on c1|incomplete|reads no more"),
    Row("block-on-send", "jam", found({"slow-read-last"}, "timeout"),
        text=r"^  another connection got no answer to its version while c1 stood still\n"),
    Row("block-on-request", "last", found({"pause"}, "timeout"),
        text=r"^  another connection got no answer to its version while c1 stood still\n"),
    Row("wrong-aside", "last", found({"pause"}),
        text=r"^  another connection got a wrong answer to its version while c1 stood still\n"
             r"  next on c1  c1 < get "),
    Row("wrong-aside=close", "last", found({"pause"}),
        text=r"^  another connection was closed instead of answered while c1 stood still\n"),
    Row("half-close-is-close", "large", found({"half-close"}, "unexpected_close"),
        text=r"closed c1 in the middle of an answer"),
    # A client that waits in silence finds an answer that is held back; its half-close hides it if
    # that wakes the server up, and finds it otherwise.
    Row("held-till-woken", "last", found(ALL - {"half-close"}, "timeout"), text=r"no answer on c1",
        transports=BOTH),
    Row("held-till-request", "last",
        {**found(ALL, "timeout"), "half-close": "unexpected_close"}, transports=BOTH),
    Row("held-till-request", "middle", found(ALL - AHEAD, "timeout"), text=r"no answer on c1",
        transports=BOTH),
    Row("cut-header", "gets", found(CUTS_HEADER), text=r"opaque \(bytes 12-15", transports=BOTH),
    Row("cut-value", "sets", found(CUTS_VALUE), text=r"opaque \(bytes 12-15", transports=BOTH),
    Row("mixed-up", "own", found({"crowd:8"}), text=r"player \d of 8", transports=BOTH),
]


@pytest.mark.parametrize("row, transport", [
    pytest.param(row, transport, id=f"{row.name}-{transport}")
    for row in ROWS for transport in row.transports
])
def test_found_where_it_shows_and_nowhere_else(row, transport, run, session, profile, tmp_path):
    session("planted", STEPS[row.steps])
    # From within the folder: the case's name, which random cuts come from, is always the same.
    result = run("-s", profile(row.plant), "--transport", transport, "-d", "all",
                 "-j", 2 if row.steps == "jam" else 4,
                 "--timeout", 1 if row.found else 20, "--seed", 7, "planted.session", cwd=tmp_path)
    assert {delivery for _, delivery, _ in result.cases} == ALL, result
    kinds = {f.delivery: f.kind for f in result.findings}
    assert {d: kind for d, kind in kinds.items() if row.may.get(d) != kind} == row.found, result
    passed = {delivery for (_, delivery, _), word in result.cases.items() if word == "passed"}
    assert passed == ALL - set(kinds), result
    for finding in result.findings:
        assert re.search(row.text, finding.text), result
