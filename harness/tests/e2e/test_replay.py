"""Captures are replayed as they are read: every answer compared, at any pace, in little memory."""

import re

import packets
import pytest
import tool
import wire
from processes import served
from terminal import Terminal

REFSERVER = tool.MCREPLAY.parent / "refserver"


def set_(key, value, opcode=wire.SET, **fields):
    return wire.request(opcode, extras=bytes(8), key=key, value=value, **fields)


def hit(value, **fields):
    return wire.response(wire.GET, extras=bytes(4), value=value, **fields)


@pytest.fixture
def capture(tmp_path):
    """Writes what passed on connections, one after another."""

    def write(*talks, name="a.pcap"):
        segments = [s for t in talks for s in t.segments]
        return packets.pcap(tmp_path / name, packets.packets(segments, packets.RAW), packets.RAW)

    return write


def replay(*args, server="refserver"):
    return tool.command("replay", "-s", server, *args)


def stored(value=b"one", client=40000):
    """A value is stored, read and, with its CAS, replaced."""
    t = packets.Talk(client).open()
    t.send(set_(b"k", value, opaque=1)).answer(wire.response(wire.SET, opaque=1, cas=0x7777))
    t.send(wire.request(wire.GET, key=b"k", opaque=2)).answer(hit(value, opaque=2, cas=0x7777))
    t.send(set_(b"k", b"two", opaque=3, cas=0x7777))
    return t.answer(wire.response(wire.SET, opaque=3, cas=0x7778))


@pytest.mark.parametrize("transport", ["unix", "tcp", "tls"])
def test_what_was_answered_is_answered(transport, capture):
    path = capture(stored().end())
    result = replay("--transport", transport, path)
    assert result.status == 0, result
    assert result.out.startswith("1 connections, 3 requests, 3 answers, all the same; ")


def test_a_cas_that_is_sent_back_is_the_one_of_now(capture):
    """Without it the server would refuse; one that was never answered is sent as it was."""
    t = stored()
    t.send(set_(b"k", b"x", opaque=4, cas=0x9999))
    t.answer(wire.response(wire.SET, status=wire.KEY_EEXISTS, value=b"no", opaque=4))
    assert replay(capture(t)).status == 0


def test_a_difference_is_red_and_told_with_its_field(capture):
    t = stored()
    t.send(wire.request(wire.GET, key=b"k", opaque=0x44)).answer(hit(b"one", opaque=0x44, cas=9))
    result = replay(capture(t.end()))
    assert result.status == 1
    assert "DIFFERS" in result.out and "c1, answer 4, 0." in result.out
    assert re.search(r'expected +c1 < get flags=0 value="one" cas=\* opaque=0x44', result.out)
    assert re.search(r'actual +c1 < get flags=0 value="two" cas=0x\w+ opaque=0x44', result.out)
    assert "3 answers until then" in result.out


@pytest.mark.parametrize("field", ["status", "opaque", "cas", "value", "extras", "opcode", "key"])
def test_every_field_counts(field, capture):
    right = dict(opcode=wire.GETK, extras=bytes(4), key=b"k", value=b"two", opaque=5, cas=1)
    wrong = dict(opcode=wire.GET, extras=b"\0\0\0\1", key=b"q", value=b"tvo", opaque=6, cas=0,
                 status=1)
    for changed in ({}, {field: wrong[field]}):
        t = stored()
        t.send(wire.request(wire.GETK, key=b"k", opaque=5))
        t.answer(wire.response(**{**right, **changed}))
        result = replay(capture(t))
        assert result.status == bool(changed), result


def test_what_is_the_servers_own_affair_may_differ(capture):
    t = packets.Talk().open()
    for opcode, answers in [
        (wire.VERSION, [wire.response(wire.VERSION, value=b"another, and longer", opaque=1)]),
        (wire.STAT, [wire.response(wire.STAT, key=b"own", value=b"1", opaque=1),
                     wire.response(wire.STAT, opaque=1)]),
        (wire.NOOP, [wire.response(wire.NOOP, opaque=1)]),
    ]:
        t.send(wire.request(opcode, opaque=1)).answer(b"".join(answers))
    t.send(wire.request(wire.GET, key=b"none"))
    t.answer(wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"no such thing"))
    result = replay(capture(t.end()))
    assert result.status == 0, result
    assert "4 requests, 5 answers" in result.out


@pytest.mark.parametrize("plant,words", [
    ("no-answer", "the server does not answer"),
    ("close-inside", "the server has closed the connection"),
    ("crash", "the server was killed by signal"),
])
def test_a_server_that_fails_is_red(plant, words, capture, profile):
    t = packets.Talk().open().send(wire.request(wire.GET, key=b"plant", opaque=2))
    t.answer(wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"Not found", opaque=2))
    path = capture(t.end())
    assert replay(path, server=profile()).status == 0
    result = replay("--timeout", "1s", path, server=profile(plant))
    assert result.status == 1
    assert words in result.out, result


def test_requests_do_not_wait_for_answers_unless_in_step(capture, profile):
    """The server answers only when it is asked again: each request that waits for the answer to the
    last waits for ever."""
    t = packets.Talk().open()
    for key in (b"plant", b"other"):
        t.send(wire.request(wire.GET, key=key))
        t.answer(wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"Not found"))
    path, server = capture(t.end()), profile("held-back")
    assert replay(path, server=server).status == 0
    for options in (["--in-step"], ["--pace", "1000"]):
        result = replay("--timeout", "1s", *options, path, server=server)
        assert result.status == 1
        assert "c1, answer 1, " in result.out and "the server does not answer" in result.out, result


def test_a_server_that_reads_no_more_is_red(capture, profile):
    """Nothing is to come: what can't be sent is all there is to see."""
    t = packets.Talk().open().send(wire.request(wire.GET, key=b"plant"))
    t.answer(wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"Not found"))
    for _ in range(80):
        t.send(set_(b"k", bytes(60000), opcode=wire.SETQ), size=30000)
    path = capture(t)
    assert replay(path, server=profile()).status == 0
    result = replay("--timeout", "1s", path, server=profile("never-reads"))
    assert result.status == 1
    assert "the server takes no more of what is sent" in result.out, result


def test_ends_of_connections_are_as_they_were(capture, profile):
    """The server closes after quit; a client that has ended its side still gets its answer."""
    quits = packets.Talk(40000).open().send(wire.request(wire.QUIT)).answer(
        wire.response(wire.QUIT))
    quits._say(True, packets.FIN | packets.ACK)
    quits._say(False, packets.FIN | packets.ACK)
    half = packets.Talk(40001).open().send(wire.request(wire.NOOP))
    half._say(False, packets.FIN | packets.ACK)
    half.answer(wire.response(wire.NOOP))
    half._say(True, packets.FIN | packets.ACK)
    gone = packets.Talk(40002).open().send(wire.request(wire.NOOP))
    gone._say(False, packets.RST)
    path = capture(quits, half, gone)
    result = replay(path)
    assert result.status == 0, result
    result = replay("--timeout", "1s", path, server=profile("no-close"))
    assert result.status == 1
    assert "the server does not close the connection" in result.out


def test_more_than_was_answered_is_red(capture, profile):
    t = packets.Talk().open().send(wire.request(wire.GET, key=b"plant"))
    t.answer(wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"Not found"))
    result = replay(capture(t.end()), server=profile("answer-twice"))
    assert result.status == 1
    assert "more has come before the server closed:" in result.out


def test_bytes_that_are_no_frames_are_sent(capture):
    """The server closes; that is all that a session could expect, too."""
    t = packets.Talk().open().send(wire.request(wire.NOOP)).answer(wire.response(wire.NOOP))
    t.send(b"nonsense that is long enough for a header")
    t._say(True, packets.FIN | packets.ACK)
    result = replay(capture(t))
    assert result.status == 0, result


@pytest.mark.parametrize("size", [1, 23, 25])
def test_pieces_make_no_difference(size, capture):
    t = packets.Talk().open()
    t.send(set_(b"k", bytes(3000)), size=size).answer(wire.response(wire.SET, cas=5), size=size)
    t.send(wire.request(wire.GET, key=b"k"), size=size).answer(hit(bytes(3000), cas=5), size=size)
    assert replay(capture(t.end())).status == 0


def test_connections_take_turns_as_they_did(capture):
    """Each reads what the other has stored just before."""
    a, b = packets.Talk(40000).open(), packets.Talk(40001).open()
    order = packets.Talk()
    for i in range(50):
        for t, other in ((a, b), (b, a)):
            before = len(t.segments), len(other.segments)
            t.send(set_(b"k", b"%d" % i)).answer(wire.response(wire.SET, cas=1))
            other.send(wire.request(wire.GET, key=b"k")).answer(hit(b"%d" % i, cas=1))
            order.segments += t.segments[before[0]:] + other.segments[before[1]:]
    first = packets.Talk()
    first.segments = a.segments[:3] + b.segments[:3] + order.segments
    assert replay(capture(first)).status == 0


def test_connections_that_share_items_keep_their_order(capture):
    """One stores without an answer and says so by a noop; others read, change and flush it all."""
    talks = [packets.Talk(40000 + i).open() for i in range(3)]
    order = packets.Talk()
    order.segments = [s for t in talks for s in t.segments]

    def say(i, request, answer):
        before = len(talks[i].segments)
        talks[i].send(request).answer(answer)
        order.segments += talks[i].segments[before:]

    for turn in range(60):
        key, number = b"k%d" % (turn % 5), b"%d" % turn
        quiet = set_(key, number, opcode=wire.SETQ) + wire.request(wire.NOOP)
        say(turn % 3, quiet, wire.response(wire.NOOP))
        say((turn + 1) % 3, wire.request(wire.GET, key=key), hit(number, cas=1))
        say((turn + 2) % 3, set_(key, b"x"), wire.response(wire.SET, cas=1))
        say(turn % 3, wire.request(wire.GET, key=key), hit(b"x", cas=1))
        say((turn + 1) % 3, wire.request(wire.FLUSH), wire.response(wire.FLUSH))
        say((turn + 2) % 3, wire.request(wire.GET, key=key),
            wire.response(wire.GET, status=wire.KEY_ENOENT, value=b"Not found"))
    path = capture(order)
    for server in ("refserver", "memcached"):
        result = replay(path, server=server)
        assert result.status == 0, result


def test_a_running_server_can_be_replayed_to(capture, tmp_path):
    socket = str(tmp_path / "s.sock")
    with served([REFSERVER, "-s", socket]):
        result = tool.command("replay", "--attach", f"unix:{socket}", capture(stored()))
        assert result.status == 0, result


def seconds(result):
    return float(re.search(r" MB in ([\d.]+) s", result.out)[1])


def test_the_pace_can_be_that_of_then(capture):
    """Packets are a millisecond apart. Only the least time is certain on a busy machine."""
    t = packets.Talk().open()
    for _ in range(200):
        t.send(wire.request(wire.NOOP)).answer(wire.response(wire.NOOP))
    path = capture(t)
    result = replay("--pace", "recorded", path)
    assert result.status == 0 and seconds(result) >= 0.79, result
    result = replay("--pace", "4", path)
    assert result.status == 0 and seconds(result) >= 0.19, result


def test_a_terminal_shows_how_far_it_is(capture):
    t = packets.Talk().open()
    for _ in range(300):
        t.send(wire.request(wire.NOOP)).answer(wire.response(wire.NOOP))
    argv = [tool.MCREPLAY, "replay", "-s", "refserver", "--pace", "recorded", capture(t)]
    terminal = Terminal(argv, tool.ROOT)
    terminal.wait(" requests/s  ")
    assert terminal.finish() == 0
    assert re.search(r"\[#* *\] +\d+%  \d+ requests/s  [\d.]+ MB/s  \d+:\d\d left", terminal.text)
    assert "300 answers, all the same" in terminal.text


def test_lost_packets_end_their_connection_alone(capture):
    t, other = stored(), stored(client=40001)
    t.next[0] += 24
    t.send(wire.request(wire.NOOP)).answer(wire.response(wire.NOOP))
    result = replay(capture(t, other))
    assert result.status == 0, result
    assert "lacks 24 bytes of the client's" in result.err
    assert "2 connections, 6 requests, 6 answers" in result.out


def test_what_is_wrong_is_said(capture, tmp_path):
    path = capture(stored())
    for args, status, words in [
        ([], 2, "name one capture"), ([path, path], 2, "name one capture"),
        (["--pace", "slow", path], 2, "should be max, recorded, or how many times as fast"),
        (["--pace", "0", path], 2, "should be max, recorded"),
        (["--port", "x", path], 2, "should be a number from 1 to 65535"),
        (["--dialect", "x", path], 2, "should be stock or couchbase"),
        (["--timeout", "x", path], 2, "should be seconds"),
        (["--port", 9, path], 2, "no connection in it speaks MCBP on that port"),
        (["--what", path], 2, "unknown option --what"),
        ([tmp_path / "none"], 2, "can't read it: No such file"),
        (["--binary", tmp_path / "none", path], 3, "none"),
    ]:
        result = replay(*args)
        assert (result.status, words in result.err) == (status, True), result
    path.write_bytes(path.read_bytes()[:-2])
    result = replay(path)
    assert (result.status, "malformed: truncated dump file" in result.err) == (2, True), result


def test_memory_does_not_grow_with_the_capture(capture):
    value = bytes(60000)
    sizes = []
    for rounds in (10, 1000):
        t = packets.Talk().open()
        for i in range(rounds):
            t.send(set_(b"k", value, opaque=i), size=30000)
            t.answer(wire.response(wire.SET, opaque=i, cas=i + 1))
        result, kib = tool.peak("replay", "-s", "refserver", capture(t, name=f"{rounds}.pcap"))
        assert result.status == 0, result.err
        sizes.append(kib)
    assert tool.sanitized() or sizes[1] < sizes[0] + 8192, sizes
