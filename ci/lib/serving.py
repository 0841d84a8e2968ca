"""Servers for the bench, each started alone and killed when it is no longer needed, and mcreplay
recording in front of one."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path


class Failed(Exception):
    """Why a server, or who measures it, can't go on."""


def memcached(*options, megabytes=64):
    """The command of one like that of fixtures/servers/memcached.yaml, with so much memory for items.
    As root it wants a user named."""
    return ["memcached", "-u", "root", "-t", "2", "-m", str(megabytes), "-U", "0", *options]


@contextlib.contextmanager
def serving(argv, place, ready=None, patience=10.0, **environment):
    """The process, once `ready()` is true, or somebody listens on `place`, a Unix socket; Failed when
    that does not come."""
    ready = ready or (lambda: accepts(place))
    process = subprocess.Popen(argv, env=dict(os.environ, **environment))
    try:
        deadline = time.monotonic() + patience
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{argv[0]} does not listen on {place}")
            time.sleep(0.005)  # nothing else tells when it listens
        yield process
    finally:
        process.kill()
        process.wait()


def accepts(path):
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(str(path)) == 0


@contextlib.contextmanager
def recorder(binaries, server, out):
    """The socket where it listens, beside the capture `out`, which is complete afterwards."""
    front = Path(out).with_suffix(".sock")
    argv = [Path(binaries) / "mcreplay", "record", "--attach", f"unix:{server}",
            "--listen", f"unix:{front}", "-o", out]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            if "listening at" not in process.stdout.readline():
                raise Failed("the recorder did not start")
            yield front
        finally:
            process.send_signal(signal.SIGINT)
    if process.returncode != 0:
        raise Failed(f"the recorder ended with {process.returncode}")
