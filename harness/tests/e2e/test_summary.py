"""ci/summary: reports that real tools wrote, green and red, told in each format; and whatever is
no report is red."""

import json
import re
import sys

import pytest
import reported
import tool
from reported import say

SUMMARY = tool.ROOT / "ci/summary"
COUNT = tool.ROOT / "ci/count"
sys.path.insert(0, str(tool.ROOT / "ci/lib"))

import text  # noqa: E402  of ci/lib

REPORT = '<testsuite name="a">{}</testsuite>'
PASSED = '<testcase name="a" classname="b"/>'
SKIPPED_CASE = '<testcase name="a" classname="b"><skipped message="so"/></testcase>'


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    root = tmp_path_factory.mktemp("sources")
    reported.write(root)
    return root


@pytest.fixture
def leg(tmp_path, sources):
    """Writes a leg's folder: leg("tsan", "FAILURE", suite=(1, "red")); a report is one of the
    sources' or text."""

    def write(name, status="SUCCESS", run="now", seconds=1, again="", **steps):
        folder = tmp_path / run / name
        folder.mkdir(parents=True)
        listed = []
        for step, (end, report) in steps.items():
            listed.append({"name": step, "status": end})
            if report is None:
                continue
            listed[-1]["report"] = f"{step}.xml"
            if again:
                listed[-1]["again"] = again
            if report in reported.NAMES:
                report = (sources / f"{report}.xml").read_text()
            (folder / f"{step}.xml").write_text(report)
        described = {"leg": name, "status": status, "seconds": seconds, "steps": listed}
        (folder / "leg.json").write_text(json.dumps(described))
        return folder

    return write


@pytest.fixture
def summary(tmp_path, sources):
    """Runs ci/summary: exit status and output."""

    def run(*words, env=None, run="now"):
        (tmp_path / run).mkdir(exist_ok=True)
        clean = {k: v for k, v in tool.environment().items() if k != "GITHUB_STEP_SUMMARY"}
        status, out, err = say(SUMMARY, "--root", sources, *words, tmp_path / run,
                               env={**clean, **(env or {})})
        assert err == "", err
        return status, out

    return run


@pytest.fixture
def three(leg):
    """A green leg, a red one that was red before in another way, and one whose server died before
    the report."""
    leg("plain-gcc", seconds=100, build=(0, None), suite=(0, "green"))
    leg("tsan", "FAILURE", seconds=292.5, build=(0, None), suite=(1, "red"))
    leg("coverage", "INFRA", seconds=7.5, suite=(3, "red")).joinpath("suite.xml").unlink()
    leg("tsan", "FAILURE", run="before", suite=(1, "before"))
    leg("coverage", run="before", suite=(0, "green"))


def plain(out, sources):
    """Without what differs from run to run."""
    out = re.sub(r"\(\d+ ms\)", "(N ms)", out)
    return out.replace(str(tool.MCREPLAY), "mcreplay").replace(str(sources), "SRC")


def test_as_text(three, summary, sources, tmp_path):
    status, out = summary("--baseline", tmp_path / "before")
    assert (status, plain(out, sources)) == (1, """\
Verified -1

3 legs in 6:40 min: 1 SUCCESS, 1 FAILURE, 1 INFRA
against the baseline: 2 NEW, 1 STILL, 1 FIXED

INFRA    coverage  0 tests, 0 failed, 0 skipped, 0 xfailed  7.5 s  2 %
  1. NEW  report suite.xml
     is not there; step suite ended with 3
     reproduce  ci/matrix coverage

SUCCESS  plain-gcc  3 tests, 0 failed, 1 skipped, 1 xfailed  1:40 min  25 %

FAILURE  tsan  10 tests, 2 failed, 2 skipped, 2 xfailed  4:52 min  73 %
  2. NEW  get/wrong [bytewise unix stub] (N ms)
     nonconformance: status: want 0x0000 success, got 0x0001 key_enoent
     cases/get/wrong.session:4
     reproduce  mcreplay run -s SRC/stub.yaml --known SRC/known.yaml -d bytewise --seed 7 cases/get/wrong.session
  3. STILL  get/wrong [whole unix stub] (N ms)
     nonconformance: status: want 0x0000 success, got 0x0001 key_enoent
     cases/get/wrong.session:4
     reproduce  mcreplay run -s SRC/stub.yaml --known SRC/known.yaml -d whole --seed 7 cases/get/wrong.session

FIXED
  get/plant [whole unix stub]  tsan
""")


def test_all_well(leg, summary):
    folder = leg("plain-gcc", suite=(0, "green"))
    (folder.parent / "failures").mkdir()  # what runs by hand keep there is no leg
    assert summary("--expect", "plain-gcc") == (0, """\
Verified +1

1 leg in 1.0 s: 1 SUCCESS, 0 FAILURE, 0 INFRA

SUCCESS  plain-gcc  3 tests, 0 failed, 1 skipped, 1 xfailed  1.0 s  100 %
""")


def test_as_markdown(leg, summary, sources, tmp_path):
    leg("plain|gcc", "FAILURE", e2e=(1, "pytest"), again="pytest")
    leg("plain|gcc", "FAILURE", run="before", step=(1, "red"))
    status, out = summary("--format=markdown")
    assert (status, plain(out, sources)) == (1, """\
## Verified -1

1 leg in 1.0 s: 0 SUCCESS, 1 FAILURE, 0 INFRA

| leg | result | tests | failed | skipped | xfailed | time | share |
|---|---|--:|--:|--:|--:|--:|--:|
| `plain\\|gcc` | FAILURE | 4 | 2 | 0 | 1 | 1.0 s | 100 % |

### FAILURE `plain|gcc`

- **1.** ``test_words.py::test_words[a|`b`]`` (N ms)  
  `AssertionError: 100 %`  
  `tests/test_words.py:6`  
  ```
  pytest 'tests/test_words.py::test_words[a|`b`]'
  ```
- **2.** `test_words.py::test_words[::c]` (N ms)  
  `AssertionError: 100 %`  
  `tests/test_words.py:6`  
  ```
  pytest 'tests/test_words.py::test_words[::c]'
  ```
""")
    # What was red before and does not run any more is not fixed.
    _, out = summary("--format=markdown", "--baseline", tmp_path / "before")
    assert "against the baseline: 2 NEW, 0 STILL, 0 FIXED\n" in out
    assert "- **1.** NEW ``test_words.py" in out


def test_for_github(leg, summary, sources, tmp_path):
    leg("unit", "FAILURE", build=(0, None), unit=(8, "unit"), again="ctest --preset tsan -R")
    leg("words", "FAILURE", build=(2, None), e2e=(1, "pytest"), again="pytest")
    commands = """\
::error file=tests/sums.c,line=5,title=sums broken::Assertion '1 == 2' failed: 1 == 1, 2 == 2%0A\
reproduce  ctest --preset tsan -R '^sums$'
::error title=absent::Unable to find executable: /nonexistent/program%0A\
reproduce  ctest --preset tsan -R '^absent$'
::error title=leaky::LeakSanitizer: 8 bytes leaked%0Areproduce  ctest --preset tsan -R '^leaky$'
::error title=step build::ended with 2%0Areproduce  ci/matrix words
::error file=tests/test_words.py,line=6,title=test_words.py%3A%3Atest_words[a|`b`] and 1 more::\
AssertionError: 100 %25%0Areproduce  pytest 'tests/test_words.py::test_words[a|`b`]'
"""
    markdown = summary("--format=markdown")[1]
    assert summary("--format=github") == (1, markdown + commands)
    page = tmp_path / "page"
    page.write_text("before\n")
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    assert summary("--format=github", env=env) == (1, commands)
    assert page.read_text() == "before\n" + markdown


def test_for_gerrit(three, leg, summary, sources):
    leg("words", "FAILURE", e2e=(1, "pytest"))
    status, out = summary("--format=gerrit")
    review = json.loads(out)
    assert status == 1
    assert review.pop("message") == summary()[1]
    # The change's last commit has the cases, and not the tests.
    ((path, (comment,)),) = review.pop("comments").items()
    assert (path, comment["line"], comment["unresolved"]) == ("cases/get/wrong.session", 4, True)
    assert plain(comment["message"], sources) == """\
  2. get/wrong [bytewise unix stub] (N ms)
     nonconformance: status: want 0x0000 success, got 0x0001 key_enoent
     cases/get/wrong.session:4
     reproduce  mcreplay run -s SRC/stub.yaml --known SRC/known.yaml -d bytewise --seed 7 cases/get/wrong.session
  3. get/wrong [whole unix stub] (N ms)
     nonconformance: status: want 0x0000 success, got 0x0001 key_enoent
     cases/get/wrong.session:4
     reproduce  mcreplay run -s SRC/stub.yaml --known SRC/known.yaml -d whole --seed 7 cases/get/wrong.session
"""
    assert review == {"tag": "autogenerated:mcreplay", "labels": {"Verified": -1},
                      "omit_duplicate_comments": True}


def test_what_a_tool_finds_in_a_file(leg, summary):
    leg("tidy", "FAILURE", tidy=(1, REPORT.format(
        '<testcase classname="tidy" name="tests/a b.c" time="0.25"><failure message="see below">'
        "2 warnings\n/elsewhere/tests/sums.c:5:7: warning: no [that]\nx.c:1:1: error: b</failure>"
        '</testcase><testcase classname="tidy" name="x"><error message="broke"/></testcase>')),
        again="tidy")
    assert summary()[1].endswith("""\
  1. tidy tests/a b.c (250 ms)
     warning: no [that]
     tests/sums.c:5
     reproduce  tidy 'tests/a b.c'
  2. tidy x (0 ms)
     broke
     reproduce  tidy x
""")


def test_a_line_that_is_too_long_to_copy_is_left_out(leg, summary):
    leg("words", "FAILURE", e2e=(1, "pytest"), again="x" * 1000)
    assert summary()[1].count("     reproduce  see words/e2e.xml\n") == 2


def test_a_review_without_git_has_no_inline_comments(three, tmp_path):
    status, out, err = say(SUMMARY, "--format=gerrit", "--root", tmp_path, tmp_path / "now")
    assert (status, json.loads(out)["comments"]) == (1, {})
    assert err.startswith("ci/summary: no inline comments, since git doesn't know what has changed")


@pytest.mark.parametrize("report, why", [
    ("", "is no XML: no element found"),
    ("<testsuite><testcase", "is no XML: unclosed token"),
    (REPORT.format(PASSED)[:-5], "is no XML: "),
    ("<html/>", "is no JUnit report, but <html>"),
    ("<testsuites/>", "holds no test"),
    (REPORT.format(""), "holds no test"),
    (REPORT.format(SKIPPED_CASE), "says that all tests were skipped"),
    (REPORT.format(PASSED + "<testcase/>"), "has a test without a name"),
])
def test_what_is_no_report_is_red(report, why, leg, summary):
    leg("tsan", unit=(0, REPORT.format(PASSED)), suite=(0, report))
    status, out = summary()
    assert status == 3 and out.startswith("Verified -1\n") and "\nINFRA    tsan  1 tests" in out
    assert f"  1. report suite.xml\n     {why}" in out
    assert out.endswith("; step suite ended with 0\n     reproduce  ci/matrix tsan\n")


@pytest.mark.parametrize("described, why", [
    (None, "is not there: the leg did not come to its end\n"),
    ("", "is no JSON: Expecting value"),
    ("[" * 100000, "is no JSON: "),
    ("[]", "holds no object"),
    ({"leg": "asan"}, "is of the leg 'asan'"),
    ({"status": "GOOD"}, "has the status 'GOOD'"),
    ({"seconds": -1}, "took -1 seconds"),
    ({"seconds": "1"}, "took '1' seconds"),
    ({"steps": []}, "has no list of steps"),
    ({"steps": [{"name": "suite"}]}, "has no list of steps"),
    ({"steps": [{"name": "suite", "status": 0, "reports": "suite.xml"}]}, "has no list of steps"),
])
def test_what_is_no_leg_is_red(described, why, leg, summary):
    path = leg("tsan", suite=(0, "green")) / "leg.json"
    if isinstance(described, dict):
        path.write_text(json.dumps({**json.loads(path.read_text()), **described}))
    elif described is not None:
        path.write_text(described)
    else:
        path.unlink()
    status, out = summary()
    assert status == 3 and out.startswith("Verified -1\n")
    assert f"INFRA    tsan  0 tests, 0 failed, 0 skipped, 0 xfailed  0.0 s  -\n" in out
    assert f"  1. leg.json\n     {why}" in out


def test_a_leg_that_is_not_there_is_red(leg, summary):
    leg("tsan", suite=(0, "green"))
    status, out = summary("--expect", "tsan,\nasan")
    assert status == 3 and "\n2 legs in 1.0 s: 1 SUCCESS, 0 FAILURE, 1 INFRA\n" in out
    assert "  1. leg.json\n     is not there: the leg is expected, and has left nothing\n" in out
    (status, out) = summary(run="none")
    assert status == 3 and out.startswith("Verified -1\n\n0 legs in 0.0 s: ")


@pytest.mark.parametrize("told, steps, end, why", [
    ("SUCCESS", {"suite": (0, "red")}, "FAILURE", "get/wrong [bytewise unix stub]"),
    ("INFRA", {"suite": (3, "red")}, "FAILURE", "get/wrong [bytewise unix stub]"),
    ("SUCCESS", {"build": (2, None)}, "FAILURE", "step build\n     ended with 2"),
    ("SUCCESS", {"suite": (134, "green")}, "FAILURE", "step suite\n     ended with 134"),
    ("SUCCESS", {"suite": (3, "green")}, "INFRA", "step suite\n     ended with 3"),
    ("FAILURE", {"suite": (0, "green")}, "FAILURE", "leg tsan\n     ended with FAILURE, and no"),
    ("INFRA", {"suite": (0, "green")}, "INFRA", "leg tsan\n     ended with INFRA, and no"),
    ("SUCCESS", {"format": (0, None)}, "INFRA", "leg tsan\n     no step has a report"),
])
def test_a_leg_is_no_better_than_its_steps(told, steps, end, why, leg, summary):
    leg("tsan", told, **steps)
    status, out = summary()
    assert status == {"FAILURE": 1, "INFRA": 3}[end] and out.startswith("Verified -1\n")
    assert f"\n{end:<7}  tsan  " in out and f"  1. {why}" in out


def test_a_server_that_does_not_start_is_the_infrastructure_s(leg, summary, sources, tmp_path):
    report = tmp_path / "setup.xml"
    done = tool.command("run", "--command", "false {socket}", "--junit", report, "--keep", "none",
                        sources / "cases/get/sound.session")
    assert done.status == 3, done
    leg("tsan", "INFRA", suite=(3, report.read_text()))
    status, out = summary()
    assert status == 3 and "\nINFRA    tsan  1 tests, 1 failed, " in out and "setup: " in out


def many(sources, names):
    """The red report with this many failures of each name in a delivery."""
    head, failure = re.split("(?=<testcase name=.get/wrong)", (sources / "red.xml").read_text())[:2]
    failure = failure[: failure.index("</testcase>")] + "</testcase>"
    return (head + "".join(failure.replace("get/wrong", name) for name in names)
            + "</testsuite></testsuites>")


@pytest.mark.parametrize("limit", [1024, 16384])
@pytest.mark.parametrize("form", ["text", "markdown", "gerrit", "github"])
def test_a_message_is_bounded_and_says_what_it_leaves_out(form, limit, leg, summary, sources):
    leg("asan", "FAILURE", suite=(1, many(sources, [f"get/\u00fc{i}" for i in range(300)])))
    leg("tsan", "FAILURE", suite=(1, many(sources, [f"get/{i:0300}" for i in range(200)])))
    status, out = summary("--format", form, "--limit", limit)
    if form == "gerrit":
        out = json.loads(out)["message"]
    if form == "github":
        out, commands = re.fullmatch("(.*?)((?:::.*\n)+)", out, re.S).groups()
        assert commands.count("::error ") == 10  # GitHub shows no more
        assert "\n::notice::490 more have no annotation; the summary tells of them\n" in commands
    assert status == 1 and limit / 2 < len(out.encode()) <= limit
    shown = [len(re.findall(rf"[ `]get/{name}\S* \[bytewise", out)) for name in ("\u00fc", "0")]
    left = [int(n) for n in re.findall(r"^(?:-|    ) (\d+) more left out$", out, re.M)]
    assert [a + b for a, b in zip(shown, left)] == [300, 200] and shown[0] > 0


@pytest.mark.parametrize("locale", ["C", "de_DE.UTF-8", "en_US.ISO-8859-1"])
def test_the_locale_changes_nothing(locale, leg, summary):
    leg("tsan", "FAILURE", suite=(1, REPORT.format(
        '<testcase name="\u00fc" classname="b" time="1.5"><failure message="\u202e&#134;"/>'
        "</testcase>")))
    env = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for form in ("text", "markdown", "gerrit", "github"):
        assert "b \u00fc" in summary("--format", form, env=env)[1]
    assert "  1. b \u00fc (1500 ms)\n     \\u202e\\x86\n" in summary(env=env)[1]


@pytest.mark.parametrize("words, said", [
    (["--baseline", "/nonexistent"], "/nonexistent is no folder"),
    (["--limit", "10"], "a message needs 1024 bytes at least"),
    (["--format", "html"], "invalid choice: 'html'"),
    (["--baseline", "EMPTY"], "EMPTY holds no leg to compare with"),
])
def test_wrong_words(words, said, leg, tmp_path):
    leg("tsan", suite=(0, "green"))
    (tmp_path / "EMPTY").mkdir()
    status, out, err = say(SUMMARY, *words, tmp_path / "now", cwd=tmp_path)
    assert (status, out) == (2, "") and said in err


def test_escaping():
    assert text.code("a") == "`a`"
    assert text.code("`a``b`") == "``` `a``b` ```"
    assert text.cell("a|b") == "`a\\|b`"
    assert text.code_block("```", "") == "````\n```\n````\n"
    assert text.command_data("a%\r\n:,") == "a%25%0D%0A:,"
    assert text.command_property("a%:,\n") == "a%25%3A%2C%0A"
    assert text.one_line("a\n\t b\x1b[0m\u202e") == "a b\\x1b[0m\\u202e"
    assert text.one_line("abcdef", 5) == "ab..."


def test_ci_count_counts_what_could_not_be_started_as_failed(sources):
    status, out, _ = say(COUNT, f"unit={sources}/unit.xml", f"suite={sources}/green.xml",
                         f"none={sources}/none.xml", "--broken", "2")
    assert (status, out) == (1, f"""\
unit: 1 passed, 3 failed, 2 skipped
suite: 1 passed, 0 failed, 2 skipped
no report: {sources}/none.xml is not there
none: 0 passed, 1 failed
2 steps failed that are no tests: see above
2 passed, 6 failed
""")
    assert say(COUNT, f"suite={sources}/green.xml")[0] == 0
