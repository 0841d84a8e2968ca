"""How fast captures are replayed, every byte compared, beside the clients that were captured: one
that only counts what comes, and memcslap. In turn and on the same server, so that the ratios hold on
a machine that others use, too."""

import re
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import usage
from serving import Failed, memcached, recorder, serving

REPLAYED = re.compile(r"^\d+ connections, (\d+) requests, .* all the same; .* (\d+) requests/s$",
                      re.M)
SLAPPED = re.compile(r"^Time to (?:set|get) +(\d+) keys[^:]*: +([\d.]+) seconds", re.M)
CONNECTIONS = (1, 4)
DEPTH = 200  # requests that wait for their answers on each connection


@dataclass(frozen=True)
class Client:
    """What is captured; `command` is what it runs, `rate` the requests a second that it tells."""

    name: str
    connections: int

    ROUNDS = 5

    def command(self, binaries, place, requests):
        raise NotImplementedError

    def rate(self, said):
        raise NotImplementedError


class Counting(Client):
    """So fast that a round is over before the scheduler has settled who runs where."""

    ROUNDS = 15

    def command(self, binaries, place, requests):
        return [Path(binaries) / "count_answers", place, self.connections, requests, DEPTH]

    def rate(self, said):
        return float(said.split()[0])


class Memcslap(Client):
    """Stores items on one connection, and reads as many on each of its own. It is many times slower,
    so that a part of the requests is enough."""

    def command(self, binaries, place, requests):
        return ["memcslap", f"--servers={place}", "--binary", "--test=get",
                f"--concurrency={self.connections}", f"--execute-number={requests // 100}"]

    def rate(self, said):
        counts, seconds = zip(*[(int(n), float(s)) for n, s in SLAPPED.findall(said)])
        return sum(counts) / max(sum(seconds), 0.001)  # it rounds to that


CLIENTS = (*(Counting("counted", n) for n in CONNECTIONS),
           *(Memcslap("memcslap", n) for n in CONNECTIONS))


@dataclass
class Figure:
    """What became of a client's requests: medians."""

    client: Client
    plain: float  # requests a second of the client itself
    replayed: float  # and of its capture
    ratio: float  # of the two, in the same round
    cpu: float  # us of mcreplay's CPU time per request
    memory: float  # MiB, the most that mcreplay had resident


def run(client, binaries, place, requests):
    argv = [str(word) for word in client.command(binaries, place, requests)]
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failed(f"{argv[0]}: {done.stdout.strip()}")
    return client.rate(done.stdout)


def replay(binaries, place, capture):
    """Requests a second, CPU time in us per request, and MiB."""
    argv = [str(Path(binaries) / "mcreplay"), "replay", "--attach", f"unix:{place}", str(capture)]
    status, text, used = usage.run(argv)
    said = REPLAYED.search(text)
    if status != 0 or not said:
        raise Failed(f"{' '.join(argv)}\n{text}exit {status}")
    requests = int(said[1])
    return float(said[2]), usage.cpu(used) * 1e6 / requests, used.ru_maxrss / 1024


def figure(client, binaries, requests, rounds):
    with tempfile.TemporaryDirectory() as folder:
        place, capture = Path(folder) / "memcached.sock", Path(folder) / "capture.pcap"
        # With memory enough for all that memcslap stores under new keys each time.
        with serving(memcached("-s", str(place), megabytes=1024), str(place)):
            with recorder(binaries, place, capture) as front:
                run(client, binaries, front, requests)
            played = []
            for _ in range(rounds):
                plain = run(client, binaries, place, requests)
                rate, used, memory = replay(binaries, place, capture)
                played.append((plain, rate, rate / plain, used, memory))
    return Figure(client, *map(statistics.median, zip(*played)))


def measure(binaries, clients=CLIENTS, requests=1_000_000, rounds=None):
    """A figure of each client, in so many rounds or its own; Failed when one, the server or mcreplay
    is."""
    return [figure(client, binaries, requests, rounds or client.ROUNDS) for client in clients]
