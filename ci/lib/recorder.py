"""mcreplay between clients and a server."""

import contextlib
import signal
import subprocess
from pathlib import Path

from serving import Failed


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
