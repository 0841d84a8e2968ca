"""The layers hold: a folder includes only those above it, the pure ones touch no system, and files
stay short."""

import re

import pytest
import tool

LAYERS = ["base", "mcbp", "session", "delivery", "net", "server", "run", "report", "cli"]
PURE = LAYERS[: LAYERS.index("delivery") + 1]
# What a function of its arguments may need: memory, text, numbers.
PURE_HEADERS = {
    "ctype.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h",
    "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h", "string.h",
}
# Of <stdio.h>, what formats into memory; and what tells of an abort.
STREAMS = re.compile(r"\b(fopen|fdopen|fread|fwrite|fgets|printf|puts|putchar|getenv|system)\(")
LONGEST = 450

FILES = sorted(
    path for layer in LAYERS for path in (tool.ROOT / "harness" / layer).glob("*.[ch]")
)
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


REFSERVER = sorted((tool.ROOT / "fixtures/refserver").glob("*.[ch]"))


def test_every_folder_is_a_layer():
    folders = {path.name for path in (tool.ROOT / "harness").iterdir() if path.is_dir()}
    assert folders == {*LAYERS, "tests"}
    assert {path.parent.name for path in FILES} == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_file(path):
    layer = path.parent.name
    text = path.read_text()
    for ours, system in INCLUDE.findall(text):
        if ours:
            folder = ours.split("/")[0]
            assert folder in LAYERS, f'"{ours}": paths are relative to harness/'
            assert LAYERS.index(folder) <= LAYERS.index(layer), f'"{ours}" is below {layer}'
            assert (tool.ROOT / "harness" / ours).exists(), f'"{ours}" is not there'
        elif layer in PURE:
            assert system in PURE_HEADERS, f"<{system}> in a pure layer"
    if layer in PURE:
        assert not STREAMS.search(text)
    lines = text.count("\n")
    assert lines <= LONGEST, f"{lines} lines: probably two modules"
    if path.suffix == ".h":
        assert text.startswith("/* "), "a header opens with what the module is"


@pytest.mark.parametrize("path", REFSERVER, ids=lambda path: path.name)
def test_the_reference_server_shares_nothing_of_the_protocol_with_the_driver(path):
    text = path.read_text()
    for ours, _ in INCLUDE.findall(text):
        assert not ours or ours.split("/")[0] in ("base", "refserver"), f'"{ours}"'
    assert text.count("\n") <= LONGEST
    if path.suffix == ".h":
        assert text.startswith("/* "), "a header opens with what the module is"


def test_no_module_of_ci_hides_one_of_the_tests():
    """Tests of the commands in ci/ import from ci/lib, too."""
    tests, commands = ({path.stem for path in (tool.ROOT / folder).glob("*.py")}
                       for folder in ("harness/tests/e2e", "ci/lib"))
    assert tests and commands and not tests & commands
