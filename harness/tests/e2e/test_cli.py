"""The command line: help, selection, exit statuses, and the commands that need no server."""

import json
import os
import re
import struct
import subprocess

import pytest
import tool
import wire
from sessions import BYSTANDER, SESSIONS, WRONG

COMMANDS = ["run", "compare", "shrink", "list", "show", "lint", "record", "replay"]


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_fits_a_screen_and_ends_with_examples(words):
    result = tool.command(*words)
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80, result.out
    heading = max(i for i, line in enumerate(lines) if line.lower().startswith("examples"))
    examples = [line for line in lines[heading + 1 :] if line.strip()]
    assert examples and all(line.startswith("  mcreplay ") for line in examples), result.out


def test_help_names_every_command():
    text = tool.command("--help").out
    assert all(re.search(rf"^  (mcreplay )?{name}\b", text, re.M) for name in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["rum"],
        ["run", "--no-such-option"],
        ["run", "-d", "sideways"],
        ["run", "-d", "split"],
        ["run", "-d", "split:x"],
        ["run", "-d", "whole,"],
        ["run", "--transport", "pigeon"],
        ["run", "-j", "0"],
        ["run", "-j", "many"],
        ["run", "--min", "-1"],
        ["run", "--repeat", "0"],
        ["run", "--seed", "x"],
        ["run", "--timeout", "never"],
        ["run", "--server-per", "week"],
        ["run", "-s", "no-such-server"],
        ["run", "-s", "memcached", "--command", "x {socket}"],
        ["run", "--attach", "unix:"],
        ["run", "--shuffle=x"],
        ["run", "--junit"],
        ["run", "--attach", "nowhere"],
        ["run", "--known", "/nonexistent/known.yaml"],
        ["run", "/nonexistent/case.session"],
        ["run", "no/such/case"],
        ["run", "-k", "no such pattern"],
        ["list", "no/such/case"],
        ["show"],
        ["show", "no/such/case"],
        ["lint", "/nonexistent"],
    ],
    ids=lambda words: " ".join(words) or "nothing",
)
def test_what_makes_no_sense_exits_with_2_and_says_what_to_do(words):
    result = tool.command(*words)
    assert result.status == 2, result
    assert result.out == "" and result.err, result
    assert all(len(line) <= 200 for line in result.err.splitlines())
    # The word that is wrong is named, unless it is one that is missing.
    if words and words[-1] not in COMMANDS:
        assert words[-1].rstrip(",") in result.err or words[-2] in result.err, result


@pytest.mark.parametrize(
    "command, complaint",
    [
        ("server without an address",
         "must hold either {socket} or {port}, where the server shall listen"),
        ("server {socket} {port}",
         "must hold either {socket} or {port}, where the server shall listen"),
        ("x '{socket}", "left open; close the quote or end with a character"),
        ("x {sock}", "{sock} stands for nothing; there are {socket}, {port}, {dir}, {bin}, {cert}, "
         "{key} and {ca}"),
        ("", "names no program"),
    ],
)
def test_a_command_that_cannot_be_a_server(command, complaint):
    result = tool.command("run", "--keep", "none", "--command", command)
    assert (result.status, result.out) == (2, "")
    assert re.fullmatch(rf"--command:(\d+:\d+:)? {re.escape(complaint)}\n", result.err), result


@pytest.mark.parametrize("name, size, words", [
    ("big.yaml", 1 << 20, ["run", "-s", "big.yaml"]),
    ("known", 1 << 20, ["run", "--known", "known"]),
    ("flaky", 1 << 20, ["run", "--flaky", "flaky"]),
    ("a.session", 64 << 20, ["lint", "a.session"]),
])
def test_a_file_that_is_too_large(name, size, words, tmp_path):
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, size + 1)
    result = tool.command(*words, cwd=tmp_path, env={"MCREPLAY_DATA": str(tool.ROOT)})
    assert (result.status, result.out) == (2, "")
    assert result.err == f"{name}: can't read it: it is too large\n"


def test_a_near_miss_is_hinted_at():
    assert "run" in tool.command("rum").err
    assert "bytewise" in tool.command("run", "-d", "bytewize").err


@pytest.fixture
def tree(session):
    """A small tree of cases, as a folder."""
    for name in ("get/hit", "get/miss", "set/plain", "set/wrong"):
        path = session(f"tree/{name}", WRONG if name == "set/wrong" else BYSTANDER)
    return path.parents[1]


def played(result):
    return sorted("/".join(id.split("/")[-2:]) for id, *_ in result.cases)


def test_exit_statuses(run, session, profile, tree):
    assert run("-s", profile(), tree / "get").status == 0
    assert run("-s", profile(), tree).status == 1
    assert run("-s", profile("exit-at-once"), tree).status == 3
    broken = session("broken", "c1 > gte")
    result = tool.command("run", "-s", profile(), tree, broken)
    assert result.status == 2
    assert f"{broken}:3:6: " in result.err


def test_selection_by_paths_folders_globs_and_pattern(run, profile, tree):
    stub = profile()
    everything = ["get/hit", "get/miss", "set/plain", "set/wrong"]
    assert played(run("-s", stub, tree)) == everything
    assert played(run("-s", stub, tree / "get")) == everything[:2]
    assert played(run("-s", stub, tree / "get/hit.session")) == ["get/hit"]
    assert played(run("-s", stub, tree / "set/pl*")) == ["set/plain"]
    assert tool.command("run", "-s", stub, tree, "-k", "get/*").status == 2  # an id is a whole path
    assert played(run("-s", stub, tree, "-k", "et/")) == everything
    assert played(run("-s", stub, tree, "-k", "get/h")) == ["get/hit"]
    assert played(run("-s", stub, tree, "-k", "*get/*")) == everything[:2]
    assert played(run("-s", stub, tree, tree / "get/hit.session")) == everything


def test_the_projects_cases_are_selected_by_id(run, profile):
    ids = [case["id"] for case in json.loads(tool.command("list", "--json").out)]
    area = ids[0].split("/")[0]
    listed = [c["id"] for c in json.loads(tool.command("list", "--json", f"{area}/*").out)]
    assert listed == [id for id in ids if id.startswith(f"{area}/")]
    assert [c["id"] for c in json.loads(tool.command("list", "--json", ids[0]).out)] == ids[:1]


def test_too_few_cases_are_an_error(run, profile, tree):
    stub = profile()
    assert run("-s", stub, "--min", 2, tree / "get").status == 0
    result = tool.command("run", "-s", stub, "--min", 3, tree / "get")
    assert result.status == 2, result
    assert "3" in result.err and "2" in result.err
    empty = tree / "empty"
    empty.mkdir()
    assert tool.command("run", "-s", stub, empty).status == 2


def test_verbose_tells_every_case(run, profile, tree):
    result = run("-s", profile(), "-v", tree)
    assert len(re.findall(r"^PASS  ", result.out, re.M)) == 3
    assert not re.search(r"^PASS  ", run("-s", profile(), tree).out, re.M)


def test_a_pipe_gets_plain_lines(run, profile, tree):
    assert "\x1b" not in run("-s", profile(), tree).out


def test_list_as_text_and_as_json(tree):
    result = tool.command("list", tree)
    assert result.status == 0
    ids = [line.split()[0] for line in result.out.splitlines()]
    assert ids == sorted(ids)
    assert ["/".join(id.split("/")[-2:]) for id in ids] == [
        "get/hit", "get/miss", "set/plain", "set/wrong",
    ]
    cases = json.loads(tool.command("list", "--json", tree).out)
    assert [case["id"] for case in cases] == ids
    for case in cases:
        assert case["title"] and case["spec"] == ["noop"]
        assert case["file"].endswith(".session") and os.path.exists(case["file"])


EXACT = r"""
c1 > set key="k\x00" value="a \"b\" \\ " hex(ff fe) repeat(40, "z") flags=0xdeadbeef opaque=1
c1 < set opaque=1 cas=1
c1 > get key="k\x00" opaque=2
c1 < get value="a \"b\" \\ " hex(ff fe) repeat(40, "z") flags=0xdeadbeef opaque=2 cas=1
c1 > raw "no frame" u16(513)
c1 < raw hex(81)
c1 close
"""
VALUE = b'a "b" \\ \xff\xfe' + b"z" * 40
FLAGS = b"\xde\xad\xbe\xef"
CLIENT = (
    wire.request(wire.SET, extras=FLAGS + bytes(4), key=b"k\0", value=VALUE, opaque=1)
    + wire.request(wire.GET, key=b"k\0", opaque=2)
    + b"no frame"
    + struct.pack(">H", 513)
)
SERVER = (
    wire.response(wire.SET, opaque=1, cas=1)
    + wire.response(wire.GET, extras=FLAGS, value=VALUE, opaque=2, cas=1)
    + b"\x81"
)
SIDES = [("client", CLIENT), ("server", SERVER)]


def shown_bytes(*words, stdin=b""):
    argv = [tool.MCREPLAY, "show", *words]
    done = subprocess.run(argv, cwd=tool.ROOT, input=stdin, capture_output=True,
                          timeout=tool.PATIENCE)
    assert done.returncode == 0 and done.stderr == b"", done
    return done.stdout


def compiled(lines, side, session, dialect="stock"):
    """The bytes that lines of one side say, {ns} as 0000."""
    # A client's bytes may end anywhere.
    head = f"dialect  {dialect}\nspec  noop\nisolated\n"
    return shown_bytes("--bytes", "--side", side,
                       session("again", lines.decode() + "c1 close\n", head=head))


@pytest.mark.parametrize("side, wanted", SIDES)
def test_show_bytes(side, wanted, session):
    assert shown_bytes("--bytes", "--side", side, session("a", EXACT)) == wanted


@pytest.mark.parametrize("side, wanted", SIDES)
def test_show_hex(side, wanted, session):
    """A dump of offsets, sixteen bytes a line, and their text."""
    dump = shown_bytes("--hex", "--side", side, session("a", EXACT)).decode()
    assert hex_bytes(dump) == wanted, dump


def hex_bytes(dump):
    found = b""
    for line in dump.splitlines():
        row = re.match(r"^\s*([0-9a-f]{4,8}):?  ?((?:[0-9a-f]{2} {1,2}){1,16})", line)
        if row:
            found += bytes.fromhex(row[2])
    return found


def test_show_prints_the_session_and_its_text_compiles_to_the_same_bytes(session):
    path = session("a", EXACT)
    shown = tool.command("show", path)
    assert shown.status == 0
    again = path.with_name("again.session")
    again.write_text(shown.out)
    for side, wanted in SIDES:
        assert shown_bytes("--bytes", "--side", side, again) == wanted
    assert tool.command("show", again).out == shown.out


def test_canonical_text_of_the_projects_cases_is_a_fixed_point(tmp_path):
    for case in json.loads(tool.command("list", "--json").out)[::5]:
        shown = tool.command("show", case["id"])
        assert shown.status == 0 and shown.out, shown
        again = tmp_path / "again.session"
        again.write_text(shown.out)
        assert tool.command("show", again).out == shown.out


def test_a_broken_case_does_not_hinder_the_others(tmp_path, session):
    """With an id only the cases that it fits are read."""
    (tmp_path / "data/fixtures/servers").mkdir(parents=True)
    session("data/cases/get/hit", BYSTANDER)
    session("data/cases/get/broken", "c1 > gte")
    env = {"MCREPLAY_DATA": tmp_path / "data"}
    listed = tool.command("list", "get/h*", env=env)
    assert (listed.status, listed.out.split()[0]) == (0, "get/hit"), listed
    assert tool.command("list", "get/b*", env=env).status == 2
    assert tool.command("list", env=env).status == 2


STREAMS = {
    "frames": (SERVER, CLIENT),
    "nothing": (b"", b""),
    "every byte": (bytes(range(256)), bytes(range(256))[::-1]),
    "half a header": (SERVER[:13], CLIENT[:13]),
    "lengths that lie": (
        wire.HEADER.pack(0x81, 0, 0xFFFF, 0xFF, 0, 0, 3, 0, 0) + b"abc",
        wire.HEADER.pack(0x80, 0, 9, 0, 0, 0, 3, 0, 0) + b"abc",
    ),
    "a body without end": (
        wire.HEADER.pack(0x81, 0, 0, 0, 0, 0, 0xFFFFFFFF, 0, 0) + b"abc",
        wire.HEADER.pack(0x80, 0, 0, 0, 0, 0, 0xFFFFFFFF, 0, 0) + b"abc",
    ),
    "unknown opcodes, magics and statuses": (
        wire.response(0xFD, status=0x4321, value=b"\n") + wire.pack(0x82, 1) + wire.pack(0x18, 0),
        wire.request(0xFD, status=0x4321, key=b'"{ns}"') + wire.pack(0x83, 1) + wire.pack(0x08, 0),
    ),
    "a long value": (wire.response(0, extras=FLAGS, value=bytes(300000)),
                     wire.request(1, extras=bytes(8), key=b"k", value=b"x" * 300000)),
}


@pytest.mark.parametrize("dialect", ["stock", "couchbase"])
@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("name", STREAMS)
def test_show_from_bytes_loses_nothing(name, side, dialect, session, tmp_path):
    """Bytes to text to bytes."""
    data = STREAMS[name][side == "client"]
    path = tmp_path / "stream.bin"
    path.write_bytes(data)
    options = ["--from-bytes", "--side", side, "--dialect", dialect]
    text = shown_bytes(*options, path)
    arrow = b"c1 > " if side == "client" else b"c1 < "
    assert all(line.startswith(arrow) for line in text.splitlines())
    assert compiled(text, side, session, dialect) == data
    assert shown_bytes(*options, "-", stdin=data) == text


def test_show_from_bytes_names_what_it_can(tmp_path):
    """A frame is a line; what is none is raw."""
    path = tmp_path / "stream.bin"
    path.write_bytes(CLIENT)
    assert shown_bytes("--from-bytes", "--side", "client", "--conn", "c7", path).decode() == (
        'c7 > set flags=0xdeadbeef expiry=0 key="k\\x00" '
        'value="a \\"b\\" \\\\ \\xff\\xfe" repeat(40, "z") opaque=0x1\n'
        'c7 > get key="k\\x00" opaque=0x2\n'
        'c7 > raw "no frame\\x02\\x01"\n'
    )


def test_show_takes_the_bytes_of_the_connection_that_is_named(session):
    path = session("a", """
        c1 > noop opaque=1
        c2 > noop opaque=2
        c2 < noop opaque=2
        c1 < noop opaque=1
    """)
    for conn in (1, 2):
        for side, frame in (("client", wire.request), ("server", wire.response)):
            shown = shown_bytes("--bytes", "--side", side, "--conn", f"c{conn}", path)
            assert shown == frame(wire.NOOP, opaque=conn)


@pytest.mark.parametrize(
    "steps, side, complaint",
    [
        ("c1 > noop\nc1 < noop opaque=*", "server",
         ":4:1: this line has no bytes of its own: there are holes in it"),
        ('c1 > set key="{ns}k"\nc1 < set cas=?a\nc1 > get key="{ns}k" cas=$a\nc1 < get cas=$a',
         "client", ":5:1: this line has no bytes of its own: it sends back what the server has "
         "answered"),
    ],
)
def test_show_says_which_line_has_no_bytes_of_its_own(steps, side, complaint, session):
    path = session("a", steps)
    result = tool.command("show", "--bytes", "--side", side, path)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"{path}{complaint}\n"


def test_lint_is_silent_about_good_sessions(session, tree):
    result = tool.command("lint", tree)
    assert (result.status, result.err) == (0, ""), result


QUOTED = """
    c1 > get key="{ns}$a$i" opaque=1
    c1 < get cas=?a value="$b $ \\\\" opaque=1
    repeat 2 as i {
      c1 > get key="{ns}$i" opaque=1
      each {
        c1 < get key="\\"$a" opaque=1
      }
      c1 < get key="$ab" $a opaque=$i
    }
"""


def test_lint_points_out_names_inside_quotes(session):
    path = session("a", QUOTED, head="spec  get\n")
    result = tool.command("lint", path)
    assert result.status == 2, result
    said = [line.removeprefix(f"{path}:") for line in result.err.splitlines()]
    assert [line.split(" stands inside quotes")[0] for line in said] == ["3: $a", "6: $i", "8: $a"]


def test_lint_of_the_project_is_clean():
    result = tool.command("lint")
    assert (result.status, result.err) == (0, ""), result


def test_lint_names_every_fault_of_a_file(session):
    path = session("bad", 'c1 > gte key="k"\nc1 > get key="k\nc1 < get sttus=1')
    result = tool.command("lint", path)
    assert result.status == 2
    places = [line.split(": ")[0] for line in result.err.splitlines()]
    assert places == [f"{path}:3:6", f"{path}:4:14", f"{path}:5:10"], result


KNOWN = """
- case: "*planted"
  kind: {kind}
  why: the stub is known to do so
"""


@pytest.mark.parametrize("entry, known", [
    ("{stop: SIGABRT, why: so}", True),
    ("{stop: SIGABRT, transport: unix, why: so}", True),
    ("{stop: SIGABRT, transport: tls, why: so}", False),
    ("{stop: SIGSEGV, why: so}", False),
])
def test_a_server_may_be_known_to_crash_when_told_to_stop(entry, known, run, session, profile,
                                                         tmp_path):
    path = tmp_path / "known.yaml"
    path.write_text(f"- {entry}\n")
    cases = [session("a", BYSTANDER), session("b", SESSIONS["last"])]
    result = run("-s", profile("crash-stopping"), "--known", path, "-j", 1, "-v", *cases)
    assert (result.status, result.totals["passed"]) == (0 if known else 1, 2), result
    assert result.totals["xfailed" if known else "errors"] == 1, result
    assert ("so (the server was killed by signal 6 (Aborted) when told to stop)" in result.out
            ) == known, result


def test_no_entry_excuses_a_crash_before_the_stop(run, session, profile, tmp_path):
    path = tmp_path / "known.yaml"
    path.write_text("- {stop: SIGABRT, why: so}\n")
    result = run("-s", profile("crash"), "--known", path, session("a", SESSIONS["last"]))
    assert (result.status, result.totals["errors"]) == (1, 1), result


def test_a_known_failure_is_no_failure_and_an_unknown_one_is(run, session, profile, tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text(KNOWN.format(kind="leftover"))
    path = session("planted", SESSIONS["last"])
    result = run("-s", profile("extra-byte"), "--known", known, path)
    assert result.status == 0 and result.totals["xfailed"] == 1, result
    result = run("-s", profile(), "--known", known, path)
    assert result.status == 1 and result.totals["xpassed"] == 1, result
    known.write_text(KNOWN.format(kind="unexpected_close"))
    result = run("-s", profile("extra-byte"), "--known", known, path)
    assert result.status == 1 and result.totals["failed"] == 1, result
