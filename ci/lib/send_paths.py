"""How fast the send paths of the reference server hand out values, and what memory that takes, side
by side with memcached: the same loads in turn, so that the ratios hold on a machine that others use,
too."""

import re
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from serving import Failed, memcached, serving

BASIS = "memcached"
SEND_PATHS = ("sendmsg", "copy", "reference")
ROUNDS = 3
MIB = 1024 * 1024


@dataclass(frozen=True)
class Load:
    """One value, asked for again and again in one pipeline."""

    name: str
    size: int  # bytes
    times: int
    slow: bool = False  # nothing is read until all is sent or nothing more is taken


LOADS = (
    Load("100 B", 100, 300_000),
    Load("4 KiB", 4096, 100_000),
    Load("1 MiB", MIB, 1_000),
    Load("100 B, slow", 100, 200_000, slow=True),
    Load("4 KiB, slow", 4096, 50_000, slow=True),
    Load("1 MiB, slow", MIB, 200, slow=True),
)


@dataclass
class Figure:
    """What a server made of a load: medians, and the ratios to the basis in the same round."""

    load: Load
    server: str
    gets: float  # a second
    gets_ratio: float
    memory: float  # MiB, the most that was resident
    memory_ratio: float


def commands(binaries):
    """The servers by name, alike but for what is measured; the socket's path is to follow."""
    yield BASIS, memcached("-I", "2m", "-s")
    for path in SEND_PATHS:
        yield path, [str(Path(binaries) / "refserver"), "-t", "2", "-m", "64", "-I", "2MiB",
                     f"--send-path={path}", "-s"]


def peak(process):
    """The most that a process had resident, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def gets_a_second(binaries, place, load):
    argv = [Path(binaries) / "get_values", place, str(load.size), str(load.times),
            *(["slow"] if load.slow else [])]
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return float(done.stdout.split()[0])


def one_round(binaries, load):
    """Gets a second and MiB by server, each fresh."""
    figures = {}
    for server, argv in commands(binaries):
        with tempfile.TemporaryDirectory() as folder:
            place = str(Path(folder) / "socket")
            with serving([*argv, place], place) as process:
                figures[server] = gets_a_second(binaries, place, load), peak(process)
    return figures


def measure(binaries, loads=LOADS, rounds=ROUNDS):
    """Figures of every server under every load; Failed when a server or the client is."""
    found = []
    for load in loads:
        played = [one_round(binaries, load) for _ in range(rounds)]
        for server in played[0]:
            own = [figures[server] for figures in played]
            basis = [figures[BASIS] for figures in played]
            found.append(Figure(
                load, server,
                gets=statistics.median(gets for gets, _ in own),
                gets_ratio=statistics.median(a[0] / b[0] for a, b in zip(own, basis)),
                memory=statistics.median(memory for _, memory in own),
                memory_ratio=statistics.median(a[1] / b[1] for a, b in zip(own, basis)),
            ))
    return found
