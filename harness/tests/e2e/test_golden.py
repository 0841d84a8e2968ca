"""Goldens: what a server answered before. A run says which of the two failed, the case or the
golden; accept shows each change, takes over what it is told to, and never widens a hole."""

import re
import shutil

import pytest
import tool
import yaml
from terminal import Terminal

GOLDENS = tool.ROOT / "fixtures" / "golden"
SERVERS = {"memcached": r"1\.6\.\d+", "refserver": r"\d+\.\d+\.\d+"}
MEMCACHED = tool.ROOT / "fixtures" / "servers" / "memcached.yaml"
MISS = 'c1 > get key="{ns}absent" opaque=0x1\nc1 < get status=key_enoent value=* opaque=0x1'
HIT = """
c1 > set key="{ns}k" value="v" opaque=0x1
c1 < set cas=* opaque=0x1
c1 > getk key="{ns}k" opaque=0x2
c1 < getk flags=* key="{ns}k" value=* cas=* opaque=0x2
"""


@pytest.fixture
def data(session, tmp_path, profile):
    """A data folder of its own, with a case or two and the stub's profile."""

    class Data:
        env = {"MCREPLAY_DATA": str(tmp_path)}
        golden = tmp_path / "fixtures" / "golden" / "stub"
        stub = profile()

        def case(self, name, steps):
            session(f"cases/{name}", steps)

        def write(self, name, lines):
            path = self.golden / f"{name}.golden"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"golden  {name}\n\n{lines}\n")
            return path

        def text(self, name):
            return (self.golden / f"{name}.golden").read_text()

        def run(self, *args, server=None):
            return tool.run(tmp_path, "-s", server or self.stub, *args, cwd=tmp_path, env=self.env)

        def accept(self, *args, server=None, env=None):
            return tool.command("accept", "-s", server or self.stub, *args, cwd=tmp_path,
                                env={**self.env, **(env or {})})

    (tmp_path / "cases").mkdir()
    (tmp_path / "fixtures" / "servers").mkdir(parents=True)
    shutil.copy(tool.ROOT / "fixtures" / "past.session", tmp_path / "fixtures")
    return Data()


@pytest.mark.parametrize("server", SERVERS)
def test_every_case_that_a_server_can_play_has_a_golden(server):
    profiles = [yaml.safe_load((tool.ROOT / f"fixtures/servers/{name}.yaml").read_text())
                for name in (server, f"{server}-sasl")]
    can = {word for profile in profiles for word in profile["capabilities"]}
    cases = set()
    for path in (tool.ROOT / "cases").rglob("*.session"):
        text = path.read_text()
        needs = re.findall(r"^needs +(.+)$|^(clock) ", text, re.M)
        words = {word.strip() for pair in needs for word in ",".join(pair).split(",") if word}
        if words <= can:
            cases.add(path.relative_to(tool.ROOT / "cases").with_suffix(""))
    folder = GOLDENS / server
    goldens = {path.relative_to(folder).with_suffix("") for path in folder.rglob("*.golden")}
    assert len(cases) > 300 and cases == goldens


@pytest.mark.parametrize("server, version", SERVERS.items())
def test_no_golden_leaves_an_opaque_or_a_status_open(server, version):
    for path in (GOLDENS / server).rglob("*.golden"):
        text = re.sub(r'"(\\.|[^"\\])*"', "", path.read_text())
        assert not re.search(r"\b(opaque|status|magic|datatype)=[*?]", text), path
        assert re.search(rf"^server  {server}(-sasl)? {version}$", text, re.M), path


def test_an_answer_that_the_case_allows_and_the_golden_does_not_is_a_regression(data):
    data.case("miss", MISS)
    path = data.write("miss", 'c1 < get status=key_enoent value="Nope" opaque=0x1')
    result = data.run()
    finding = result.finding
    assert (finding.kind, finding.line, finding.step) == ("regression", 4, 2), result
    assert f"golden    {path.relative_to(data.golden.parents[2])}:3" in finding.text
    assert 'value at 2: want "Nope", got "Not found"' in finding.text
    assert result.status == 1
    again = tool.command(*finding.reproduce.split()[1:], cwd=data.golden.parents[2], env=data.env)
    assert "regression" in again.out and again.status == 1, again


def test_an_answer_as_in_the_golden_passes(data):
    data.case("miss", MISS)
    data.write("miss", 'c1 < get status=key_enoent value="Not found" opaque=0x1')
    result = data.run("-d", "all")
    assert result.status == 0 and result.totals["passed"] > 10, result


@pytest.mark.parametrize("lines", [
    'c1 < get status=key_enoent value="Not found" opaque=0x1\nc1 < noop',
    'c1 < get status=key_enoent value="Not found, which is more" opaque=0x1',
    'c1 < closed',
    '',
])
def test_more_or_fewer_answers_than_the_golden_s_are_told(data, lines):
    data.case("miss", MISS)
    data.write("miss", lines)
    assert data.run().finding.kind == "regression"


def test_a_failure_of_the_case_says_what_the_golden_holds(data):
    data.case("miss", MISS.replace("value=*", 'value="Gone"'))
    result = data.run()
    assert result.finding.kind == "nonconformance" and "golden" not in result.finding.text
    data.write("miss", 'c1 < get status=key_enoent value="Not found" opaque=0x1')
    agrees = data.run().finding
    assert agrees.kind == "nonconformance" and "the golden agrees" in agrees.text
    data.write("miss", 'c1 < get status=key_enoent value="Gone" opaque=0x1')
    differs = data.run().finding
    assert differs.kind == "nonconformance" and "the golden differs, too" in differs.text


def test_a_known_failure_with_other_bytes_than_before_is_red(data, tmp_path):
    data.case("miss", MISS.replace("value=*", 'value="Gone"'))
    known = tmp_path / "known.yaml"
    known.write_text("- {case: miss, kind: nonconformance, why: it is so}\n")
    data.write("miss", 'c1 < get status=key_enoent value="Not found" opaque=0x1')
    assert data.run("--known", known).totals["xfailed"] == 1
    data.write("miss", 'c1 < get status=key_enoent value="Lost" opaque=0x1')
    result = data.run("--known", known)
    assert result.finding.kind == "regression" and result.status == 1, result


def test_a_golden_of_no_case_stops_run_and_lint(data, tmp_path):
    data.case("miss", MISS)
    path = data.write("gone", "c1 < noop")
    where = f"{path.relative_to(tmp_path)}: this golden belongs to no case"
    for args in ["run", "-s", data.stub], ["run", "-s", data.stub, "miss"], ["lint"]:
        result = tool.command(*args, cwd=tmp_path, env=data.env)
        assert result.status == 2 and where in result.err, result
    path.unlink()
    assert tool.command("lint", cwd=tmp_path, env=data.env).status == 0


@pytest.mark.parametrize("text, complaint", [
    ("golden  miss\nc1 > noop\n", ":2:1: a golden holds answers only (c1 < ..)"),
    ("golden  miss\nc1 close\n", ":2:1: a golden holds answers only (c1 < ..)"),
    ("golden  other\n", ":1:1: this is the golden of other; move it, or write \"golden miss\""),
    ("c1 < noop\n", ":1:1: the golden line is missing; begin with \"golden\" and the case's id"),
    ("golden  miss\nspec  get\n", ":2:1: \"spec\" begins no line of a golden"),
    ("golden  miss\nc1 < get cas=?a\n", ":2:1: a golden captures nothing"),
])
def test_what_is_no_golden_is_told(data, tmp_path, text, complaint):
    data.case("miss", MISS)
    path = data.write("miss", "")
    path.write_text(text)
    for args in ["run", "-s", data.stub], ["lint"]:
        result = tool.command(*args, cwd=tmp_path, env=data.env)
        assert result.status == 2 and f"{path.relative_to(tmp_path)}{complaint}" in result.err


def test_accept_makes_goldens_with_holes_where_plays_differ(data):
    data.case("hit", HIT)
    data.golden = data.golden.parent / "memcached"
    result = data.accept("--all", server=MEMCACHED)
    assert (result.status, result.out.splitlines()[0]) == (0, "NEW      hit  2 lines of answers")
    lines = data.text("hit").splitlines()
    assert lines[0] == "golden  hit" and re.fullmatch(r"server  memcached 1\.6\.\d+", lines[1])
    assert lines[3:] == ["c1 < set cas=* opaque=0x1",
                         'c1 < getk flags=0 key="{ns}k" value="v" cas=* opaque=0x2'], result
    again = data.accept("--all", server=MEMCACHED)
    assert again.status == 0 and "0 accepted" in again.out and "1 unchanged" in again.out


def test_without_a_word_and_a_terminal_nothing_is_taken_over(data):
    data.case("miss", MISS)
    for words in [], ["--reject"]:
        result = data.accept(*words)
        assert result.status == 1 and "NEW      miss" in result.out, result
        assert not data.golden.exists()


def test_a_change_is_shown_field_by_field(data):
    data.case("miss", MISS)
    data.write("miss", 'c1 < get status=key_enoent value="Nope" opaque=0x1')
    before = data.text("miss")
    result = data.accept("--reject")
    assert result.status == 1 and data.text("miss") == before
    assert result.out.splitlines()[1:4] == [
        '  - c1 < get status=key_enoent value="Nope" opaque=0x1',
        '  + c1 < get status=key_enoent value="Not found" opaque=0x1',
        '      value at 2: want "Nope", got "Not found"; want 4 bytes, got 9']
    assert data.accept("--all").status == 0
    assert 'value="Not found"' in data.text("miss") and data.run().status == 0


def test_a_hole_is_never_widened(data):
    data.case("hit", HIT)
    data.golden = data.golden.parent / "memcached"
    data.write("hit", 'c1 < set cas=0x1 opaque=0x1\n'
                      'c1 < getk flags=0 key="{ns}k" value="v" cas=* opaque=0x2')
    before = data.text("hit")
    result = data.accept("--all", server=MEMCACHED)
    assert result.status == 1 and "REFUSED  hit" in result.out and "1 refused" in result.out
    assert data.text("hit") == before


def test_no_golden_is_made_of_a_failure(data):
    data.case("miss", MISS.replace("value=*", 'value="Gone"'))
    result = data.accept("--all")
    assert result.status == 1 and "nonconformance" in result.out and not data.golden.exists()


def test_a_ci_takes_nothing_over(data):
    data.case("miss", MISS)
    result = data.accept("--all", env={"CI": "true"})
    assert result.status == 2 and "CI is set" in result.err and not data.golden.exists()


def test_goldens_of_no_case_are_offered_for_removal(data):
    data.case("miss", MISS)
    path = data.write("gone", "c1 < noop")
    result = data.accept("--reject")
    assert f"ORPHAN   {path.relative_to(data.golden.parents[2])}" in result.out and path.exists()
    assert data.accept("--all").status == 0 and not path.exists()


def test_a_review_asks_for_each(data, tmp_path, monkeypatch):
    data.case("a", MISS)
    data.case("b", MISS)
    monkeypatch.setenv("MCREPLAY_DATA", str(tmp_path))
    terminal = Terminal([str(tool.MCREPLAY), "accept", "-s", data.stub], tmp_path)
    terminal.wait("  + c1 < get status=key_enoent")
    terminal.wait("[q]uit?", "n\n")
    terminal.wait("NEW      b")
    terminal.wait("[q]uit?", "y\n")
    assert terminal.finish() == 1, terminal.text
    assert not (data.golden / "a.golden").exists() and (data.golden / "b.golden").exists()


@pytest.mark.parametrize("words, complaint", [
    (["--all", "--reject"], "exclude each other"),
    (["--golden", "none"], "--golden none leaves no place"),
    (["-j", "0"], "-j: \"0\" should be a number"),
    (["nowhere/*"], "no such file, folder or case"),
])
def test_bad_words(data, words, complaint):
    data.case("miss", MISS)
    result = data.accept(*words)
    assert result.status == 2 and complaint in result.err


def test_what_memcached_answers_is_as_in_the_repository(tmp_path):
    """Made anew, a few goldens come out as they are; the version may be another."""
    ids = ["get/hit", "stat/reset", "cas/race-has-one-winner", "touch/with-a-value",
           "pipeline/small-among-large", "quit/sends-queued-answers-first"]
    golden = tmp_path / "golden"
    assert tool.command("accept", "--all", "--golden", golden, *ids).status == 0
    for name in ids:
        made, there = ((folder / f"{name}.golden").read_text().splitlines()[2:]
                       for folder in (golden, GOLDENS / "memcached"))
        assert made == there, name


def test_the_past_of_an_aged_server_is_one_that_memcached_takes(run):
    assert run("-d", "whole", tool.ROOT / "fixtures" / "past.session").status == 0
