"""Malformed sessions and profiles give exactly the diagnostics that stand beside them.

fixtures/bad/NAME.session or NAME.yaml has NAME.expected: what standard error must hold, to the
byte, when the file is named by its path from the project's root."""

import re

import pytest
import tool

BAD = tool.ROOT / "fixtures" / "bad"
FILES = sorted(path for path in BAD.iterdir() if path.suffix in (".session", ".yaml"))
DIAGNOSTIC = re.compile(r"^(fixtures/bad/[^:]+)(:\d+){0,2}: \S.*$")


def checked(path):
    place = path.relative_to(tool.ROOT)
    if path.suffix == ".yaml":
        return tool.command("run", "-s", place, "cases")
    return tool.command("lint", place)


def test_there_are_enough():
    assert sum(path.suffix == ".session" for path in FILES) >= 40
    assert any(path.suffix == ".yaml" for path in FILES)
    wanted = {path.with_suffix(".expected") for path in FILES}
    assert wanted == set(BAD.glob("*.expected"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_diagnostics(path):
    result = checked(path)
    assert result.status == 2, result
    assert result.err == path.with_suffix(".expected").read_text(), result
    for line in result.err.splitlines():
        place = DIAGNOSTIC.match(line)
        assert place and tool.ROOT / place[1] == path, line


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".session"],
                         ids=lambda path: path.name)
def test_a_bad_session_is_not_run(path):
    """Nothing is started for a session that does not compile, whatever else is selected."""
    result = tool.command("run", "--keep", "none", "--command", "/nonexistent/server {socket}", path)
    assert result.status == 2, result
    assert "/nonexistent" not in result.out + result.err
