"""Processes by a marker in their arguments, and waiting for their end without sleeping."""

import contextlib
import os
import select
import socket
import subprocess
import time
from pathlib import Path


def marked(marker):
    """Pids of all living processes that have the marker in their command line."""
    pids = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                if marker.encode() in (place / "cmdline").read_bytes():
                    pids.append(int(place.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return pids


def parent(pid):
    stat = Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def ancestors(pid, top):
    """From the parent of `pid` up to `top`, both included."""
    chain = []
    while pid != top:
        pid = parent(pid)
        assert pid > 1, f"{top} is no ancestor: {chain}"
        chain.append(pid)
    return chain


def wait_until_ended(pid, seconds):
    """False when it still runs after that time."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], max(seconds, 0))[0])
    finally:
        os.close(fd)


def wait_until_gone(marker, seconds=30):
    """Waits for the end of every process with the marker; returns those that stay."""
    deadline = time.monotonic() + seconds
    while pids := marked(marker):
        if not all(wait_until_ended(pid, deadline - time.monotonic()) for pid in pids):
            return marked(marker)
    return []


@contextlib.contextmanager
def served(argv):
    """Starts a server on the Unix socket that its last argument names; a client connected to it."""
    Path(argv[-1]).unlink(missing_ok=True)
    with subprocess.Popen(argv) as server:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        try:
            while client.connect_ex(argv[-1]) != 0:
                assert server.poll() is None, "the server has ended"
            yield client
        finally:
            client.close()
            server.kill()
