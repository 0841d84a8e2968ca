"""The reference server: every case on each send path, and what no case can see: its byte counters,
what a reader that stalls costs, how it closes, its options, its memory."""

import contextlib
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest
import tool
import wire

PROGRAM = tool.MCREPLAY.parent / "refserver"
SEND_PATHS = {"sendmsg": "refserver", "copy": "refserver-copy", "reference": "refserver-reference"}
MIB = 1024 * 1024

every_send_path = pytest.mark.parametrize("send_path", SEND_PATHS)


class Client:
    """A connection that counts what passes."""

    def __init__(self, server):
        family = socket.AF_UNIX if isinstance(server.address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(60)
        self.socket.connect(server.address)
        self.data = bytearray()
        self.sent = self.got = 0

    def send(self, *frames):
        data = b"".join(frames)
        self.socket.sendall(data)
        self.sent += len(data)

    def answer(self):
        """The next frame, or None at the end of the stream."""
        while (frame := wire.take(self.data)) is None:
            data = self.socket.recv(MIB)
            if not data:
                assert not self.data, "the stream ends within a frame"
                return None
            self.got += len(data)
            self.data += data
        return frame

    def ask(self, opcode, **fields):
        self.send(wire.request(opcode, **fields))
        return self.answer()

    def store(self, key, value, opcode=wire.SET):
        return self.ask(opcode, key=key, value=value, extras=bytes(8)).status

    def stats(self, group=b""):
        self.send(wire.request(wire.STAT, key=group))
        stats = {}
        while (frame := self.answer()).key:
            stats[frame.key.decode()] = frame.value.decode()
        return stats


class Server:
    """A server that runs."""

    def __init__(self, process, address):
        self.process, self.address = process, address

    def client(self):
        return Client(self)

    def peak(self):
        """Its largest resident memory so far, in bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def refserver(tmp_path):
    """Starts servers: refserver("--send-path=copy"), or refserver(tcp=True)."""
    with contextlib.ExitStack() as stack:

        def start(*options, tcp=False):
            place, port = str(tmp_path / "socket"), tmp_path / "port"
            listen = ["-p", "0"] if tcp else ["-s", place]
            env = tool.environment({"REFSERVER_PORT_FILE": str(port)})
            process = stack.enter_context(
                subprocess.Popen([PROGRAM, *listen, *map(str, options)], env=env)
            )
            stack.callback(process.kill)
            deadline = time.monotonic() + 60
            while True:
                assert process.poll() is None and time.monotonic() < deadline
                with contextlib.suppress(OSError):
                    told = re.search(r"^TCP INET: (\d+)$", port.read_text()) if tcp else None
                    server = Server(process, ("127.0.0.1", int(told[1])) if tcp else place)
                    server.client().socket.close()
                    return server
                time.sleep(0.001)  # nothing else tells when it listens

        yield start


NEEDS_SASL = {
    str(path.relative_to(tool.ROOT / "cases").with_suffix(""))
    for path in (tool.ROOT / "cases").rglob("*.session")
    if re.search("^needs sasl$", path.read_text(), re.M)
}


def assert_all_passed(result):
    """But for the cases that need a server with SASL, nothing is left out, and no list excuses."""
    assert result.status == 0, result
    skips = {id for (id, _, _), word in result.cases.items() if word == "skipped"}
    assert skips <= NEEDS_SASL, result
    assert result.totals["passed"] + result.totals["skipped"] == sum(result.totals.values()), result


@every_send_path
@pytest.mark.parametrize(
    "deliveries, least, chosen",
    [("whole,pipelined,fields,half-close", 360, []), ("slow-read", 30, ["-k", "pipeline/*"])],
)
def test_every_case_passes(send_path, deliveries, least, chosen, run):
    result = run("-s", SEND_PATHS[send_path], "-d", deliveries, "-j", 2, "--min", least, *chosen)
    assert_all_passed(result)


@every_send_path
def test_every_case_passes_on_tls(send_path, run):
    deliveries = "whole,half-close"
    result = run("-s", SEND_PATHS[send_path], "--transport", "tls", "-d", deliveries, "-j", 2)
    assert_all_passed(result)
    assert len(result.cases) >= 2 * 360, result
    areas = "pipeline", "quit", "conn"
    jams = "slow-read,slow-read-last,across-records,inside-records"
    result = run("-s", SEND_PATHS[send_path], "--transport", "tls", "-d", jams, "-j", 2, *areas)
    assert_all_passed(result)


@pytest.mark.parametrize("server", ["refserver-sasl", "memcached-sasl"])
def test_every_case_of_sasl_passes(server, run):
    result = run("-s", server, "--needs", "sasl", "-d", "all", "--min", len(NEEDS_SASL))
    assert result.status == 0, result
    assert result.totals["passed"] == len(result.cases) > 10 * len(NEEDS_SASL), result


def test_every_case_passes_on_tcp(run):
    assert_all_passed(run("-s", "refserver", "--transport", "tcp", "-j", 2, "--min", 360))


@pytest.fixture
def planted(tmp_path):
    """The profile of a send path with a fault: planted("copy", "answer-twice")."""

    def write(send_path, fault):
        name = f"{SEND_PATHS[send_path]}.yaml"
        text = (tool.ROOT / "fixtures/servers" / name).read_text()
        option = f"--send-path={send_path}"
        assert text.count(option) == 1
        (tmp_path / name).write_text(text.replace(option, f"{option}, --fault={fault}"))
        return tmp_path / name

    return write


@every_send_path
def test_goldens_see_on_each_send_path_what_cases_leave_open(send_path, planted, run):
    case = "expiry/every-command-misses-an-expired-item"
    result = run("-s", SEND_PATHS[send_path], case)
    assert result.status == 0, result
    result = run("-s", planted(send_path, "text-left-over"), case)
    assert result.status == 1 and result.finding.kind == "regression", result
    assert "golden    fixtures/golden/refserver/" in result.finding.text, result


@pytest.mark.parametrize(
    "wrong, fault, other", [("sendmsg", "byte-lost", "copy"), ("reference", "buffer-reused", "sendmsg")]
)
def test_a_comparison_sees_that_a_send_path_is_wrong(wrong, fault, other, planted, tmp_path):
    def compare(baseline, candidate):
        return tool.compare(tmp_path, "--baseline", baseline, "--candidate", candidate, "-d",
                            "slow-read", "pipeline/four-jams-at-once")

    assert compare(SEND_PATHS[wrong], SEND_PATHS[other]).status == 0
    for sides in (planted(wrong, fault), SEND_PATHS[other]), (SEND_PATHS[other], planted(wrong, fault)):
        result = compare(*sides)
        assert result.status == 1 and result.finding.kind == "difference", result


@every_send_path
@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_byte_counters_tell_what_passed(send_path, tcp, refserver):
    server = refserver(f"--send-path={send_path}", tcp=tcp)
    client = server.client()
    for size in 0, 1, 5000, 700_000:
        assert client.store(b"k", bytes(size)) == wire.SUCCESS
        assert len(client.ask(wire.GET, key=b"k").value) == size
    client.ask(0xC0, value=b"unknown")
    before = client.got
    stats = client.stats()
    assert (int(stats["bytes_read"]), int(stats["bytes_written"])) == (client.sent, before)
    client.stats(b"reset")
    sent, got = client.sent, client.got
    client.ask(wire.NOOP)
    stats = client.stats()
    assert int(stats["bytes_read"]) == client.sent - sent
    # The frame that ended the reset's answer left after the counters were reset.
    assert int(stats["bytes_written"]) == 24 + 24, (stats, got)


@every_send_path
def test_a_reader_that_stalls_costs_little_and_gets_all(send_path, refserver):
    server = refserver(f"--send-path={send_path}", "-t", "1")
    client, count, size = server.client(), 300, 900_000
    assert client.store(b"k", b"v" * size) == wire.SUCCESS
    client.send(*(wire.request(wire.GET, key=b"k", opaque=i) for i in range(count)))
    other = server.client()  # served by the same thread, so the first has had its turn
    assert other.ask(wire.NOOP).status == wire.SUCCESS
    assert tool.sanitized() or server.peak() < 32 * MIB
    for i in range(count):
        frame = client.answer()
        assert (frame.opaque, len(frame.value)) == (i, size)
    assert tool.sanitized() or server.peak() < 32 * MIB


@every_send_path
def test_an_error_behind_large_answers_cuts_off_none_of_them(send_path, refserver):
    """On TCP, closing with input unread would reset the connection and drop what is queued."""
    client = refserver(f"--send-path={send_path}", tcp=True).client()
    assert client.store(b"k", b"v" * 900_000) == wire.SUCCESS
    behind = [wire.request(wire.NOOP)] * 1000
    client.send(*[wire.request(wire.GET, key=b"k")] * 10, wire.request(wire.GET), *behind)
    for _ in range(10):
        assert client.answer().status == wire.SUCCESS
    assert client.answer().status == wire.EINVAL
    assert client.answer() is None


def test_a_pipeline_takes_turns_with_others(refserver):
    server = refserver("-t", "1")
    busy, other = server.client(), server.client()
    enough = threading.Event()

    def keep_busy():
        while not enough.is_set():
            busy.send(*[wire.request(wire.GETQ, key=b"none")] * 1000)

    with contextlib.ExitStack() as stack:
        thread = threading.Thread(target=keep_busy)
        thread.start()
        stack.callback(thread.join)
        stack.callback(enough.set)
        while int(other.stats()["conn_yields"]) < 1000:
            assert other.ask(wire.NOOP).status == wire.SUCCESS


def test_memory_is_bounded_and_the_least_used_go(refserver):
    client = refserver("-m", "4").client()
    keys = [b"key %d" % i for i in range(100)]
    for key in keys:
        assert client.store(key, bytes(100_000)) == wire.SUCCESS
        client.ask(wire.GET, key=keys[0])
    kept = [key for key in keys if client.ask(wire.GET, key=key).status == wire.SUCCESS]
    assert kept == [keys[0], *keys[100 - len(kept) + 1 :]]
    assert 30 < len(kept) < 42
    stats = client.stats()
    assert int(stats["evictions"]) == 100 - len(kept)
    assert int(stats["bytes"]) <= int(stats["limit_maxbytes"]) == 4 * MIB


def test_the_largest_item_can_be_chosen(refserver):
    client = refserver("-I", "10KiB").client()
    assert client.store(b"k", bytes(10_000)) == wire.SUCCESS
    assert client.store(b"k", bytes(10_240)) == wire.E2BIG
    assert client.ask(wire.GET, key=b"k").status == wire.KEY_ENOENT


def test_connections_beyond_the_limit_are_closed(refserver):
    server = refserver("-c", "2", "-t", "1")
    first = server.client()
    assert first.ask(wire.NOOP).status == wire.SUCCESS
    # The one that waited for the server to listen may not be gone yet.
    while int(first.stats()["curr_connections"]) > 1:
        pass
    second = server.client()
    assert second.ask(wire.NOOP).status == wire.SUCCESS
    assert server.client().answer() is None
    assert second.ask(wire.NOOP).status == wire.SUCCESS


def test_connections_wait_for_descriptors(refserver):
    server = refserver("-t", "1")
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (32, 32))
    clients = [server.client() for _ in range(40)]
    assert clients[0].ask(wire.NOOP).status == wire.SUCCESS
    for client in clients:  # those at the end are served when those before them have gone
        assert client.ask(wire.NOOP).status == wire.SUCCESS
        client.socket.close()


LIST_MECHS, AUTH, STEP = 0x20, 0x21, 0x22
AUTH_ERROR, AUTH_CONTINUE = 0x20, 0x21


def test_commands_wait_for_authentication(refserver):
    server = refserver("--sasl=user:secret")
    client = server.client()
    assert client.ask(wire.VERSION).status == wire.SUCCESS
    assert client.ask(LIST_MECHS).value == b"PLAIN"
    assert client.ask(AUTH, key=b"PLAIN", value=b"\0user\0wrong").status == AUTH_ERROR
    assert client.ask(STEP, key=b"PLAIN", value=b"\0user\0secret").status == AUTH_ERROR
    answer = client.ask(AUTH, key=b"PLAIN", value=b"\0user\0secret")
    assert (answer.status, answer.value) == (wire.SUCCESS, b"Authenticated")
    assert client.store(b"k", b"v") == wire.SUCCESS
    assert client.ask(AUTH, key=b"PLAIN").status == AUTH_CONTINUE
    assert client.ask(wire.GET, key=b"k").status == AUTH_ERROR
    assert client.answer() is None
    stepping = server.client()
    assert stepping.ask(AUTH, key=b"PLAIN").status == AUTH_CONTINUE
    assert stepping.ask(STEP, key=b"PLAIN", value=b"\0user\0secret").status == wire.SUCCESS
    assert stepping.ask(wire.GET, key=b"k").value == b"v"
    for refused in wire.NOOP, wire.STAT, wire.QUIT, 0xC0:
        stranger = server.client()
        assert stranger.ask(refused).status == AUTH_ERROR
        assert stranger.answer() is None


def test_detail_counts_by_prefix(refserver):
    client = refserver().client()
    client.store(b"a:before", b"v")
    client.stats(b"detail on")
    client.store(b"a:1", b"v")
    client.ask(wire.GET, key=b"a:1")
    client.ask(wire.GET, key=b"a:2")
    client.ask(wire.DELETE, key=b"a:1")
    client.store(b"no prefix", b"v")
    expected = "PREFIX a get 2 hit 1 set 1 del 1\r\nEND\r\n"
    assert client.stats(b"detail dump") == {"detailed": expected}
    client.stats(b"detail off")
    client.store(b"a:1", b"v")
    assert client.stats(b"detail dump") == {"detailed": expected}


def test_the_clock_moves_only_when_it_may(refserver, tmp_path):
    move = dict(opcode=0xFC, extras=(3600).to_bytes(8, "big") + b"\x01")
    fixed = refserver().client()
    assert fixed.ask(**move).status == wire.UNKNOWN_COMMAND


@every_send_path
def test_a_stop_is_clean_with_clients_in_every_state(send_path, refserver, tmp_path):
    server = refserver(f"--send-path={send_path}")
    clients = [server.client() for _ in range(4)]
    assert clients[0].store(b"k", bytes(900_000)) == wire.SUCCESS
    clients[1].send(wire.request(wire.SET, key=b"k", value=bytes(1000), extras=bytes(8))[:-1])
    clients[2].send(*[wire.request(wire.GET, key=b"k")] * 100)
    clients[3].send(wire.request(wire.QUIT))
    assert clients[3].answer().status == wire.SUCCESS
    assert clients[0].ask(wire.NOOP).status == wire.SUCCESS
    assert server.stop() == 0
    assert not (tmp_path / "socket").exists()


@pytest.mark.parametrize(
    "options, complaint",
    [
        ([], "where to listen: want either -s PATH or -p PORT"),
        (["-s", "x", "-p", "0"], "where to listen: want either -s PATH or -p PORT"),
        (["-s", "x", "-t", "0"], "0: want a number from 1 to 64"),
        (["-s", "x", "-t", "2x"], "2x: want a number from 1 to 64"),
        (["-p", "65536"], "65536: want a number from 0 to 65535"),
        (["-s", "x", "-I", "1KB"], "1KB: want a size from 1KiB to 1GiB"),
        (["-s", "x", "-I", "8MiB", "-m", "4"], "memory: -m must hold the largest item"),
        (["-s", "x", "--send-path=writev"], "writev: want sendmsg, copy or reference"),
        (["-s", "x", "--sasl=user"], "user: want USER:PASS"),
        (["-s", "x", "--tls-cert=x"], "TLS: want both --tls-cert and --tls-key"),
        (["-s", "x", "more"], "more: is no option"),
        (["-s", "x", "--unknown"], "unrecognized option '--unknown'"),
    ],
)
def test_wrong_options_are_explained(options, complaint, tmp_path):
    done = subprocess.run([PROGRAM, *options], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, done
    assert complaint in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_it_cannot_listen_on_is_named(refserver, tmp_path):
    server = refserver()
    for place in server.address, str(tmp_path / "none" / "socket"), "x" * 200:
        done = subprocess.run([PROGRAM, "-s", place], capture_output=True, text=True)
        assert done.returncode == 1, done
        assert f"cannot listen on {place}" in done.stderr
    assert server.client().ask(wire.NOOP).status == wire.SUCCESS


@pytest.mark.parametrize("wrong", ["cert", "key"])
def test_a_file_that_is_no_good_for_tls_is_named(wrong, tmp_path):
    files = {name: tool.MCREPLAY.parents[1] / "tls" / f"{name}.pem" for name in ("cert", "key")}
    files[wrong] = tmp_path / "empty.pem"
    files[wrong].touch()
    options = [f"--tls-{name}={file}" for name, file in files.items()]
    done = subprocess.run([PROGRAM, "-s", tmp_path / "socket", *options], capture_output=True,
                          text=True)
    assert done.returncode == 1, done
    assert f"cannot use {files[wrong]} for TLS: " in done.stderr
    assert not (tmp_path / "socket").exists()


def test_a_socket_left_behind_is_taken_over(refserver):
    server = refserver()
    server.process.kill()
    server.process.wait()
    assert refserver().client().ask(wire.NOOP).status == wire.SUCCESS


def test_the_help_fits_a_terminal():
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
