"""Suppressions, in fixtures/suppressions/*.supp: each has its reason in a comment directly above, and
none is for libevent as a whole. A sanitizer's are lines TYPE:PATTERN, valgrind's blocks in braces."""

import re

import pytest
import tool

FOLDER = tool.ROOT / "fixtures/suppressions"
# What is left of a pattern for the whole library: its name, between or beside what fits anything.
WHOLE = re.compile(r"^\W*(?:lib)?(?:event|bufferevent|evbuffer|evutil)(?:_core|_pthreads|_extra)?"
                   r"[-_.\d*?]*(?:\.so[.\d*?]*)?\W*$")


def entries(text):
    """Where each entry begins, the line before it, and its patterns."""
    lines = text.splitlines()
    block = None
    for number, line in enumerate(lines, 1):
        line = line.strip()
        above = lines[number - 2].strip() if number > 1 else ""
        if block is not None:
            if line == "}":
                yield block
                block = None
            elif line.startswith(("obj:", "fun:", "src:")):
                block[2].append(line.split(":", 1)[1])
        elif line == "{":
            block = (number, above, [])
        elif line and not line.startswith("#"):
            yield number, above, [line.split(":", 1)[-1]]
    if block is not None:
        yield block


def complaints(text):
    found = []
    for number, above, patterns in entries(text):
        if not re.match(r"#.*\w", above):
            found.append(f"{number}: no reason in a comment directly above")
        if not patterns or all(WHOLE.match(p) or not re.search(r"\w", p) for p in patterns):
            found.append(f"{number}: is for all of libevent, or for all there is")
    return found


def test_every_suppression_has_a_reason_and_a_place():
    bad = {p.name: complaints(p.read_text()) for p in sorted(FOLDER.glob("*.supp"))}
    assert not any(bad.values()), bad


@pytest.mark.parametrize("text, found", [
    ("# its flag is read without a lock, once a second\nrace:event_base_loop\n", []),
    ("# a reason\n{\n  name\n  Memcheck:Leak\n  fun:malloc\n  fun:event_mm_malloc_\n}\n", []),
    ("race:event_base_loop\n", ["1: no reason in a comment directly above"]),
    ("# a reason\n\nrace:event_base_loop\n", ["3: no reason in a comment directly above"]),
    ("# a reason\nrace:one\nrace:two\n", ["3: no reason in a comment directly above"]),
    ("#\nrace:one\n", ["2: no reason in a comment directly above"]),
    *[(f"# a reason\n{kind}:{pattern}\n", ["2: is for all of libevent, or for all there is"])
      for kind, pattern in [("race", "libevent"), ("called_from_lib", "libevent_core-2.1.so.7"),
                            ("race", "event_*"), ("race", "^evbuffer*"), ("leak", "*libevent*"),
                            ("race", "bufferevent_*"), ("race", "*")]],
    ("# a reason\n{\n  name\n  Memcheck:Addr4\n  obj:*libevent_core-2.1.so*\n}\n",
     ["2: is for all of libevent, or for all there is"]),
])
def test_bad_suppressions_are_told(text, found):
    assert complaints(text) == found
