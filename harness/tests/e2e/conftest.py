"""Fixtures: session files, runs against the stub server, and moments to wait for."""

import os
import select
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True

import tool  # noqa: E402


def pytest_configure(config):
    if not tool.MCREPLAY.exists():
        pytest.exit(f"{tool.MCREPLAY} is not there: build it, or name it in MCREPLAY", 2)
    if not hasattr(config, "workerinput"):  # before others are started
        tool.compile_stub()


@pytest.fixture
def session(tmp_path):
    """Writes a session file: session("get/miss", "c1 > noop\\nc1 < noop"). Head lines may be left
    out."""

    def write(name, steps, head="spec  noop\n"):
        path = tmp_path / f"{name}.session"
        path.parent.mkdir(parents=True, exist_ok=True)
        if "case " not in head:
            head = f"case  {name.replace('/', ' ').replace('-', ' ')}\n" + head
        path.write_text(head + steps.strip() + "\n")
        return path

    return write


@pytest.fixture
def run(tmp_path):
    """mcreplay run; the report is checked against the schema and the console."""

    def play(*args, **keywords):
        return tool.run(tmp_path, *args, **keywords)

    return play


@pytest.fixture
def profile(tmp_path):
    """Writes a profile of a stub server with a plant: profile("crash", stop={"within": "1s"})."""

    def write(plant=None, **settings):
        return tool.stub_profile(tmp_path / "stub.yaml", plant, **settings)

    return write


class Events:
    """What stub servers tell about themselves through a FIFO. Reading waits for an event, so a test
    acts at a moment without sleeping."""

    def __init__(self, path: Path):
        os.mkfifo(path)
        self.path = path
        # Also opened for writing, so that no server's end is taken for the end of the stream.
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.data = b""
        self.seen = []

    def _take(self):
        while b"\n" in self.data:
            line, _, self.data = self.data.partition(b"\n")
            name, pid = line.decode().split()
            self.seen.append((name, int(pid)))

    def drain(self):
        """All events so far."""
        while select.select([self.fd], [], [], 0)[0]:
            self.data += os.read(self.fd, 65536)
        self._take()
        return self.seen

    def wait(self, name, count=1):
        """The pid that told the event for the count'th time."""
        while True:
            pids = [pid for seen, pid in self.seen if seen == name]
            if len(pids) >= count:
                return pids[count - 1]
            ready = select.select([self.fd], [], [], 60)[0]
            assert ready, f"no {name} within a minute; seen: {self.seen}"
            self.data += os.read(self.fd, 65536)
            self._take()

    def close(self):
        os.close(self.fd)


@pytest.fixture
def events(tmp_path):
    e = Events(tmp_path / "events")
    yield e
    e.close()
