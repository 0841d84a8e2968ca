"""Captures of packets: what passed is shown, made a session of, and replayed."""

import random
import re
import shutil
import subprocess

import packets
import pytest
import tool
import wire

FIXTURE = tool.ROOT / "fixtures/captures/libmemcached.pcapng"


def talk(client=40000, size=1448):
    """A connection on which all comes that a server's own affair is: a CAS that comes back, texts,
    a large value."""
    large = random.Random(client).randbytes(5000)
    t = packets.Talk(client).open()
    for ask, answer in [
        (wire.request(wire.SET, extras=bytes(8), key=b"k", value=large, opaque=1),
         wire.response(wire.SET, opaque=1, cas=77)),
        (wire.request(wire.GET, key=b"k", opaque=2),
         wire.response(wire.GET, extras=bytes(4), value=large, opaque=2, cas=77)),
        (wire.request(wire.SET, extras=bytes(8), key=b"k", value=b"w", opaque=3, cas=77),
         wire.response(wire.SET, opaque=3, cas=78)),
        (wire.request(wire.GET, key=b"none", opaque=4),
         wire.response(wire.GET, status=1, value=b"Not found", opaque=4)),
        (wire.request(wire.NOOP) * 3, wire.response(wire.NOOP) * 3),
    ]:
        t.send(ask, size=size).answer(answer, size=size)
    return t.end()


def streams(t):
    """What a talk's ends sent."""
    return [b"".join(s.data for s in t.segments if s.from_server == server)
            for server in (False, True)]


def shown(path, conn=1, side="client"):
    argv = [tool.MCREPLAY, "show", "--bytes", "--side", side, "--conn", f"c{conn}", path]
    return subprocess.run(argv, capture_output=True, check=True, timeout=tool.PATIENCE).stdout


def recorded(path, *options):
    result = tool.command("record", "--from", path, *options)
    assert result.status == 0, result
    return result.out


STEPS = re.compile(r"^c\d+ .*\n", re.M)
KINDS = {
    "ethernet": (packets.pcap, packets.ETHERNET), "null": (packets.pcap, packets.NULL),
    "loop": (packets.pcap, packets.LOOP), "sll": (packets.pcap, packets.SLL),
    "sll2": (packets.pcap, packets.SLL2), "raw": (packets.pcap, packets.RAW),
    "pcapng": (packets.pcapng, packets.ETHERNET), "pcapng-sll2": (packets.pcapng, packets.SLL2),
}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("kind", KINDS)
def test_captures_of_every_kind_round_trip(kind, version, tmp_path):
    write, link = KINDS[kind]
    t = talk()
    path = write(tmp_path / "a.cap", packets.packets(t.segments, link, version), link)
    client, server = streams(t)
    assert shown(path) == client
    assert shown(path, side="server") == server
    session = tmp_path / "a.session"
    recorded(path, "-o", session)
    asked = [line for line in session.read_text().splitlines() if " > " in line]
    assert [line for line in asked if "$cas" in line] == [
        'c1 > set flags=0 expiry=0 key="k" value="w" cas=$cas1 opaque=0x3']
    session.write_text(session.read_text().replace("cas=$cas1", "cas=77"))
    assert shown(session) == client


def test_both_byte_orders_are_read(tmp_path):
    t = talk()
    little, big = (packets.pcap(tmp_path / name, packets.packets(t.segments), big=name == "big")
                   for name in ("little", "big"))
    assert recorded(little, "--title", "t") == recorded(big, "--title", "t")


def overlapped(segments, rng):
    """Each segment again, some with the end of the one before in front."""
    last = {}
    for s in segments:
        before = last.get(s.from_server, b"")[-rng.randrange(1, 40):]
        if s.data and before and rng.random() < 0.4:
            seq = (s.seq - len(before)) % 2**32
            yield packets.Segment(s.client, s.from_server, seq, s.ack, s.flags, before + s.data)
        yield s
        if rng.random() < 0.3:
            yield s
        last[s.from_server] = s.data or last.get(s.from_server, b"")


def shuffled(segments, rng):
    """Near to their places, but for the first three."""
    places = [(i + (rng.uniform(0, 5) if i > 2 else 0), i) for i in range(len(segments))]
    return [segments[i] for _, i in sorted(places)]


@pytest.mark.parametrize("seed", range(8))
def test_disorder_makes_no_difference(seed, tmp_path):
    rng = random.Random(seed)
    t = talk(size=rng.choice([7, 24, 400, 1448]))
    clean = packets.pcap(tmp_path / "clean", packets.packets(t.segments))
    messy = shuffled(list(overlapped(t.segments, rng)), rng)
    messy = packets.pcap(tmp_path / "messy", packets.packets(messy))
    assert recorded(messy, "--title", "t") == recorded(clean, "--title", "t")


def test_other_tools_may_rewrite_a_capture(tmp_path):
    t = talk()
    first = packets.pcap(tmp_path / "a.pcap", packets.packets(t.segments))
    for tools in (["editcap", "-F", "pcapng"], ["editcap", "-F", "nsecpcap"]):
        assert shutil.which(tools[0])
        subprocess.run([*tools, first, tmp_path / "b"], check=True, timeout=tool.PATIENCE)
        assert recorded(tmp_path / "b", "--title", "t") == recorded(first, "--title", "t")


def test_connections_keep_their_order(tmp_path):
    """Two that take turns."""
    a, b = talk(40000), talk(40001)
    both = [s for pair in zip(a.segments, b.segments) for s in pair]
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(both))
    for conn, t in ((1, a), (2, b)):
        assert shown(path, conn) == streams(t)[0]
    lines = STEPS.findall(recorded(path))
    assert [line[:2] for line in lines[:4]] == ["c1", "c2", "c1", "c2"]


def test_show_prints_the_conversation(tmp_path):
    t = packets.Talk().open().send(wire.request(wire.NOOP, opaque=5))
    t.answer(wire.response(wire.NOOP, opaque=5)).end()
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(t.segments))
    result = tool.command("show", path)
    assert result.out == ("c1 connect\nc1 > noop opaque=0x5\nc1 < noop opaque=0x5\n"
                          "c1 half-close\nc1 < closed\n")
    result = tool.command("show", "--times", path)
    assert result.out.splitlines()[2] == "      2000 us  c1 < noop opaque=0x5"


def test_a_server_on_any_port_is_found_or_named(tmp_path):
    t = talk()
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(t.segments, server=7777))
    assert shown(path) == streams(t)[0]
    assert tool.command("show", "--port", 7777, path).status == 0
    result = tool.command("show", "--port", 7778, path)
    assert (result.status, result.out) == (2, "")
    assert "no connection in it speaks MCBP on that port" in result.err


def dissected(path, port, *fields):
    """Fields of the frames that Wireshark's dissector finds, in the capture's order; a list of
    values for each frame in a packet."""
    argv = ["tshark", "-r", str(path), "-d", f"tcp.port=={port},couchbase", "-Y", "couchbase",
            "-T", "fields", "-E", "occurrence=a",
            *(word for field in fields for word in ("-e", field))]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=tool.PATIENCE, check=True)
    for line in done.stdout.splitlines():
        yield from zip(*([int(v, 0) for v in column.split(",")] for column in line.split("\t")))


def frames(data):
    data = bytearray(data)
    while data:
        header = wire.HEADER.unpack_from(data)
        assert wire.take(data)
        yield header


def test_wireshark_reads_the_same_fields():
    """In a capture of real clients and memcached. Wireshark shows opaques in the other byte order.
    """
    port, conns = 21411, 6
    own = []
    for conn in range(1, conns + 1):
        for side in ("client", "server"):
            for h in frames(shown(FIXTURE, conn, side)):
                own.append((h[0], h[1], h[2], h[3], h[6], int.from_bytes(
                    h[7].to_bytes(4, "big"), "little")))
    theirs = list(dissected(FIXTURE, port, "couchbase.magic", "couchbase.opcode",
                            "couchbase.key.length", "couchbase.extras.length",
                            "couchbase.total_bodylength", "couchbase.opaque"))
    assert len(own) > 100
    assert sorted(own) == sorted(theirs)


def test_a_capture_of_real_clients_replays(run):
    result = run("-s", "memcached", "-d", "whole,bytewise", FIXTURE)
    assert result.status == 0, result
    assert result.totals["passed"] == 2


def test_a_capture_replays_and_a_difference_is_red(run, profile, tmp_path):
    t = packets.Talk().open()
    for opaque, value in ((1, b"one"), (2, b"two")):
        t.send(wire.request(wire.SET, extras=bytes(8), key=b"k", value=value, opaque=opaque))
        t.answer(wire.response(wire.SET, opaque=opaque, cas=opaque))
    t.send(wire.request(wire.GET, key=b"k", opaque=3))
    good = list(t.segments)
    t.answer(wire.response(wire.GET, extras=bytes(4), value=b"one", opaque=3, cas=2))
    bad = packets.pcap(tmp_path / "bad.pcap", packets.packets(t.segments))
    t.segments = good
    t.next[1] = (t.next[1] - 31) % 2**32
    t.answer(wire.response(wire.GET, extras=bytes(4), value=b"two", opaque=3, cas=2))
    path = packets.pcap(tmp_path / "good.pcap", packets.packets(t.segments))
    result = run("-s", profile(), path)
    assert result.status == 0, result
    result = run("-s", profile(), bad)
    assert result.status == 1
    assert result.finding.kind == "nonconformance"
    assert 'value="one"' in result.finding.text and 'value="two"' in result.finding.text
    kept = re.search(r"^  kept +(\S+)$", result.finding.text, re.M)[1]
    assert 'value="one"' in (tool.ROOT / kept / "case.session").read_text()


def test_what_mcreplay_keeps_replays(run, profile, session):
    """The capture of a failure holds what passed in it: as a session it is green."""
    steps = """
        c1 > set key="{ns}k" value="v" opaque=1
        c1 < set opaque=1 cas=*
        c2 > get key="{ns}k" opaque=2
        c2 < get value="other" opaque=2 cas=*
    """
    result = run("-s", profile(), "-d", "bytewise", session("a", steps))
    kept = re.search(r"^  kept +(\S+)$", result.finding.text, re.M)[1]
    capture = tool.ROOT / kept / "conversation.pcap"
    assert shown(capture) == (capture.parent / "sent.c1.bin").read_bytes()
    assert run("-s", profile(), capture).status == 0


def test_lost_packets_are_reported(tmp_path, run, profile):
    t = talk()
    kept = [s for s in t.segments if not (s.from_server and b"Not found" in s.data)]
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(kept))
    note = ("the connection 127.0.0.2:40000 to 127.0.0.1:11211 lacks 33 bytes of the server's that "
            "were not captured; what follows is left out")
    result = tool.command("show", path)
    assert result.status == 0
    assert f"{path}: {note}\n" == result.err
    assert result.out.endswith("# c1 goes on, but bytes are missing\n")
    session = recorded(path)
    assert f"# {note}\n" in session
    assert session.endswith('c1 > get key="none" opaque=0x4\nc1 close\n')
    assert f"{path}: {note}\n" in run("-s", profile(), path).err


def test_record_writes_a_session_per_connection(tmp_path):
    both = talk(40000).segments + talk(40001).segments
    path = packets.pcap(tmp_path / "two.pcap", packets.packets(both))
    folder = tmp_path / "out/deep"
    recorded(path, "-o", f"{folder}/")
    assert sorted(p.name for p in folder.iterdir()) == ["two-c1.session", "two-c2.session"]
    assert tool.command("lint", *folder.iterdir()).status == 0
    result = tool.command("record", "--from", path, "-o", folder)
    assert result.status == 2
    assert "two-c1.session is there; name another with -o, or replace it with --force" in result.err


def test_record_replaces_nothing_unasked(tmp_path):
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(talk().segments))
    out = tmp_path / "a.session"
    out.write_text("mine")
    result = tool.command("record", "--from", path, "-o", out)
    assert (result.status, out.read_text()) == (2, "mine")
    recorded(path, "-o", out, "--force", "--title", "of mine")
    assert out.read_text().startswith("case  of mine\nspec  set, get, noop\nisolated\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pcap", "a.session"]


@pytest.mark.parametrize("command", [["show"], ["record", "--from"], ["run"]])
def test_a_malformed_capture_is_refused(command, tmp_path):
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(talk().segments))
    path.write_bytes(path.read_bytes()[:-5])
    result = tool.command(*command, path)
    assert result.status == 2
    assert f"{path}: malformed: truncated dump file" in result.err


def test_a_capture_without_mcbp_is_refused(tmp_path):
    path = packets.pcap(tmp_path / "a.pcap", [])
    for command in (["show"], ["record", "--from"], ["run"]):
        result = tool.command(*command, path)
        assert result.status == 2
        assert f"{path}: no connection in it speaks MCBP" in result.err


def test_record_says_what_is_wrong_with_its_options(tmp_path):
    path = packets.pcap(tmp_path / "a.pcap", packets.packets(talk().segments))
    for options, why in [
        (["--port", 0], "should be a number from 1 to 65535"),
        (["--dialect", "x"], "should be stock or couchbase"),
        (["more"], '"more" is too much'),
        (["--what"], "unknown option --what"),
        (["-o", tmp_path / "none/a.session"], "can't write"),
    ]:
        result = tool.command("record", "--from", path, *options)
        assert result.status == (3 if "-o" in options else 2), result
        assert why in result.err
    result = tool.command("record", "--from", tmp_path / "none.pcap")
    assert (result.status, "none.pcap: can't read it" in result.err) == (2, True)


def test_memory_does_not_grow_with_the_capture(tmp_path):
    value = bytes(60000)
    ask = wire.request(wire.SET, extras=bytes(8), key=b"k", value=value)
    sizes = []
    for rounds in (10, 1000):
        t = packets.Talk().open()
        for _ in range(rounds):
            t.send(ask, size=30000).answer(wire.response(wire.SET))
        path = packets.pcap(tmp_path / f"{rounds}.pcap", packets.packets(t.segments))
        result, kib = tool.peak("show", path)
        assert result.out.count(" > set") == rounds, result.err
        sizes.append(kib)
    assert tool.sanitized() or sizes[1] < sizes[0] + 4096, sizes
