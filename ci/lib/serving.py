"""Servers for the bench, each started alone and killed when it is no longer needed."""

import contextlib
import os
import socket
import subprocess
import time


class Failed(Exception):
    """Why a server, or who measures it, can't go on."""


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
