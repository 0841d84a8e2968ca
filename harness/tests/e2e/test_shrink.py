"""`mcreplay shrink`: the shortest session that fails in the same way, under the simplest delivery,
and nothing but what a sound server passes."""

import os
import re
import shlex
import signal
import subprocess

import pytest
import tool
from sessions import BYSTANDER, SESSIONS, WRONG
from test_deliveries import STEPS

SIZE = re.compile(r"(\d+) requests?, (\d+) bytes")


class Shrunk:
    """What a shrink came to: its words, and the file that it wrote."""

    def __init__(self, result, path):
        self.result, self.status, self.path = result, result.status, path
        self.text = path.read_text() if path.exists() else None
        if self.status == 0:
            self.before, self.after = (
                tuple(map(int, SIZE.search(result.out, result.out.index(f"\n  {word} ")).groups()))
                for word in ("from", "to"))
            self.signature = re.match(r"SHRUNK  .*?\]  ?\S+  (.+)", result.out)[1]
            self.delivery = re.search(r"^  to .*, under (\S+)$", result.out, re.M)[1]
            self.voucher = re.search(r"^  vouched by  (.+)$", result.out, re.M)[1]
            self.plays = int(re.search(r"^  (\d+) plays in ", result.out, re.M)[1])
            self.reproduce = re.search(r"^  reproduce  (.+)$", result.out, re.M)[1]

    def __repr__(self):
        return f"{self.result}\n{self.text}"

    @property
    def steps(self):
        """The lines behind the head."""
        return self.text.splitlines()[2:]


@pytest.fixture
def shrink(tmp_path):
    def play(*args, path="planted-shrunk.session", **keywords):
        result = tool.command("shrink", *args, cwd=tmp_path, **keywords)
        return Shrunk(result, tmp_path / path)

    return play


def again(shrunk, tmp_path):
    """The printed line in a shell; it is to fail, and the finding is returned."""
    done = subprocess.run(["sh", "-c", shrunk.reproduce + " --keep none --last /dev/null"],
                          cwd=tmp_path, env=tool.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=tool.PATIENCE)
    result = tool.Result([shrunk.reproduce], done.returncode, done.stdout, done.stderr)
    tool.read_console(result)
    assert result.status == 1, f"{result}\n{shrunk!r}"
    return result.finding


# The four whose like the whole tool is for, and some more: plant, steps, delivery, what is found,
# frames at most, the delivery that is left, a pattern of what vouches.
DEFECTS = {
    "a byte is lost when a send is partial":
        ("loses-a-byte-when-jammed", "jam", "slow-read",
         "nonconformance: the answer to get, value", 3, "slow-read", "under whole"),
    "an answer is held back until the next request":
        ("held-till-request", "middle", "bytewise",
         "timeout: the answer to get", 2, "whole", "under pipelined"),
    "wrong when a header comes in two pieces":
        ("cut-header", "gets", "bytewise",
         "nonconformance: the answer to get, opaque", 1, "split:1", "under whole"),
    "the same at random":
        ("cut-header", "gets", "random:1",
         "nonconformance: the answer to get, opaque", 1, "split:1", "under whole"),
    "the same with a cut that others are no simpler than":
        ("cut-header", "gets", "split:22",
         "nonconformance: the answer to get, opaque", 1, "split:22", "under whole"),
    "wrong when a value comes in pieces":
        ("cut-value", "sets", "bytewise",
         "nonconformance: the answer to set, opaque", 1, "fields", "under whole"),
    "two connections' answers are mixed":
        ("mixed-up", "own", "crowd:8",
         "nonconformance: the answer to get, status: want 0x0001 key_enoent, got 0x0000 success",
         3, "crowd:2", "under whole"),
    "it stands still while a request is incomplete":
        ("block-on-request", "last", "pause", "timeout: the answer to get", 1, "pause",
         "under whole"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_brought_down_and_fails_the_same_way(
        name, shrink, session, profile, tmp_path):
    plant, steps, delivery, signature, most, simplest, voucher = DEFECTS[name]
    session("planted", STEPS[steps])
    shrunk = shrink("-s", profile(plant), "-d", delivery, "--timeout", "1", "--seed", 7,
                    "planted.session")
    assert shrunk.status == 0, shrunk
    assert (shrunk.signature, shrunk.delivery) == (signature, simplest), shrunk
    assert shrunk.voucher.endswith(voucher), shrunk
    assert 1 <= shrunk.after[0] <= most, shrunk
    assert shrunk.after[0] == sum(" > " in line for line in shrunk.steps), shrunk
    assert shrunk.after <= shrunk.before, shrunk
    assert again(shrunk, tmp_path).kind == signature.split(":")[0]
    sound = tool.run(tmp_path, "-s", profile(None), "-d", simplest, shrunk.path)
    assert sound.status == 0, f"{sound}\n{shrunk!r}"


def test_a_defect_that_only_random_cuts_show(shrink, session, profile, tmp_path):
    """They follow from the seed and the case's id: the new file has another id."""
    session("planted", STEPS["gets"])
    shrunk = shrink("-s", profile("cut-once"), "-d", "random:1", "--seed", 7, "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.signature == "nonconformance: the answer to get, opaque"
    assert shrunk.delivery == "random:1" and shrunk.after[0] <= 3, shrunk
    assert again(shrunk, tmp_path).kind == "nonconformance"


def test_a_value_is_left_as_long_as_the_defect_needs(shrink, session, profile):
    session("planted", STEPS["large"] + BYSTANDER.replace("{ns}k", "{ns}other"))
    shrunk = shrink("-s", profile("wrong-above=12345"), "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.signature == "nonconformance: the answer to get, opaque"
    assert shrunk.after == (2, 12346 + 2 * 24 + 8 + 2 * 4), shrunk
    assert "value=repeat(12346, \"x\")" in shrunk.text and "under no simple" in shrunk.voucher


def test_what_holds_under_some_delivery_is_vouched_for_by_it(shrink, session, profile):
    """Without its `setq` there is no answer to a `getq`, either."""
    session("planted", """
        c1 > setq key="{ns}plant" value="abc" flags=3 opaque=5
        c1 > getq key="{ns}plant" opaque=6
        c1 < getq flags=3 value="abc" opaque=6 cas=*
    """)
    shrunk = shrink("-s", profile("held-till-woken"), "--timeout", "1", "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.signature == "timeout: the answer to getq"
    assert shrunk.voucher.endswith("under half-close")
    assert shrunk.steps == ['c1 > setq key="{ns}plant" value="a"', 'c1 > getq key="{ns}plant"',
                            'c1 < getq value="a" cas=*'], shrunk


# A `get` that finds nothing although there is something: so would any `get` without its `set`.
FORGOTTEN = """
    repeat 3 {
      c1 > set key="{ns}plant" value="longvalue" flags=9 opaque=1
      c1 < set opaque=1 cas=*
    }
    c1 > set key="{ns}b" value="other" opaque=1
    c1 < set opaque=1 cas=*
    c1 > get key="{ns}plant" opaque=3
    c1 < get flags=9 value="longvalue" opaque=3 cas=*
"""


def test_a_request_that_an_answer_depends_on_stays(shrink, session, profile, tmp_path):
    session("planted", FORGOTTEN)
    shrunk = shrink("-s", profile("forgets"), "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.signature.endswith("status: want 0x0000 success, got 0x0001 key_enoent")
    assert shrunk.after[0] == 2 and shrunk.steps[0].startswith('c1 > set key="{ns}plant"'), shrunk
    assert 'value="longvalue"' in shrunk.text  # a wrong status keeps its values
    assert tool.run(tmp_path, "-s", profile(None), shrunk.path).status == 0
    profile("forgets")
    assert again(shrunk, tmp_path).kind == "nonconformance"


def test_a_reference_vouches_and_allows_more(shrink, session, profile, tmp_path):
    session("planted", FORGOTTEN)
    sound = tool.stub_profile(tmp_path / "sound.yaml", name="sound")
    shrunk = shrink("-s", profile("forgets"), "--reference", sound, "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.voucher == "sound, which passes it"
    assert shrunk.after[0] == 2 and 'value="l"' in shrunk.text, shrunk
    assert tool.run(tmp_path, "-s", sound, shrunk.path).status == 0


def test_memcached_can_be_the_reference(shrink, session, profile):
    session("planted", FORGOTTEN)
    shrunk = shrink("-s", profile("forgets"), "--reference", "memcached", "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.voucher == "memcached, which passes it" and shrunk.after[0] == 2, shrunk


def test_a_reference_that_fails_as_well(shrink, session, profile, tmp_path):
    session("planted", FORGOTTEN)
    other = tool.stub_profile(tmp_path / "other.yaml", "forgets")
    shrunk = shrink("-s", profile("forgets"), "--reference", other, "planted.session")
    assert (shrunk.status, shrunk.text) == (2, None)
    assert "planted fails on the reference, too (nonconformance: status" in shrunk.result.err


def test_a_crash(shrink, session, profile, tmp_path):
    session("planted", "repeat 5 {" + BYSTANDER + "}" + SESSIONS["last"])
    shrunk = shrink("-s", profile("crash"), "-d", "bytewise", "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.signature.startswith("server_crash: the server was killed by signal 6")
    assert shrunk.steps[0] == 'c1 > get key="{ns}plant"' and shrunk.after[0] == 1, shrunk
    assert shrunk.delivery == "whole"
    assert again(shrunk, tmp_path).kind == "server_crash"


def test_connections_and_blocks_that_are_not_needed_go(shrink, session, profile):
    session("planted", """
        c2 > stat opaque=1
        each {
          c2 < others stat key=*{1..} value=* opaque=1
        }
        c2 < stat opaque=1
        c1 > quit
        c1 < quit
        c1 < closed
        c1 connect
        c3 > get key="{ns}none" opaque=9
        either {
          c3 < get status=key_enoent value=* opaque=9
        } or {
          c3 < closed
        }
        c1 > get key="{ns}plant"
        c1 < get status=key_enoent value="Not found"
        c3 half-close
    """)
    shrunk = shrink("-s", profile("cut-header"), "-d", "split:1", "planted.session")
    assert shrunk.status == 0, shrunk
    assert shrunk.steps == ['c1 > get key="{ns}plant"',
                            'c1 < get status=key_enoent value="Not found"'], shrunk


def test_the_same_failure_gives_the_same_session(shrink, session, profile):
    session("planted", STEPS["gets"] + FORGOTTEN)
    args = ("-s", profile("cut-header"), "-d", "random:3", "--seed", 9, "planted.session")
    first = shrink(*args)
    assert first.status == 0, first
    second = shrink(*args, "-f")
    assert (second.text, second.plays) == (first.text, first.plays), second


def test_what_comes_and_goes(shrink, session, profile, tmp_path):
    session("planted", BYSTANDER + STEPS["last"])
    shrunk = shrink("-s", profile(f"sometimes={tmp_path}/count"), "planted.session")
    assert shrunk.status == 0, shrunk
    assert re.search(r"^  it comes and goes: failed so [12] of 3 times, then each candidate was "
                     r"played up to 5 times$", shrunk.result.out, re.M), shrunk
    assert shrunk.after[0] == 1, shrunk
    said = shrink("-s", profile(f"sometimes={tmp_path}/count"), "--tries", 9, "-f",
                  "planted.session")
    assert "played up to 9 times" in said.result.out


def test_on_tcp(shrink, session, profile, tmp_path):
    session("planted", STEPS["own"])
    shrunk = shrink("-s", profile("held-till-woken"), "--transport", "tcp", "--timeout", "1",
                    "planted.session")
    assert shrunk.status == 0 and shrunk.after[0] == 1, shrunk
    assert "--transport tcp" in shrunk.reproduce
    assert again(shrunk, tmp_path).transport == "tcp"


def test_on_tls(shrink, session, tmp_path):
    """The deliveries that are about records are as good as any."""
    session("planted", BYSTANDER + WRONG)
    shrunk = shrink("-s", "memcached", "--transport", "tls", "-d", "records", "planted.session")
    assert shrunk.status == 0 and (shrunk.after[0], shrunk.delivery) == (1, "whole"), shrunk
    finding = again(shrunk, tmp_path)
    assert (finding.transport, finding.kind) == ("tls", "nonconformance")


def test_an_attached_server(shrink, session, tmp_path):
    path = tmp_path / "s"
    server = subprocess.Popen([*tool.stub_argv("extra-byte"), "--socket", str(path)])
    try:
        while not path.exists():
            assert server.poll() is None
            os.sched_yield()
        session("planted", SESSIONS["last"])
        shrunk = shrink("--attach", f"unix:{path}", "planted.session")
    finally:
        server.terminate()
        server.wait()
    assert shrunk.status == 0 and shrunk.after[0] == 1, shrunk


def test_a_case_that_passes(shrink, session, profile):
    session("planted", BYSTANDER)
    shrunk = shrink("-s", profile(), "-d", "bytewise", "planted.session")
    assert (shrunk.status, shrunk.text) == (1, None), shrunk
    assert shrunk.result.out.startswith("planted passes under bytewise on unix, 3 times of 3")


def test_a_server_that_does_not_start(shrink, session, profile):
    session("planted", BYSTANDER)
    shrunk = shrink("-s", profile("exit-at-once"), "planted.session")
    assert (shrunk.status, shrunk.text) == (3, None), shrunk
    assert "stub: no such option" in shrunk.result.err


def test_a_bound_on_the_plays(shrink, session, profile, tmp_path):
    session("planted", STEPS["gets"])
    shrunk = shrink("-s", profile("cut-header"), "-d", "bytewise", "--plays", 6, "planted.session")
    assert shrunk.status == 0 and shrunk.plays == 6, shrunk
    assert "as many as --plays allows; it may get shorter" in shrunk.result.out
    assert shrunk.after[0] == 1 and "opaque=2" in shrunk.text, shrunk
    assert again(shrunk, tmp_path).kind == "nonconformance"


def test_an_interruption_writes_what_is_there(session, profile, tmp_path, events):
    """Servers start when the test lets them, so that it knows how far the shrinking has come."""
    gate, script = tmp_path / "gate", tmp_path / "server"
    os.mkfifo(gate)
    fd = os.open(gate, os.O_RDWR)
    command = shlex.join(tool.stub_argv("cut-header", tell=events.path))
    script.write_text(f'#!/bin/sh\nread go < {gate}\nexec {command} --socket "$1"\n')
    script.chmod(0o755)
    os.write(fd, b"go\n" * 8)
    session("planted", STEPS["gets"])
    process = tool.start("shrink", "--command", f"{script} {{socket}}", "-d", "bytewise",
                         "planted.session", cwd=tmp_path)
    events.wait("start", 8)
    process.send_signal(signal.SIGINT)
    os.write(fd, b"go\n" * 8)
    result = tool.finish(process)
    os.close(fd)
    assert result.status == 3, result
    assert "interrupted; it may get shorter" in result.out
    text = (tmp_path / "planted-shrunk.session").read_text()
    assert text.count(" > get ") == 1 and "400" not in text


@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_is_there(force, shrink, session, profile, tmp_path):
    session("planted", SESSIONS["last"])
    there = tmp_path / "there.session"
    there.write_text("mine\n")
    shrunk = shrink("-s", profile("extra-byte"), "-o", there, *(["-f"] if force else []),
                    "planted.session", path=there.name)
    assert shrunk.status == (0 if force else 2), shrunk
    assert (shrunk.text == "mine\n") != force
    assert force or "there.session is there" in shrunk.result.err
    assert sorted(path.name for path in tmp_path.glob("*.session*")) == [
        "planted.session", "there.session"]


def test_a_file_beside_the_case(shrink, session, profile, tmp_path):
    """What a case takes from beside it is there for the new file as well, or that is said."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "value.bin").write_bytes(b"x" * 30)
    session("folder/planted", """
        c1 > set key="{ns}plant" value=file(value.bin)
        c1 < set cas=*
    """)
    shrunk = shrink("-s", profile("extra-byte"), "folder/planted.session")
    assert (shrunk.status, shrunk.text) == (2, None), shrunk
    assert "as planted-shrunk.session it does not compile; name one beside the case with -o" in (
        shrunk.result.err), shrunk
    shrunk = shrink("-s", profile("extra-byte"), "-o", "folder/short.session",
                    "folder/planted.session", path="folder/short.session")
    assert shrunk.status == 0 and "file(value.bin)" in shrunk.text, shrunk
    again(shrunk, tmp_path)


@pytest.mark.parametrize(
    "words, complaint",
    [
        ([], "name one case that fails"),
        (["planted.session", "planted.session"], "name one case that fails"),
        (["-d", "whole,bytewise", "planted.session"], "name one delivery, one that"),
        (["-d", "all", "planted.session"], "name one delivery, one that"),
        (["--transport", "unix,tcp", "planted.session"], "name one transport, one that"),
        (["-d", "crowd:2", "alone.session"], "alone is not played: not under crowd:2"),
        (["."], "2 cases are named; one is shrunk at a time"),
        (["-o", "planted.session", "-f", "planted.session"], "is the case itself"),
        (["-o", "no/such/folder.session", "planted.session"], "can't write no/such/folder.session"),
        (["--tries", "0", "planted.session"], "--tries: \"0\" should be a number from 1"),
        (["--plays", "x", "planted.session"], "--plays: \"x\" should be a number from 1"),
        (["--timeout", "soon", "planted.session"], "--timeout: \"soon\" should be"),
        (["--reference", "nowhere", "planted.session"], "no profile for \"nowhere\""),
        (["--repeat", "3", "planted.session"], "unknown option --repeat"),
        (["nowhere.session"], "no such file"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_what_makes_no_sense(words, complaint, shrink, session, profile):
    session("planted", SESSIONS["last"])
    session("alone", SESSIONS["last"], head="spec  noop\nisolated\n")
    shrunk = shrink("-s", profile("extra-byte"), *words)
    assert (shrunk.status, shrunk.text) == (2, None), shrunk
    assert shrunk.result.out == "" and complaint in shrunk.result.err, shrunk
