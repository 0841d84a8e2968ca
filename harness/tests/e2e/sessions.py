"""Steps of sessions that several tests play."""

# Steps by name. Each case meets the plant once, with the request whose key ends in `plant`.
MISS = 'c1 < get status=key_enoent value="Not found" opaque=2'
SESSIONS = {
    "last": f"""
        c1 > set key="{{ns}}k" value="v" opaque=1
        c1 < set opaque=1 cas=*
        c1 > get key="{{ns}}plant" opaque=2
        {MISS}
    """,
    "middle": f"""
        c1 > get key="{{ns}}plant" opaque=2
        {MISS}
        c1 > noop opaque=3
        c1 < noop opaque=3
    """,
    "quit": """
        c1 > get key="{ns}plant" opaque=2
        c1 < get status=key_enoent value="Not found" opaque=2
        c1 > quit opaque=3
        c1 < quit opaque=3
        c1 < closed
    """,
    "stat": """
        c1 > stat opaque=2
        each {
          c1 < stat key="threads" value=*{1..} opaque=2
          c1 < others stat key=*{1..} value=* opaque=2
        }
        c1 < stat opaque=2
    """,
    "others": """
        c1 > stat opaque=2
        each {
          c1 < others stat key=*{1..} value=* opaque=2
        }
        c1 < stat opaque=2
    """,
    "free": """
        c1 > get key="{ns}plant" opaque=2
        c1 < get status=key_enoent value=* opaque=2
        c1 > noop opaque=3
        c1 < noop opaque=3
    """,
    "flood": """
        c1 > set key="{ns}k" value=random(1, 60000) opaque=1
        c1 < set opaque=1 cas=*
        repeat 300 as i {
          c1 > get key="{ns}k" opaque=$i
          c1 < get value=random(1, 60000) opaque=$i cas=*
        }
    """,
    "big": """
        c1 > get key="{ns}plant" opaque=2
        c1 < get status=key_enoent value="Not found" opaque=2
        c1 > set key="{ns}big" value=repeat(8000000, "x") opaque=3
        c1 < set opaque=3 cas=*
    """,
}
HEAD_LINES = 2

# Passes on every sound server.
BYSTANDER = """
    c1 > set key="{ns}k" value="v" opaque=1
    c1 < set opaque=1 cas=*
    c1 > getk key="{ns}k" opaque=2
    c1 < getk key="{ns}k" value="v" opaque=2 cas=*
"""


def line_of(steps, text):
    """The line of a session file that holds the text, for sessions that the fixture writes."""
    lines = [line.strip() for line in steps.strip().splitlines()]
    return HEAD_LINES + 1 + next(i for i, line in enumerate(lines) if line.startswith(text))


# Fails on every sound server, in its second step.
WRONG = 'c1 > get key="{ns}absent"\nc1 < get value="never stored"'
