"""record, between clients and a server: it passes on what comes, and what it writes is what passed.
"""

import os
import signal
import socket
import struct
import subprocess
import threading

import processes
import pytest
import recorder
import tool
import wire
from recorder import Client, recording

FLAGS = struct.pack(">II", 7, 0)


def store(client, key, value, **fields):
    return client.ask(wire.SET, key=key, value=value, extras=FLAGS, **fields)


def replay(run, *sessions):
    result = run("-s", "memcached", "-d", "whole,pipelined,bytewise,slow-read", "--golden", "none",
                 *sessions)
    assert result.status == 0 and result.totals["passed"] == 4 * len(sessions), result


def opcodes(capture):
    """Of all frames in a capture: (magic, opcode)."""
    frames = recorder.dissected(capture, "couchbase.magic", "couchbase.opcode")
    return [(int(m, 0), int(o, 0)) for magics, ops in frames for m, o in zip(magics, ops)]


def test_real_clients_make_a_session_that_replays(tmp_path, run):
    out, listen = tmp_path / "tools.session", tmp_path / "listen.sock"
    (tmp_path / "k").write_text("value\n")
    with recording(out, "--title", "what the tools say", listen=f"unix:{listen}") as r:
        for words in (["memccp", tmp_path / "k"], ["memccat", "k"], ["memctouch", "k"],
                      ["memcrm", "k"], ["memcstat"]):
            subprocess.run([words[0], "--binary", f"--servers={listen}", *words[1:]], check=True,
                           stdout=subprocess.DEVNULL, timeout=60)
        result = r.end()
    assert result.status == 0, result
    assert f"wrote {out}: 5 connections, " in result.out
    text = out.read_text()
    assert text.startswith("case  what the tools say\nspec  set, ")
    assert 'set flags=0 expiry=0 key="k" value="value\\n"' in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k", "tools.session"]
    replay(run, out)


@pytest.mark.parametrize("front", ["unix", "tcp", "tls"])
@pytest.mark.parametrize("behind", ["unix", "tcp", "tls"])
def test_every_transport_before_and_behind(tmp_path, run, front, behind):
    out = tmp_path / "a.session"
    listen = f"unix:{tmp_path}/s" if front == "unix" else f"{front}:127.0.0.1:0"
    with recording(out, "--transport", behind, listen=listen) as r:
        assert r.address.startswith(f"{front}:")
        with Client(r.address) as client:
            cas = store(client, b"k", b"1" * 40000).cas
            assert store(client, b"k", b"2", cas=cas).status == wire.SUCCESS
            assert store(client, b"k", b"3", cas=cas).status == wire.KEY_EEXISTS
            assert client.ask(wire.GET, key=b"k").value == b"2"
        result = r.end(signal.SIGTERM)
    assert result.status == 0, result
    text = out.read_text()
    assert "cas=?" in text and text.count("cas=$") == 2, text
    replay(run, out)


def test_wireshark_reads_the_capture(tmp_path):
    out = tmp_path / "a.pcap"
    with recording(out) as r, Client(r.address) as one, Client(r.address) as two:
        one.ask(wire.SET, key=b"k", value=b"hello", extras=FLAGS, opaque=0x11000011)
        two.ask(wire.GETK, key=b"k", opaque=0x22000022)
        one.ask(wire.GET, key=b"none", opaque=0x33000033)
        result = r.end()
    assert result.status == 0, result
    frames = recorder.dissected(out, "couchbase.opcode", "couchbase.opaque", "couchbase.key",
                                "couchbase.value", "tcp.stream")
    assert frames == [
        [["0x01"], ["0x11000011"], ["k"], ["hello"], ["0"]],
        [["0x01"], ["0x11000011"], [""], [""], ["0"]],
        [["0x0c"], ["0x22000022"], ["k"], [""], ["1"]],
        [["0x0c"], ["0x22000022"], ["k"], ["hello"], ["1"]],
        [["0x00"], ["0x33000033"], ["none"], [""], ["0"]],
        [["0x00"], ["0x33000033"], [""], ["Not found"], ["0"]],
    ]


def test_many_connections_at_once_and_one_after_another(tmp_path):
    out = tmp_path / "a.pcap"
    with recording(out, "--transport", "unix", listen=f"unix:{tmp_path}/s") as r:
        for _ in range(3):
            clients = [Client(r.address) for _ in range(100)]
            for i, client in enumerate(clients):
                client.send(wire.NOOP, opaque=i)
            assert [client.receive().opaque for client in clients] == list(range(100))
            for client in clients:
                client.sock.close()
        result = r.end()
    assert result.status == 0, result
    assert "300 connections, 7200 bytes from clients, 7200 from the server" in result.out
    assert len(opcodes(out)) == 600
    streams = recorder.dissected(out, "tcp.stream")
    assert len({stream for cells in streams for stream in cells[0]}) == 300


def test_a_client_that_is_killed_within_a_request(tmp_path, run):
    out = tmp_path / "a.session"
    client = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
              "s.sendall(bytes.fromhex(sys.argv[2])); print('sent', flush=True); s.recv(1)")
    with recording(out, listen=f"unix:{tmp_path}/s") as r:
        with Client(r.address) as whole:
            store(whole, b"k", b"v")
            part = wire.request(wire.SET, key=b"k", value=b"cut", extras=FLAGS)[:-1]
            with subprocess.Popen([tool.PYTHON, "-S", "-c", client, str(tmp_path / "s"),
                                   part.hex()], stdout=subprocess.PIPE) as killed:
                assert killed.stdout.readline() == b"sent\n"
                # Its bytes have come to the server, and so through the recorder, before it ends.
                assert whole.ask(wire.NOOP).opcode == wire.NOOP
                killed.kill()
            assert whole.ask(wire.GET, key=b"k").value == b"v"
        result = r.end()
    assert result.status == 0, result
    assert "c2 > raw" in out.read_text() and "c2 close" in out.read_text()
    replay(run, out)


def test_a_server_that_is_killed(tmp_path, run):
    """What was seen is written, the connection that was cut off included."""
    out, marker = tmp_path / "a.session", str(tmp_path / "marked")
    stub = tool.stub_profile(tmp_path / "stub.yaml", marker=marker)
    with recording(out, "-s", stub, "--transport", "unix") as r, Client(r.address) as client:
        store(client, b"k", b"v")
        for pid in processes.marked(marker):
            if b"stub_server" in open(f"/proc/{pid}/cmdline", "rb").read():
                os.kill(pid, signal.SIGKILL)
        result = r.end(None)
    assert result.status == 1, result
    assert "the server was killed by signal 9" in result.err
    assert "c1 < set cas=* opaque" in out.read_text() or "c1 < set cas=*" in out.read_text()
    assert out.read_text().endswith("c1 < closed\n")
    assert not (tmp_path / "a.session.journal.pcap").exists()


@pytest.mark.parametrize("ending", ["session", "pcap"])
def test_a_recorder_that_is_killed_leaves_a_journal(tmp_path, ending):
    out, marker = tmp_path / f"a.{ending}", str(tmp_path / "marked")
    stub = tool.stub_profile(tmp_path / "stub.yaml", marker=marker)
    with recording(out, "-s", stub, "--transport", "unix") as r, Client(r.address) as client:
        for i in range(200):
            assert client.ask(wire.NOOP, opaque=i).opaque == i
        result = r.end(signal.SIGKILL)
    assert result.status == -signal.SIGKILL
    assert not out.exists()
    journal = tmp_path / f"a.{ending}.journal.pcap"
    assert opcodes(journal) == [(0x80, wire.NOOP), (0x81, wire.NOOP)] * 200
    assert processes.wait_until_gone(marker) == []
    again = tool.command("record", "--listen", f"unix:{tmp_path}/s", "-o", out)
    assert again.status == 2 and "--force" in again.err, again
    assert len(opcodes(journal)) == 400


def test_a_slow_reader_holds_the_server_back(tmp_path):
    """Many MiB are asked for and not read: they stay in the server, not in the recorder."""
    out, value, count = tmp_path / "a.pcap", os.urandom(1 << 20)[:1000000], 40
    with recording(out, listen=f"unix:{tmp_path}/s") as r, Client(r.address) as client:
        store(client, b"big", value)
        before = peak_kib(r.process.pid)
        for i in range(count):
            client.send(wire.GET, key=b"big", opaque=i)
        with Client(r.address) as other:  # which is served meanwhile
            for _ in range(50):
                assert other.ask(wire.NOOP).opcode == wire.NOOP
        written = sum(path.stat().st_size for path in tmp_path.glob("*.pcap"))
        for i in range(count):
            frame = client.receive()
            assert frame.opaque == i and frame.value == value
        grown = peak_kib(r.process.pid) - before
        result = r.end()
    assert result.status == 0, result
    assert written < 8 * len(value), "the server was read although nothing could be passed on"
    assert grown < (32 if tool.sanitized() else 4) * 1024
    assert out.stat().st_size > count * len(value)


def peak_kib(pid):
    lines = open(f"/proc/{pid}/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


class Puppet:
    """A server that does what a test says, on connections that it accepts one by one. It answers
    the recorder's question whether it is there."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        self.address = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"
        self.greeter = threading.Thread(target=self.greet)
        self.greeter.start()

    def greet(self):
        sock = self.accept()
        data = bytearray()
        while not (asked := wire.take(data)):
            data += sock.recv(4096)
        sock.sendall(wire.response(asked.opcode, value=b"puppet", opaque=asked.opaque))
        sock.recv(1)
        sock.close()

    def accept(self):
        sock, _ = self.listener.accept()
        sock.settimeout(60)
        return sock

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.greeter.join()
        self.listener.close()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.fixture
def pair(tmp_path):
    """A client's socket and the server's, with a recorder in between."""
    with Puppet() as server:
        with recording(tmp_path / "a.pcap", "--attach", server.address) as r:
            server.greeter.join()
            with recorder.connect(r.address) as client, server.accept() as accepted:
                yield client, accepted, r


def test_an_end_is_passed_on_as_an_end(pair, tmp_path):
    client, server, r = pair
    client.sendall(b"ask")
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100) == b"ask" and server.recv(100) == b""
    server.sendall(b"answer")
    assert client.recv(100) == b"answer"
    server.shutdown(socket.SHUT_WR)
    assert client.recv(100) == b""
    assert r.end().status == 0


def test_the_servers_end_leaves_the_client_its_side(pair):
    client, server, r = pair
    server.shutdown(socket.SHUT_WR)
    assert client.recv(100) == b""
    client.sendall(b"more")
    assert server.recv(100) == b"more"
    client.close()
    assert server.recv(100) == b""
    assert r.end().status == 0


def test_a_clients_reset_is_passed_on(pair):
    client, server, r = pair
    client.sendall(b"ask")
    assert server.recv(100) == b"ask"
    reset(client)
    with pytest.raises(ConnectionResetError):
        server.recv(100)
    assert r.end().status == 0


def test_a_servers_reset_is_passed_on(pair, tmp_path):
    client, server, r = pair
    server.sendall(b"part")
    assert client.recv(100) == b"part"
    reset(server)
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    assert r.end().status == 0
    flags = subprocess.run(["tshark", "-r", tmp_path / "a.pcap", "-Y", "tcp.flags.reset == 1"],
                           capture_output=True, text=True, check=True)
    assert flags.stdout.count("11210") == 1


def test_a_reset_behind_a_half_close_is_passed_on(pair):
    client, server, r = pair
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100) == b""
    reset(client)
    server.setblocking(True)
    server.settimeout(60)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:
            server.sendall(b"x" * 1000)
    assert r.end().status == 0


def test_a_server_that_is_not_there_any_more(tmp_path):
    with Puppet() as server:
        with recording(tmp_path / "a.pcap", "--attach", server.address) as r:
            server.greeter.join()
            server.listener.close()
            # Within connect(), when the recorder is quicker.
            with pytest.raises(ConnectionResetError), recorder.connect(r.address) as client:
                client.recv(1)
            result = r.end()
    assert result.status == 0, result
    assert f"mcreplay record: {server.address}: Connection refused" in result.err


def test_no_client_came(tmp_path):
    with recording(tmp_path / "a.session") as r:
        result = r.end()
    assert result.status == 2 and "no client has connected" in result.err, result
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full(tmp_path):
    """A limit to files' size stands for it."""
    out = tmp_path / "a.pcap"
    limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 64; exec "$@"', "sh"]
    with recording(out, "-s", tool.stub_profile(tmp_path / "stub.yaml"), command=limited) as r:
        with Client(r.address) as client, pytest.raises((AssertionError, ConnectionError)):
            for i in range(1000):
                store(client, b"k", b"v" * 1000)
        result = r.end(None)
    assert result.status == 3, result
    assert "can't write" in result.err
    # Its last packet is cut off.
    assert opcodes(tmp_path / "a.pcap.journal.pcap")[:2] == [(0x80, wire.SET), (0x81, wire.SET)]


def test_what_is_there_is_replaced_only_when_asked(tmp_path):
    out = tmp_path / "a.pcap"
    out.write_text("mine")
    refused = tool.command("record", "--listen", "tcp:127.0.0.1:0", "-o", out)
    assert refused.status == 2 and f"{out} is there" in refused.err, refused
    assert out.read_text() == "mine"
    with recording(out, "--force") as r, Client(r.address) as client:
        client.ask(wire.NOOP)
        assert r.end().status == 0
    assert opcodes(out) == [(0x80, wire.NOOP), (0x81, wire.NOOP)]


def test_clients_may_be_shown_another_certificate(tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=other", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    out = tmp_path / "a.pcap"
    with recording(out, "--cert", cert, "--key", key, listen="tls:127.0.0.1:0") as r:
        with pytest.raises(OSError):
            recorder.connect(r.address)
        shown = subprocess.run(["openssl", "s_client", "-connect", r.address.partition(":")[2],
                                "-CAfile", cert, "-brief"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=60)
        result = r.end()
    assert "CN = other" in shown.stderr and "Verification: OK" in shown.stderr, shown.stderr
    assert "TLS with a client: the handshake failed: the client sent the alert" in result.err


@pytest.mark.parametrize("words, text", [
    ([], "--listen says where clients connect"),
    (["--listen", "tcp:127.0.0.1:0"], "-o where the recording goes"),
    (["--listen", "tcp:127.0.0.1:0", "-o", "a.txt"], "name FILE.session or FILE.pcap"),
    (["--listen", "127.0.0.1:0", "-o", "a.pcap"], "is no address"),
    (["--listen", "tcp:127.0.0.1", "-o", "a.pcap"], "has no port from 0 to 65535"),
    (["--listen", "tcp:127.0.0.1:0", "-o", "a.pcap", "-s", "nobody"], 'no profile for "nobody"'),
    (["--listen", "tcp:127.0.0.1:0", "-o", "a.pcap", "--cert", "c"], "not listened to on TLS"),
    (["--listen", "tls:127.0.0.1:0", "-o", "a.pcap", "--cert", "c"], "go together"),
    (["--listen", "tls:127.0.0.1:0", "-o", "a.pcap", "--cert", "c", "--key", "k"], "can't use it"),
    (["--listen", "tcp:127.0.0.1:0", "-o", "a.pcap", "--transport", "unix,tcp"], "name one"),
    (["--listen", "tcp:127.0.0.1:0", "-o", "a.pcap", "more"], '"more" is no option'),
    (["--listen", "tcp:127.0.0.1:0", "--nothing"], "unknown option --nothing"),
])
def test_words_that_are_wrong(tmp_path, words, text):
    result = tool.command("record", *words, cwd=tmp_path)
    assert result.status == 2 and text in result.err, result
    assert list(tmp_path.iterdir()) == []


def test_places_that_are_taken(tmp_path):
    listen = f"unix:{tmp_path}/s"
    with recording(tmp_path / "a.pcap", listen=listen) as r:
        second = tool.command("record", "--listen", listen, "-o", tmp_path / "b.pcap")
        assert second.status == 3 and "can't listen at" in second.err, second
        with Client(r.address) as client:
            client.ask(wire.NOOP)
        r.end(signal.SIGKILL)
    # What a killed one left is no obstacle.
    with recording(tmp_path / "c.pcap", listen=listen) as r, Client(r.address) as client:
        client.ask(wire.NOOP)
        assert r.end().status == 0
    assert not (tmp_path / "s").exists()
