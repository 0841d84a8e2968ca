"""What each leg of the matrix does: which flavours it builds, which tests it runs, what it plays,
and which tools it runs. ci/matrix makes steps of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """The cases on one server. The memcached is the one that the leg builds."""

    server: str
    deliveries: str = "all"
    transports: str = "unix"
    words: tuple = ()  # further ones for `mcreplay run`
    name: str = ""  # where a server has several


@dataclass(frozen=True)
class Leg:
    what: str
    preset: str = ""  # the driver and the reference server
    memcached: str = ""  # flavour of ci/build-memcached
    unit: str = ""  # what ctest's names match
    e2e: tuple = ()  # what files' names match
    e2e_but: str = ""  # what names of tests match that the leg does in another way
    canaries: tuple = ()  # words for ci/faults: defects that must turn a run red
    suites: tuple = ()
    timeout: str = ""  # for `mcreplay run`, where servers are slow and the machine may be busy
    # (name, command, report): {report} and {folder} are filled in; and the words, if there are any,
    # that run a test of the report again when its name stands behind them.
    tools: tuple = ()
    packages: tuple = ()  # that no other leg needs, besides those in ci/packages.txt
    parts: bool = False  # whether it can be divided
    threads: bool = False  # TSan is in it


def checker(tool):
    """The step of a tool that looks at each file."""
    return tool, ("ci/check", tool, "--junit", "{report}"), f"{tool}.xml", f"ci/check {tool}"


VALGRIND = ("--valgrind=--leak-check=full --errors-for-leak-kinds=definite",)
SOME = "whole,pipelined,bytewise,half-close,slow-read,slow-read-last,crowd:8"
THREADS = "whole,pipelined,slow-read,slow-read-last,crowd:4"
# The send paths of the reference server receive alike.
SENDING = "pipelined,half-close,slow-read,slow-read-last,crowd:8"
QUEUES = "slow-read-last,crowd:4"
SASL = ("--needs", "sasl")
SASL_REPORTS = (*SASL, "--sanitizers", "fixtures/known/memcached.sanitizers.yaml")
ALL = r"."
PLAYED = "every_case_passes"  # tests that the suites do, too

# What each leg does, chosen so that all of them take about 21 minutes on two cores: all tests and all
# deliveries once in plain-gcc; under a sanitizer what concerns memory and threads, since the rest
# only takes longer there; a second compiler changes the code, hardly the behaviour from outside, so
# that it plays the suite and leaves the end-to-end tests; valgrind is thirty times slower and gets
# what sanitizers can't see into, the servers as they are shipped.
LEGS = {
    "plain-gcc": Leg(
        "all tests; the suite under every delivery", "release", "plain", unit=ALL, e2e=(ALL,),
        e2e_but=PLAYED,
        suites=(
            Suite("memcached", transports="unix,tcp,tls"),
            Suite("refserver"),
            Suite("refserver-copy", SENDING, "unix,tls"),
            Suite("refserver-reference", SENDING, "unix,tls"),
            Suite("memcached-sasl", transports="unix,tcp,tls", words=SASL),
            Suite("refserver-sasl", words=SASL),
        ), parts=True),
    "plain-clang": Leg(
        "unit tests; the suite", "clang", "plain-clang", unit=ALL,
        suites=(
            Suite("memcached", SOME),
            Suite("refserver", SOME, "unix,tcp"),
        ), parts=True),
    "asan-ubsan": Leg(
        "memory and undefined behaviour", "asan-ubsan", "asan-ubsan", unit=ALL,
        e2e=("test_bad", "test_refserver", "test_tls", "test_keep", "test_stub_alone"),
        e2e_but=PLAYED,
        canaries=("heap-overflow", "use-after-free", "leak-of-item", "signed-overflow"),
        suites=(
            Suite("memcached", SOME),
            Suite("memcached", "pipelined,slow-read,inside-records", "tls", name="memcached-tls"),
            Suite("refserver", SOME),
            Suite("refserver", "pipelined,slow-read,inside-records", "tls", name="refserver-tls"),
            Suite("refserver-copy", SENDING),
            Suite("refserver-reference", SENDING),
            Suite("memcached-sasl", SOME, "unix,tls", words=SASL_REPORTS),
            Suite("refserver-sasl", SOME, words=SASL),
        ), timeout="30s", parts=True),
    "tsan": Leg(
        "threads", "tsan", "tsan", unit=r"^unit\.refserver\.",
        e2e=("test_refserver", "test_tls"), e2e_but=PLAYED,
        canaries=("race-on-item", "race-on-statistics"),
        suites=(
            Suite("memcached", THREADS),
            Suite("memcached", "slow-read", "tls", name="memcached-tls"),
            Suite("memcached-sasl", THREADS, "unix,tls", words=SASL_REPORTS),
            Suite("refserver", THREADS),
            Suite("refserver", "slow-read", "tls", name="refserver-tls"),
            Suite("refserver-copy", QUEUES),
            Suite("refserver-reference", QUEUES),
        ), timeout="30s", parts=True, threads=True),
    "valgrind": Leg(
        "memory of the servers as they are shipped", "release", "plain",
        canaries=("--valgrind", "heap-overflow", "leak-of-item"),
        suites=(
            Suite("memcached", "whole,slow-read", words=VALGRIND),
            Suite("refserver", "whole,slow-read", words=VALGRIND),
            Suite("refserver-copy", "slow-read", words=VALGRIND),
            Suite("refserver-reference", "slow-read", words=VALGRIND),
        ), parts=True),
    "clang-tidy": Leg("a static analyser; header cycles", packages=("clang-tidy-19",),
                      tools=(checker("clang-tidy"),)),
    "clang-format": Leg("the formatting", tools=(checker("clang-format"),)),
    "cppcheck": Leg("another static analyser", packages=("cppcheck",),
                    tools=(checker("cppcheck"),)),
    "coverage": Leg(
        "which lines the tests and the suite reach", "coverage", "coverage", unit=ALL,
        # What neither unit tests nor the suite reach.
        e2e=("test_capture", "test_cli", "test_keep", "test_record$", "test_replay", "test_select"),
        suites=(
            Suite("memcached", "whole,slow-read,fields", "unix,tls"),
            Suite("refserver", "whole,pause,crowd:8"),
            Suite("refserver-copy", "slow-read"),
            Suite("refserver-reference", "slow-read"),
        ),
        tools=(
            ("coverage of the sources", (
                "gcovr", "--root", ".", "--filter", "harness/(?!tests/)", "--filter",
                "fixtures/refserver/", "--cobertura", "{folder}/coverage.xml", "--txt",
                "{folder}/coverage.txt", "--print-summary", "build/coverage"), ""),
            ("coverage of memcached", (
                "gcovr", "--root", "build/memcached/source", "--txt",
                "{folder}/memcached.txt", "--print-summary", "build/memcached/coverage/objects"), ""),
        ), packages=("gcovr",)),
    # How fast a machine is that others use, too, decides over no change. Without the parts about
    # whole runs, which take long: the suites of the other legs tell their time.
    "bench": Leg("speed", "release", tools=(
        ("bench", ("ci/bench", "--tell", "--json", "{folder}/bench.json", "--junit", "{report}",
                   "record", "replay", "frames", "send"),
         "bench.xml"),)),
}
