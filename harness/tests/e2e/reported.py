"""A project whose tests and cases real tools report on: mcreplay, ctest and pytest."""

import subprocess

import tool
from sessions import BYSTANDER, SESSIONS, WRONG

NAMES = ("green", "red", "before", "unit", "pytest")
SKIPPED = "needs  time-travel\n"
CHECK = r"""
#include <check.h>
START_TEST(sound) { ck_assert_int_eq(1, 1); }
END_TEST
START_TEST(broken) { ck_assert_int_eq(1, 2); }
END_TEST
int main(void) {
  Suite *suite = suite_create("sums");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, sound);
  tcase_add_test(tests, broken);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
"""
CTEST = """
cmake_minimum_required(VERSION 3.20)
project(tests NONE)
enable_testing()
add_test(NAME sums COMMAND ${PROGRAM})
add_test(NAME absent COMMAND /nonexistent/program)
add_test(NAME elsewhere COMMAND sh -c "exit 77")
set_tests_properties(elsewhere PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME off COMMAND true)
set_tests_properties(off PROPERTIES DISABLED ON)
add_test(NAME leaky COMMAND sh -c
  "echo '==9==ERROR'; echo 'SUMMARY: LeakSanitizer: 8 bytes leaked'; echo end; exit 23")
"""
PYTEST = '''import pytest


@pytest.mark.parametrize("word", ["a|`b`", "::c"])
def test_words(word):
    assert word == "none", "100 %\\n::error::more"


@pytest.mark.xfail
def test_later():
    assert 0


class TestNested:
    def test_passes(self):
        pass
'''


def say(*argv, **keywords):
    done = subprocess.run([*map(str, argv)], text=True, encoding="utf-8", capture_output=True,
                          **keywords)
    return done.returncode, done.stdout, done.stderr


def play(sources, report, *args, plant=None):
    """Plays the sources' cases on a stub server; what paths mcreplay prints are relative to them."""
    profile = tool.stub_profile(sources / "stub.yaml", plant)
    done = tool.command("run", "-s", profile, "--junit", report, "--keep", "none", "--seed", "7",
                        "--known", sources / "known.yaml", *args,
                        cwd=sources, env={"MCREPLAY_DATA": str(sources)})
    assert done.status in (0, 1), done


def write(root):
    """Writes the project, a git repository whose last commit has the cases, and beside it the
    reports NAMES: green, red, red before; of ctest and of pytest."""
    for name, head, steps in (("get/wrong", "", WRONG), ("get/plant", "", SESSIONS["last"]),
                              ("get/sound", "", BYSTANDER), ("get/known", "", WRONG),
                              ("get/needy", SKIPPED, BYSTANDER)):
        path = root / f"cases/{name}.session"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"case  {name}\nspec  get\n{head}{steps.strip()}\n")
    (root / "fixtures/servers").mkdir(parents=True)
    (root / "known.yaml").write_text(
        "- {case: get/known, kind: nonconformance, why: it is known}\n")
    play(root, root / "green.xml", "-d", "whole", "get/sound", "get/known", "get/needy")
    play(root, root / "red.xml", "-d", "whole,bytewise")
    play(root, root / "before.xml", "-d", "whole", plant="extra-byte")

    (root / "tests").mkdir()
    (root / "tests/sums.c").write_text(CHECK)
    flags = say("pkg-config", "--cflags", "--libs", "check", check=True)[1].split()
    say("cc", root / "tests/sums.c", "-o", root / "sums", *flags, check=True)
    (root / "CMakeLists.txt").write_text(CTEST)
    say("cmake", "-S", root, "-B", root / "ctest", f"-DPROGRAM={root}/sums", check=True)
    say("ctest", "--test-dir", root / "ctest", "--output-junit", root / "unit.xml")
    (root / "tests/test_words.py").write_text(PYTEST)
    say(tool.PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", root,
        "--junitxml", root / "pytest.xml", "tests", cwd=root)
    git = ["git", "-C", root, "-c", "user.name=n", "-c", "user.email=e"]
    say(*git, "init", "-q", check=True)
    for path in ("tests", "cases"):
        say(*git, "add", path, check=True)
        say(*git, "commit", "-q", "-m", path, check=True)
