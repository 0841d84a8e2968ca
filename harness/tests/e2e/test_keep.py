"""What is kept of a failure: a folder whose files agree with the report, with the server and with
each other, and whose script fails in the same way."""

import re
import shutil
import subprocess

import pytest
import tool
import wire
from sessions import BYSTANDER, SESSIONS, WRONG

FILES = {"case.session", "conversation.pcap", "conversation.txt", "diff.txt", "received.c1.bin",
         "repro.sh", "sent.c1.bin", "server.log", "server.txt"}
TRANSPORTS = ["unix", "tcp", "tls"]


def folder(finding):
    """The folder that a finding names; runs start in the project's root."""
    return tool.ROOT / re.search(r"^  kept  (.+)$", finding.text, re.M)[1]


def names(place):
    return {p.name for p in place.iterdir()}


def repeated(place, *args):
    """What the kept script comes to, started from elsewhere."""
    done = subprocess.run([place / "repro.sh", *map(str, args)], cwd="/", env=tool.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=tool.PATIENCE)
    result = tool.Result([place / "repro.sh"], done.returncode, done.stdout.decode(),
                         done.stderr.decode())
    tool.read_console(result)
    return result


def without_time(head):
    return re.sub(r"\(\d+ ms\)", "", head)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("delivery", ["whole", "bytewise", "split:24"])
def test_the_folder_holds_it_all(delivery, transport, run, session, profile):
    case = session("a", SESSIONS["last"])
    result = run("-s", profile("extra-byte"), "-d", delivery, "--transport", transport, case)
    place = folder(result.finding)
    assert place.name.endswith(f".a.{delivery.replace(':', '-')}.{transport}")
    assert names(place) == FILES
    assert (place / "case.session").read_bytes() == case.read_bytes()
    # A set and a get have been asked for, and answered with one byte too many.
    sent = bytearray((place / "sent.c1.bin").read_bytes())
    requests = [wire.take(sent), wire.take(sent)]
    assert [r.opcode for r in requests] == [wire.SET, wire.GET] and not sent
    received = bytearray((place / "received.c1.bin").read_bytes())
    answers = [wire.take(received), wire.take(received)]
    assert [(a.opaque, a.value) for a in answers] == [(1, b""), (2, b"Not found")]
    assert bytes(received) == b"\0"
    talk = (place / "conversation.txt").read_text()
    assert re.search(r"\d us  c1 connect\n.* c1 > set .*\n.* c1 < set .*\n.* c1 > get .*\n"
                     r".* c1 < get status=key_enoent value=\"Not found\" opaque=0x2\n"
                     r".* c1 < raw hex\(00\)\n", talk), talk
    assert bool(re.search(r"c1 > get .*  # in \d\d chunks", talk)) == (delivery == "bytewise"), talk
    diff = (place / "diff.txt").read_text()
    assert diff.startswith(f"leftover: {case}\n1 byte more than expected: raw hex(00)\n")
    server = (place / "server.txt").read_text()
    assert "stub_server.pyc --plant extra-byte --" in server and "{" not in server
    assert "\nversion      starts with stub-1.0\n" in server and "\nfate         alive\n" in server


@pytest.mark.parametrize("plant, steps, args", [
    ("extra-byte", "last", ("-d", "bytewise")), ("close-inside", "middle", ("-d", "pipelined")),
    ("no-answer", "last", ("--timeout", 1)), ("crash", "last", ("--transport", "tcp")),
    ("exit-at-once", "last", ())])
def test_the_script_fails_in_the_same_way(plant, steps, args, run, session, profile):
    result = run("-s", profile(plant), *args, session("a", SESSIONS[steps]))
    place = folder(result.finding)
    before = {p.name: p.stat().st_mtime_ns for p in place.iterdir()}
    again = repeated(place)
    assert again.status == result.status, again
    assert again.finding.signature == result.finding.signature, again
    heads = [next(l for l in r.out.splitlines() if tool.HEAD.match(l)) for r in (result, again)]
    assert without_time(heads[0]) == without_time(heads[1])
    # What was kept is as it was.
    assert "  kept  " not in again.out
    assert {p.name: p.stat().st_mtime_ns for p in place.iterdir()} == before


def test_the_script_takes_further_options(run, session, profile, tmp_path):
    result = run("-s", profile(), session("a", WRONG))
    place = folder(result.finding)
    again = repeated(place, "--repeat", 2, "--keep", tmp_path / "again")
    assert again.totals["failed"] == 2
    assert names(tmp_path / "again") == {place.name, place.name + ".r2"}


def test_none_leaves_nothing(run, session, profile, tmp_path):
    case = session("a", WRONG)
    before = names(tmp_path) | {"stub.yaml", "report"}
    result = run("-s", profile(), "--keep", "none", case, cwd=tmp_path)
    assert result.status == 1
    assert "  kept  " not in result.out
    assert names(tmp_path) == before


@pytest.mark.parametrize("build, place", [("none", "mcreplay-failures"),
                                          ("file", "mcreplay-failures"),
                                          ("folder", "build/report/failures")])
def test_where_nobody_says(build, place, session, profile, tmp_path):
    case = session("a", WRONG)
    (tmp_path / "here").mkdir()
    if build == "file":
        (tmp_path / "here" / "build").write_text("")
    if build == "folder":
        (tmp_path / "here" / "build").mkdir()
    result = tool.command("run", "-s", profile(), case, cwd=tmp_path / "here")
    (kept,) = (tmp_path / "here" / place).iterdir()
    assert f"\n  kept  {place}/{kept.name}\n  reproduce  " in result.out
    assert repeated(kept).status == 1


def test_what_passes_or_is_known_leaves_nothing(run, session, profile, tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text("- {case: '*/a', kind: nonconformance, why: so it is}\n")
    result = run("-s", profile(), "--known", known,
                 session("a", WRONG), session("b", BYSTANDER))
    assert result.status == 0, result
    assert (result.totals["xfailed"], result.totals["passed"]) == (1, 1)
    assert not tool.kept_path(tmp_path).exists()


def test_what_passes_against_the_list_is_kept(run, session, profile, tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text("- {case: '*/a', kind: nonconformance, why: so it is}\n")
    result = run("-s", profile(), "--known", known, session("a", BYSTANDER))
    assert (result.status, result.totals["xpassed"]) == (1, 1), result
    place = folder(result.finding)
    assert names(place) == FILES
    assert (place / "diff.txt").read_text().startswith("xpass: ")
    again = repeated(place)
    assert again.finding.signature == result.finding.signature, again


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_log_of_a_crashed_server(transport, run, session, profile):
    result = run("-s", profile("garbage-and-crash"), "--transport", transport, "-j", 1,
                 session("a", SESSIONS["last"]))
    place = folder(result.finding)
    assert (place / "server.log").read_bytes().endswith(bytes(range(256)))
    assert "fate         was killed by signal 6 (Aborted)\n" in (place / "server.txt").read_text()
    assert "the server was killed by signal 6 (Aborted)" in (place / "diff.txt").read_text()
    assert re.search(r"c1 < closed", (place / "conversation.txt").read_text())


def test_a_request_that_is_taken_in_part(run, session, profile):
    """The server reads no more: what the kernel has taken is on the tape all the same."""
    result = run("-s", profile("never-reads"), "--timeout", 1, session("a", SESSIONS["big"]))
    unsent = int(re.search(r"(\d+) bytes of the request are unsent", result.finding.text)[1])
    sent = (folder(result.finding) / "sent.c1.bin").read_bytes()
    assert len(sent) == 33 + 24 + 8 + len("1000big") + 8_000_000 - unsent
    assert sent.endswith(b"x" * 1000)


def test_every_connection_has_its_files(run, session, profile):
    steps = """
        c1 > noop opaque=1
        c1 < noop opaque=1
        c2 > noop opaque=2
        c2 < noop opaque=2
        c2 close
        c2 connect
        c2 > noop opaque=3
        c2 < noop opaque=3
        c1 > get key="{ns}none" opaque=4
        c1 < get flags=1 opaque=4
    """
    result = run("-s", profile(), session("a", steps))
    place = folder(result.finding)
    assert names(place) == FILES | {"sent.c2.bin", "received.c2.bin"}
    assert (place / "received.c2.bin").read_bytes() == b"".join(
        wire.response(wire.NOOP, opaque=n) for n in (2, 3))


def test_the_report_names_the_files(run, session, profile):
    result = run("-s", profile(), session("a", WRONG), session("b", BYSTANDER))
    (out,) = result.report.iter("system-out")
    paths = re.findall(r"\[\[ATTACHMENT\|(.+)\]\]\n", out.text)
    place = folder(result.finding)
    assert paths == sorted(str(p.resolve()) for p in place.iterdir())


def test_no_key_space_is_a_number(run, session, profile):
    """Else a server that takes a key for a number would find one now and then."""
    result = run("-s", profile(), "-j", 3, "--repeat", 12, session("a", WRONG))
    talks = [(folder(f) / "conversation.txt").read_text() for f in result.findings]
    spaces = [re.search(r'get key="(\w{4})absent"', talk)[1] for talk in talks]
    assert len(spaces) == 12 and all(s[0].isalpha() for s in spaces), spaces


def test_a_hundred_are_enough(run, session, profile, tmp_path):
    result = run("-s", profile(), "-j", 2, "--repeat", 102, session("a", WRONG))
    assert result.totals["failed"] == 102
    assert len(names(tool.kept_path(tmp_path))) == 100
    assert result.out.count("not kept: 100 failures of this run are kept already\n") == 2


def test_a_folder_that_cannot_be_written_costs_no_verdict(run, session, profile, tmp_path):
    (tmp_path / "file").write_text("")
    result = run("-s", profile(), "--keep", tmp_path / "file", session("a", WRONG))
    assert result.status == 1
    assert "not kept: can't write below" in result.finding.text


def dissected(place, *fields):
    """Fields of the frames that Wireshark's dissector of the protocol finds in the capture, in the
    capture's order."""
    assert shutil.which("tshark"), "needs tshark"
    argv = ["tshark", "-r", str(place / "conversation.pcap"), "-o", "tcp.check_checksum:TRUE",
            "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "occurrence=a",
            *(word for field in fields for word in ("-e", field))]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=tool.PATIENCE, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


# A frame's opcode by the names of the notation, as far as these tests use them.
OPCODES = {"set": wire.SET, "get": wire.GET, "noop": wire.NOOP, "getk": wire.GETK}


@pytest.mark.parametrize("delivery", ["whole", "pipelined", "bytewise"])
def test_wireshark_reads_the_same_conversation(delivery, run, session, profile):
    """Opaques that are the same numbers in either byte order: Wireshark shows them in the other."""
    steps = """
        c1 > set key="{ns}k" value="v" opaque=0x11000011
        c1 < set opaque=0x11000011 cas=*
        c2 > noop opaque=0x22000022
        c2 < noop opaque=0x22000022
        c1 > getk key="{ns}k" opaque=0x33000033
        c1 < getk key="{ns}k" value="v" opaque=0x33000033 cas=*
        c1 > get key="{ns}none" opaque=0x44000044
        c1 < get flags=1 opaque=0x44000044
    """
    result = run("-s", profile(), "-d", delivery, session("a", steps))
    place = folder(result.finding)
    told = re.findall(r" us  c\d [<>] (\w+)\b.*? opaque=0x([0-9a-f]+)",
                      (place / "conversation.txt").read_text())
    assert len(told) == 8, told
    read = []
    for opcodes, opaques in dissected(place, "couchbase.opcode", "couchbase.opaque"):
        if opcodes:
            read += zip(opcodes.split(","), opaques.split(","))
    assert [(int(o, 0), int(n, 0)) for o, n in read] == [
        (OPCODES[name], int(opaque, 16)) for name, opaque in told]


def test_wireshark_finds_nothing_wrong(run, session, profile):
    result = run("-s", profile(), "-d", "bytewise", session("a", BYSTANDER + WRONG))
    rows = dissected(folder(result.finding), "ip.checksum.status", "tcp.checksum.status",
                     "tcp.analysis.flags", "tcp.flags.fin")
    assert {(ip, tcp, flags) for ip, tcp, flags, _ in rows} == {("1", "1", "")}
    assert "1" in {fin for *_, fin in rows}
