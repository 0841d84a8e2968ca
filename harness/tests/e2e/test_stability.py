"""ci/stability holds each run's verdicts against the first's: a tool that writes reports stands for
mcreplay, and one of its runs may differ."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "ci/stability"

TOOL = """#!/usr/bin/python3
import sys
seed = next(word[10:] for word in sys.argv if word.startswith("--shuffle="))
ends = {{"passed": "", "failed": '<failure type="timeout"/>', "none": None}}
end = ends["{odd}" if seed == "2" else "passed"]
if end is not None:
    with open(sys.argv[sys.argv.index("--junit") + 1], "w") as report:
        cases = ['<testcase classname="mcreplay.x.whole.unix" name="a"/>',
                 f'<testcase classname="mcreplay.x.whole.unix" name="b">{{end}}</testcase>']
        if seed == "3":  # a server's end that is known is no verdict on a case
            cases.append('<testcase classname="mcreplay.x.none.none" name="server"><skipped/>'
                         '</testcase>')
        print("<testsuite>", *(cases if seed == "1" else reversed(cases)), "</testsuite>",
              file=report)
print("said")
"""


def stability(tmp_path, odd, *words):
    tool = tmp_path / "tool"
    tool.write_text(TOOL.format(odd=odd))
    tool.chmod(0o755)
    env = dict(os.environ, MCREPLAY=str(tool), WORK=str(tmp_path / "work"))
    return subprocess.run([SCRIPT, *words], env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


@pytest.mark.parametrize("odd, status, last", [
    ("passed", 0, "4 runs, 0 with verdicts that differ from the first"),
    ("failed", 1, "4 runs, 1 with verdicts that differ from the first"),
    ("none", 3, "said"),
])
def test_a_verdict_that_differs_is_red(tmp_path, odd, status, last):
    done = stability(tmp_path, odd, "4")
    assert done.returncode == status, done.stdout
    assert done.stdout.splitlines()[-1] == last
    assert ("> mcreplay.x.whole.unix b failure timeout" in done.stdout) == (odd == "failed")


def test_a_count_that_is_none_is_refused(tmp_path):
    done = stability(tmp_path, "passed", "many")
    assert (done.returncode, done.stdout) == (2, 'ci/stability: "many" is no number of runs\n')
