"""ci/check: what a tool says of a file becomes that file's case, and nothing else turns it green."""

import shutil

import pytest
import tool

GOOD = "int main(void) {\n  return 0;\n}\n"
BAD = "int main( void ) {\n  return 0;\n}\n"


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Runs it over two files of a project of its own: check(text of the second, words..); its exit
    status, what it said, and each case's failure."""
    module = tool.program("ci/check")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    shutil.copy(tool.ROOT / ".clang-format", tmp_path)
    for folder in module.FOLDERS:
        (tmp_path / folder).mkdir(parents=True)

    def call(text, name="clang-format", **changes):
        (tmp_path / "harness/a.c").write_text(GOOD)
        (tmp_path / "fixtures/refserver/b.h").write_text(text)
        if changes:
            monkeypatch.setitem(module.TOOLS, name, module.Tool(**changes))
        monkeypatch.setattr("sys.argv", ["ci/check", name, "--junit", str(tmp_path / "r.xml")])
        status = module.main()
        said = capsys.readouterr()
        cases = {case.get("name"): case.find("failure")
                 for case in tool.etree.parse(tmp_path / "r.xml").iter("testcase")
                 } if (tmp_path / "r.xml").exists() else None
        return status, said.out + said.err, cases

    return call


def test_clean_files_are_green(check):
    status, said, cases = check(GOOD)
    assert (status, said) == (0, "clang-format: 2 of 2 files clean\n")
    assert cases == {"harness/a.c": None, "fixtures/refserver/b.h": None}


def test_a_finding_is_its_file_s(check):
    status, said, cases = check(BAD)
    assert status == 1 and said.endswith("clang-format: 1 of 2 files clean\n")
    assert cases["harness/a.c"] is None
    failure = cases["fixtures/refserver/b.h"]
    assert failure.get("message").startswith("fixtures/refserver/b.h:1:10: error: ")
    assert failure.text.startswith(failure.get("message")) and failure.text in said + "\n"


def test_a_tool_that_fails_without_a_word_is_red(check):
    """And what it says may hold bytes that no XML can."""
    command = ["sh", "-c", r"printf 'a\001b'; exit 7"]
    status, _, cases = check(GOOD, command=command, endings=(".c",))
    assert status == 1
    assert cases["harness/a.c"].text == "exit 7\na\\x01b"


def test_a_tool_that_is_not_there_is_the_infrastructure_s_fault(check):
    status, said, cases = check(GOOD, command=["no-such-tool"])
    assert status == 3 and "no-such-tool" in said and cases is None


def test_nothing_to_look_at_is_red(check):
    status, said, _ = check(GOOD, command=["true"], endings=(".f",))
    assert (status, said) == (1, "clang-format: 0 of 0 files clean\n")


def test_a_tool_that_there_is_not_is_refused():
    done = tool.subprocess.run([tool.ROOT / "ci/check", "lint"], text=True, capture_output=True)
    assert done.returncode == 2 and "invalid choice: 'lint'" in done.stderr


def test_header_cycles_are_looked_for():
    assert "misc-header-include-cycle" in (tool.ROOT / ".clang-tidy").read_text()
