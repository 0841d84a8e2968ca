"""Two servers compared: what differs is told and red, what one varies in by itself is not."""

import os
import re
import subprocess

import pytest
import tool
from sessions import SESSIONS, WRONG

OPEN = """
    c1 > noop opaque=1
    c1 < noop opaque=1
    c1 > get key="{ns}plant" opaque=2
    c1 < get status=* value=* opaque=2
"""
FREE_STAT = "c1 > stat opaque=2\neach {\nc1 < others stat key=*{1..} value=* opaque=2\n}\n" \
            "c1 < stat opaque=2"


@pytest.fixture
def pair(tmp_path):
    """The words for two stub servers: pair("crash") is a sound baseline and a candidate that
    crashes."""

    def write(candidate=None, baseline=None, **settings):
        words = []
        for side, plant in (("baseline", baseline), ("candidate", candidate)):
            path = tool.stub_profile(tmp_path / f"{side}.yaml", plant, **settings)
            words += [f"--{side}", path]
        return words

    return write


@pytest.fixture
def compare(tmp_path):
    def play(*args, **keywords):
        return tool.compare(tmp_path, *args, **keywords)

    return play


def lines_of(finding, word):
    return re.findall(rf"^  {word} +(.+)$", finding.text, re.M)


@pytest.mark.parametrize("delivery", ["whole", "bytewise", "slow-read", "crowd:3"])
@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_a_server_is_like_itself(delivery, transport, compare, session, pair):
    cases = [session(name, SESSIONS[name]) for name in ("last", "middle", "quit", "stat", "others")]
    result = compare(*pair(), "-d", delivery, "--transport", transport, *cases)
    assert result.status == 0, result
    assert result.totals["passed"] == len(cases), result


# What the candidate does, under which session: how it is told in a line, and which line of the case
# is not met.
DEFECTS = [
    ("other-text", OPEN, 'value at 8: want .."found", got .."fount"', 6),
    ("longer-text", OPEN, 'value at 9: want .."ound", got .."ound at all"; want 9 bytes, got 16', 6),
    ("other-status", OPEN, "status: want 0x0001 key_enoent, got 0x0086 etmpfail", 6),
    ("answer-twice", OPEN, "the candidate alone gives c1 < get status=key_enoent", 0),
    ("other-order", FREE_STAT, "the candidate answers in another order", 4),
    ("one-stat-more", FREE_STAT, 'the candidate alone gives c1 < stat key="more"',
     4),
]


@pytest.mark.parametrize("plant, steps, told, line", DEFECTS, ids=[row[0] for row in DEFECTS])
def test_what_differs_is_told(plant, steps, told, line, compare, session, pair):
    result = compare(*pair(plant), session("a", steps))
    assert result.status == 1, result
    finding = result.finding
    assert (finding.word, finding.kind) == ("FAIL", "difference"), result
    assert told in finding.text, result
    assert finding.line == line
    assert list(result.cases.values()) == ["failure"]


@pytest.mark.parametrize("plant", ["other-text", "other-status", "one-stat-more"])
def test_it_is_red_whichever_side_it_is_on(plant, compare, session, pair):
    steps = FREE_STAT if plant == "one-stat-more" else OPEN
    assert compare(*pair(None, plant), session("a", steps)).status == 1
    assert compare(*pair(plant, plant), session("a", steps)).status == 0


@pytest.mark.parametrize("plant", ["token", "clock", "pid"])
def test_what_varies_by_itself_is_no_difference(plant, compare, session, pair):
    assert compare(*pair(plant, plant), session("a", OPEN)).status == 0


def test_beside_a_field_that_varies_the_rest_is_compared(compare, session, pair):
    """An answer's CAS goes up with each play; its flags are the candidate's own."""
    steps = """
        c1 > set key="{ns}plant" value="v" flags=1 opaque=1
        c1 < set opaque=1 cas=*
        c1 > set key="{ns}plant" value="v" flags=1 opaque=1
        c1 < set opaque=1 cas=*
        c1 > get key="{ns}plant" opaque=2
        c1 < get extras=* value="v" cas=* opaque=2
    """
    result = compare(*pair("other-flags"), session("a", steps))
    assert result.status == 1
    assert "flags (bytes 24-27, stream 72-75): want 1, got 257" in result.finding.text, result


def test_how_a_connection_ends_counts(compare, session, pair):
    result = compare(*pair("reset-at-end"), "--transport", "tcp", session("a", OPEN))
    assert result.status == 1, result
    assert "the baseline ends the stream of c1, the candidate resets it" in result.finding.text
    both = compare(*pair("reset-at-end", "reset-at-end"), "--transport", "tcp", session("b", OPEN))
    assert both.status == 0, both


def test_a_case_that_fails_on_one_is_a_difference(compare, session, pair):
    result = compare(*pair("other-status"), session("a", SESSIONS["last"]))
    assert result.status == 1
    assert result.finding.kind == "difference"
    assert "the case fails on the candidate: nonconformance: status" in result.finding.text
    assert "status: want 0x0001" in result.finding.text.splitlines()[0], result


def test_a_case_that_fails_once_is_a_difference(compare, session, pair):
    result = compare(*pair("second-time"), session("a", SESSIONS["last"]))
    assert result.status == 1
    assert "in 1 of 5 rounds" in result.finding.text  # the first, without a failure, counts not


def test_a_case_that_fails_on_both_alike_is_none(compare, session, pair):
    result = compare(*pair(), session("a", WRONG), session("b", OPEN))
    assert result.status == 0, result
    assert result.totals["passed"] == 2
    assert "failed on both in the same way, which is no difference: 1\n" in result.out


def test_a_crash_is_told_as_the_side_s(compare, session, pair):
    result = compare(*pair("crash"), session("a", OPEN), session("b", "c1 > noop\nc1 < noop"))
    assert result.status == 1
    assert (result.finding.word, result.finding.kind) == ("ERROR", "server_crash")
    assert "  candidate: the server was killed by signal" in result.finding.text
    assert result.totals["passed"] == 1, result
    baseline = compare(*pair(None, "crash"), session("a", OPEN))
    assert "  baseline: the server was killed by signal" in baseline.finding.text
    assert compare(*pair("crash", "crash"), session("a", OPEN)).status == 0


def test_an_end_between_the_cases_is_told_as_the_side_s(compare, session, pair):
    cases = session("a", OPEN), session("b", "c1 > noop\nc1 < noop")
    result = compare(*pair("crash-stopping"), "-j", 1, *cases)
    assert result.status == 1
    assert (result.finding.id, result.finding.kind) == ("server", "server_crash")
    assert "  candidate: the server was killed by signal" in result.finding.text
    assert compare(*pair("crash-stopping", "crash-stopping"), "-j", 1, *cases).status == 0
    result = compare(*pair("crash-between"), "-j", 1, *cases)
    assert result.status == 1
    assert any("  candidate: the server " in f.text for f in result.findings), result


def test_a_hang_costs_a_case(compare, session, pair):
    result = compare(*pair("hang"), "--timeout", 1, session("a", OPEN),
                     session("b", "c1 > noop\nc1 < noop"))
    assert result.status == 1
    assert "fails on the candidate: timeout" in result.finding.text
    assert result.totals["passed"] == 1, result


@pytest.mark.parametrize("side", ["baseline", "candidate"])
@pytest.mark.parametrize("plant", ["exit-at-once", "wrong-version"])
def test_a_server_that_does_not_start_is_125(side, plant, compare, session, pair):
    cases = [session(name, OPEN) for name in "abcd"]
    result = compare(*pair(**{side: plant}), "-j", 1, *cases)
    assert result.status == 125, result
    assert result.finding.kind == "setup"
    assert f"  {side}: " in result.finding.text
    assert "stopped at the first failure, after 1 of 4 case runs" in result.out


def test_a_program_that_is_not_there_is_125(compare, session):
    result = compare("-s", "memcached", "--candidate", "./no-such-program", session("a", OPEN))
    assert result.status == 125, result


@pytest.mark.parametrize("words, why", [
    ((), "--baseline and --candidate name what is compared"),
    (("--baseline", "memcached"), "--baseline and --candidate name what is compared"),
    (("-s", "memcached", "--baseline", "x"), "--baseline and --candidate name what is compared"),
    (("-s", "memcached", "--commands", "--candidate", "x"), "-s and --commands exclude each other"),
    (("--baseline", "memcached", "--candidate", "nothing"), '--candidate: no profile for "nothing"'),
    (("--commands", "--baseline", "x", "--candidate", "y {socket}"), "--baseline: must hold either"),
    (("--attach", "unix:/x"), "unknown option --attach"),
    (("--commands", "--baseline", "x {socket}", "--candidate", "y {port}"), "serve none that is"),
])
def test_wrong_words_are_2(words, why):
    result = tool.command("compare", *words, "get/miss")
    assert result.status == 2, result
    assert why in result.err, result


def test_two_command_lines(compare, session):
    words = ["--commands", "--baseline", tool.stub_command(), "--candidate",
             tool.stub_command("other-text")]
    result = compare(*words, session("a", OPEN))
    assert result.status == 1
    assert again(result).signature == result.finding.signature


def test_a_program_in_the_place_of_the_profile_s_own(compare, session, tmp_path):
    """The baseline is the profile's own program, the candidate one that turns the text around."""
    program = tmp_path / "memcached.patched"
    program.write_text('#!/bin/sh\nexec memcached "$@" -I 2m\n')
    program.chmod(0o755)
    steps = """
        c1 > set key="{ns}k" value=repeat(1500000, "v") opaque=1
        c1 < set status=* value=* cas=* opaque=1
    """
    same = compare("-s", "memcached", "--candidate", "memcached", session("a", steps))
    assert same.status == 0, same
    result = compare("-s", "memcached", "--candidate", program, session("a", steps))
    assert result.status == 1
    assert "status: want 0x0003 e2big, got 0x0000 success" in result.finding.text
    assert again(result).signature == result.finding.signature


def again(result):
    """The finding of the reproduce line, which is to leave nothing."""
    line = result.finding.reproduce + " --last /dev/null --keep none"
    done = subprocess.run(["sh", "-c", line], cwd=tool.ROOT, env=tool.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=tool.PATIENCE)
    repeated = tool.Result([line], done.returncode, done.stdout.decode(), done.stderr.decode())
    assert repeated.status == result.status, repeated
    tool.read_console(repeated)
    return repeated.finding


@pytest.mark.parametrize("plant", ["other-text", "other-status", "crash", "exit-at-once"])
@pytest.mark.parametrize("delivery", ["bytewise", "crowd:3"])
def test_the_reproduce_line_differs_in_the_same_way(plant, delivery, compare, session, pair):
    result = compare(*pair(plant), "-d", delivery, "--server-per", "case", session("a", OPEN))
    finding = again(result)
    assert finding.signature == result.finding.signature
    assert finding.text.splitlines()[0] == result.finding.text.splitlines()[0]


def test_the_folder_holds_both_sides(compare, session, pair, tmp_path):
    result = compare(*pair("other-text"), session("a", OPEN))
    place = tool.ROOT / lines_of(result.finding, "kept")[0]
    own = {f"{side}.{name}" for side in ("baseline", "candidate")
           for name in ("conversation.pcap", "conversation.txt", "received.c1.bin", "sent.c1.bin",
                        "server.log", "server.txt")}
    assert {p.name for p in place.iterdir()} == own | {"case.session", "diff.txt", "repro.sh"}
    assert (place / "baseline.sent.c1.bin").read_bytes() == \
        (place / "candidate.sent.c1.bin").read_bytes()
    assert (place / "baseline.received.c1.bin").read_bytes().endswith(b"Not found")
    assert (place / "candidate.received.c1.bin").read_bytes().endswith(b"Not fount")
    assert "--plant other-text" in (place / "candidate.server.txt").read_text()
    assert "--plant" not in (place / "baseline.server.txt").read_text()
    done = subprocess.run([place / "repro.sh", "--last", "/dev/null"], cwd="/",
                          env=tool.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=tool.PATIENCE)
    assert done.returncode == 1 and b'got .."fount"' in done.stdout


def test_what_differed_last_time_is_remembered_apart(compare, session, pair, tmp_path):
    cases = [session("a", OPEN), session("b", "c1 > noop\nc1 < noop")]
    last = tmp_path / "last.json"
    words = [*pair("other-text"), "--last", last]
    assert compare(*words, *cases).totals["failed"] == 1
    result = compare(*words, "--last-failed", *cases)
    assert [id for id, _, _ in result.cases] == [result.finding.id]


def test_stock_memcached_is_like_itself(compare):
    """Statistics, CAS, times and all: under deliveries that change who comes when."""
    result = compare("-s", "memcached", "--candidate", "memcached", "-d",
                     "whole,pipelined,slow-read,crowd:4", "stat", "cas", "get", "pipeline")
    assert result.status == 0, result
    assert result.totals["passed"] > 100


def test_an_option_of_memcached_shows(compare, tmp_path):
    """Only in what it answers to `stat settings`; not in other cases of statistics."""
    program = tmp_path / "memcached"
    program.write_text('#!/bin/sh\nexec memcached -R 21 "$@"\n')
    program.chmod(0o755)
    result = compare("-s", "memcached", "--candidate", program, "stat", "flush")
    assert result.status == 1, result
    assert {finding.id for finding in result.findings} == {"stat/settings"}, result
    assert 'key="reqs_per_event" value="20"' in result.finding.text


def costs(result):
    """The ratios of the summary by what they are of, and the dearest cases."""
    text = result.out[result.out.index("the candidate against the baseline:\n") :]
    ratios = {m[1]: float(m[2]) for m in re.finditer(r"^  (\S.*?) +([\d.]+)  ", text, re.M)}
    dearest = re.findall(r"^ +[\d.]+  .*  (\S+) \[", text, re.M)
    return ratios, dearest


def properties(result):
    return {p.get("name"): p.get("value") for p in result.report.iter("property")}


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_memory_is_told_and_red_when_asked_for(transport, compare, session, pair):
    hoarding, other = session("a", OPEN), session("b", "c1 > noop\nc1 < noop")
    words = [*pair("hoard"), "--transport", transport, "-j", 1]
    told = compare(*words, hoarding, other)
    assert told.status == 0, told
    ratios, dearest = costs(told)
    assert ratios["peak memory"] > 2 and set(dearest) == {str(hoarding)[: -len(".session")]}, told
    assert float(properties(told)["peak-memory-ratio"]) > 2
    assert compare(*words, "--max-memory-ratio", 20, hoarding, other).status == 0
    red = compare(*words, "--max-memory-ratio", 1.5, hoarding, other)
    assert red.status == 1, red
    assert red.finding.kind == "difference" and red.finding.id == dearest[0]
    assert re.search(r"^  peak memory: [\d.]+ MiB against [\d.]+ MiB, [\d.]+ times as much; at most "
                     r"1.50 times are allowed$", red.finding.text, re.M), red
    assert again(red).signature == red.finding.signature
    assert compare(*pair("hoard", "hoard"), "--max-memory-ratio", 1.5, hoarding).status == 0
    assert costs(compare(*pair(None, "hoard"), hoarding))[0]["peak memory"] < 0.5


def test_memory_for_a_reader_that_stalls(compare, session, pair):
    """Every byte is the same; what differs is what a client costs that does not read."""
    case = session("a", """
        c1 > get key="{ns}plant" opaque=2
        c1 < get flags=0 value=repeat(1048576, "\\x00") opaque=2
    """)
    words = [*pair("stalled=1", "stalled"), "--max-memory-ratio", 1.5]
    red = compare(*words, "-d", "slow-read", case)
    assert red.status == 1 and "  peak memory: " in red.finding.text, red


def test_cpu_time_is_told_and_red_when_asked_for(compare, session, pair):
    case = session("a", OPEN)
    told = compare(*pair("burn"), case)
    assert told.status == 0, told
    ratios, dearest = costs(told)
    assert ratios["CPU time"] > 5 and dearest == [str(case)[: -len(".session")]], told
    assert float(properties(told)["cpu-ratio"]) > 5
    red = compare(*pair("burn"), "--max-cpu-ratio", 5, case)
    assert red.status == 1 and "  CPU time: " in red.finding.text, red
    assert compare(*pair("burn", "burn"), "--max-cpu-ratio", 2, case).status == 0


def test_how_answers_come_in_is_told(compare, session, pair):
    result = compare(*pair("two-writes"), session("a", OPEN))
    assert result.status == 0, result
    # Two plays of each: the noop's answer, the trigger's in one or in two, the driver's own noop's.
    assert re.search(r"^  reads +1.33  8 against 6 in which", result.out, re.M), result
    assert float(properties(result)["reads-ratio"]) == 1.333
    slow = compare(*pair(), "-d", "slow-read", session("b", OPEN))
    assert "  reads " not in slow.out, slow


def test_the_costs_of_a_server_inside_a_script_are_counted(compare, session, tmp_path):
    def server(plant):
        return f"sh -c '{tool.stub_command(plant)}; exit $?'"

    result = compare("--commands", "--baseline", server(None), "--candidate", server("hoard"),
                     session("a", OPEN))
    assert result.status == 0, result
    assert costs(result)[0]["peak memory"] > 2, result


@pytest.mark.parametrize("word", ["0", "x", "-1", "1.5x", "nan", "1e9"])
def test_a_ratio_is_a_number(word):
    result = tool.command("compare", "-s", "memcached", "--candidate", "x", "--max-cpu-ratio", word)
    assert result.status == 2
    assert "--max-cpu-ratio:" in result.err


@pytest.mark.parametrize("path", ["copy", "reference"])
def test_the_reference_server_s_send_paths_are_alike(path, compare):
    result = compare("--baseline", "refserver", "--candidate", f"refserver-{path}", "-d",
                     "whole,slow-read", "get", "pipeline/four-jams-at-once")
    assert result.status == 0, result
    assert result.totals["passed"] >= 20


def test_a_queue_without_bound_costs_memory_and_no_byte(compare, tmp_path, monkeypatch):
    program = tmp_path / "refserver"
    program.write_text(f'#!/bin/sh\nexec {tool.MCREPLAY.parent}/refserver "$@" '
                       "--fault=queue-unbounded\n")
    program.chmod(0o755)
    words = ["pipeline/replaced-each-time", "-s", "refserver", "-d", "slow-read"]
    # What ASan holds back of freed memory would outweigh what the server has queued.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=0")
    assert compare(*words, "--candidate", program).status == 0
    red = compare(*words, "--candidate", program, "--max-memory-ratio", 1.3)
    assert red.status == 1 and "  peak memory: " in red.finding.text, red
    sound = tool.MCREPLAY.parent / "refserver"
    assert compare(*words, "--candidate", sound, "--max-memory-ratio", 1.3).status == 0
