"""The transport tls: memcached under every delivery, what only deliveries about records find, and
what is said when the other side is not trusted or speaks no TLS."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field

import pytest
import tool
from sessions import SESSIONS, WRONG

ALL = {
    "whole", "pipelined", "bytewise", "split:1", "split:23", "split:24", "split:25", "fields",
    "random:1", "half-close", "slow-read", "slow-read-last", "pause", "crowd:8", "records",
    "across-records", "inside-records",
}
ABOUT_TLS = {"records", "across-records", "inside-records"}
# Requests go ahead of answers. The end of the client's stream wakes such a server up again.
AHEAD = {"pipelined", "random:1", "slow-read", "slow-read-last", "crowd:8"}
HANDFUL = ["get/hit", "quit/sends-queued-answers-first", "value/64-KiB", "quiet/noop-proves-it-done"]

MISS = 'c1 < get status=key_enoent value="Not found" opaque=2'
ONE = f"""
    c1 > get key="{{ns}}plant" opaque=2
    {MISS}
"""
TWO = f"""
    c1 > get key="{{ns}}plant" opaque=2
    {MISS}
    c1 > get key="{{ns}}plant" opaque=2
    {MISS}
"""

def tls(run, *args, **keywords):
    return run("--transport", "tls", *args, **keywords)


def built(name):
    return tool.MCREPLAY.parents[1] / "tls" / name


@pytest.fixture
def other_ca(tmp_path):
    path = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=other", "-keyout", tmp_path / "other-key.pem", "-out", path],
        check=True, capture_output=True)
    return path


def test_memcached_under_every_delivery(run):
    result = tls(run, "-d", "all", *HANDFUL)
    assert result.status == 0, result
    assert {delivery for _, delivery, _ in result.cases} == ALL
    # What memcached leaves in the TLS library shows where records heed no request, and only there.
    xfailed = {key for key, word in result.cases.items() if word == "xfailed"}
    assert xfailed == {("value/64-KiB", "across-records", "tls")}, result


@dataclass(frozen=True)
class Row:
    plant: str
    steps: str
    found: dict = field(default_factory=dict)  # delivery -> kind of the finding

    @property
    def name(self):
        return f"{self.plant or 'sound'}-{[ONE, TWO].index(self.steps)}"


ROWS = [
    Row(None, ONE), Row(None, TWO),
    Row("leaves-records", ONE, {"records": "timeout"}),
    Row("leaves-records", TWO, dict.fromkeys(AHEAD | {"records"}, "timeout")),
    Row("cut-record", ONE, {"inside-records": "nonconformance"}),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_found_where_it_shows_and_nowhere_else(row, run, session, profile, tmp_path):
    session("planted", row.steps)
    # From within the folder: the case's name, which random cuts come from, is always the same.
    result = tls(run, "-s", profile(row.plant), "-d", "all", "--timeout", 1 if row.found else 20,
                 "-j", 2, "--seed", 7, "planted.session", cwd=tmp_path)
    assert {delivery for _, delivery, _ in result.cases} == ALL, result
    kinds = {f.delivery: f.kind for f in result.findings}
    assert kinds == row.found, result


@pytest.mark.parametrize("plant", [None, "loses-a-byte-when-jammed"])
def test_slow_readers(plant, run, session, profile):
    """The answers fill a send queue if nobody reads."""
    result = tls(run, "-s", profile(plant), "-d", "slow-read,slow-read-last", "--timeout", 20,
                 "-j", 2, session("flood", SESSIONS["flood"]))
    assert len(result.cases) == 2
    assert [f.kind for f in result.findings] == (["nonconformance"] * 2 if plant else []), result


def test_deliveries_about_tls_are_left_out_elsewhere(run, session, profile):
    result = run("-s", profile(), "--transport", "unix,tls", "-d", "whole,records",
                 session("a", ONE))
    assert {key[1:] for key in result.cases} == {("whole", "unix"), ("whole", "tls"),
                                                 ("records", "tls")}, result


@pytest.mark.parametrize("delivery", sorted(ABOUT_TLS))
def test_nothing_is_selected_without_tls(delivery, session, profile):
    result = tool.command("run", "-s", profile(), "--transport", "unix,tcp", "-d", delivery,
                          session("a", ONE))
    assert result.status == 2, result
    assert "nothing selected" in result.err and "add --transport tls" in result.err


def test_shards_and_last_failed(run, session, profile, tmp_path):
    paths = [session("a", ONE), session("b", 'c1 > noop\nc1 < noop opaque=1')]
    last = tmp_path / "last.json"
    options = ("-s", profile(), "--transport", "unix,tls", "-d", "whole,records", "--last", last)
    whole = run(*options, *paths)
    assert len(whole.cases) == 6 and whole.totals["failed"] == 3, whole
    parts = [set(run(*options, "--shard", f"{i}/2", *paths).cases) for i in (1, 2)]
    assert parts[0] | parts[1] == set(whole.cases) and not parts[0] & parts[1]
    run(*options, *paths)
    again = run("-s", profile(), "--last", last, "--last-failed", *paths)
    assert set(again.cases) == {key for key, word in whole.cases.items() if word == "failure"}


def test_a_ca_that_is_not_the_servers(run, session, profile, other_ca):
    result = tls(run, "-s", profile(), "--ca", other_ca, session("a", ONE))
    assert result.status == 3, result
    assert result.finding.kind == "setup"
    assert "TLS: the server's certificate is refused: unable to get local issuer certificate" \
        in result.finding.text, result


@contextlib.contextmanager
def listening(*options):
    """A stub server on a TCP port; not one of those that the kernel gives to anybody."""
    with socket.socket() as probe:
        while True:
            port = random.randrange(10000, 32000)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                break
    argv = [tool.PYTHON, "-S", tool.STUB, "--port", str(port), *map(str, options)]
    with subprocess.Popen(argv) as server:
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
                assert server.poll() is None, "the server has ended"
            yield port
        finally:
            server.kill()


CERTIFIED = ("--cert", built("cert.pem"), "--key", built("key.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_attached_server(host, run, session):
    with listening(*CERTIFIED) as port:
        result = run("--attach", f"tls:{host}:{port}", "-d", "whole,records", session("a", ONE))
    assert result.status == 0, result
    assert result.totals["passed"] == 2


def test_a_ca_that_is_named(run, session, other_ca):
    path = session("a", WRONG)
    with listening(*CERTIFIED) as port:
        address = f"tls:localhost:{port}"
        right = run("--attach", address, "--ca", built("ca.pem"), path)
        wrong = run("--attach", address, "--ca", other_ca, path)
    assert right.status == 1 and wrong.status == 3, right
    assert f"--attach {address} --ca {built('ca.pem')}" in right.finding.reproduce


@pytest.mark.parametrize("answer, says", [
    (b"", "the server closed the connection within the handshake"),
    (b"ERROR\r\n", r'what the server sends is no TLS: "ERROR\r\n"'),
])
def test_a_server_without_tls_is_explained(answer, says, run, session):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with listener.accept()[0] as peer:
                peer.recv(1 << 16)
                peer.sendall(answer)
        threading.Thread(target=serve, daemon=True).start()
        address = f"tls:127.0.0.1:{listener.getsockname()[1]}"
        result = run("--attach", address, session("a", ONE))
    assert result.status == 3, result
    assert result.finding.kind == "setup"
    assert f"TLS: {says}" in result.finding.text, result


def test_certificates_that_are_missing(session, profile, tmp_path):
    program = tmp_path / "bin/mcreplay"
    program.parent.mkdir()
    shutil.copy(tool.MCREPLAY, program)
    argv = [program, "run", "--last", os.devnull, "--transport", "tls", "-s", profile(),
            session("a", ONE)]
    done = subprocess.run(argv, env=dict(os.environ, MCREPLAY_DATA=str(tool.ROOT)), text=True,
                          capture_output=True, timeout=tool.PATIENCE)
    assert done.returncode == 2, done
    assert "certificates" in done.stderr and "build or install it again, or name a CA with --ca" \
        in done.stderr


@pytest.mark.parametrize("content, says", [
    (None, "can't take certificates from it: No such file or directory"),
    ("no certificate", "can't take certificates from it: no certificate"),
])
def test_a_ca_that_is_none(content, says, session, profile, tmp_path):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    result = tool.command("run", "-s", profile(), "--transport", "tls", "--ca", path,
                          session("a", ONE))
    assert result.status == 2, result
    assert f"{path}: {says}" in result.err


def test_a_ca_for_nothing(session, profile):
    result = tool.command("run", "-s", profile(), "--ca", built("ca.pem"), session("a", ONE))
    assert result.status == 2, result
    assert "--ca: nothing is played over TLS; add --transport tls" in result.err
