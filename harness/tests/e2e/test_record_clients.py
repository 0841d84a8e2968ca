"""The sessions of real clients, and the scripts that they were recorded with. The clients that come
with libmemcached are recorded again here; others are installed by ci/record-clients alone."""

import os
import re
import subprocess

import pytest
import tool

FOLDER = tool.ROOT / "cases/clients"
RECORD = tool.ROOT / "ci/record-clients"
SCRIPTS = {".sh", ".py", ".php", ".rb", ".js"}


def requests(path):
    """What the clients send; how their connections end depends on who is quicker."""
    return re.findall(r"^c\d+ > .*$", path.read_text(), re.M)


def test_each_session_has_its_script():
    sessions = {path.stem for path in FOLDER.glob("*.session")}
    scripts = {path.stem for path in FOLDER.iterdir() if path.suffix in SCRIPTS}
    assert sessions == scripts and len(sessions) >= 30


@pytest.mark.parametrize("name", ["memccp-and-memccat", "memctouch-and-memcrm", "memccat-sasl"])
def test_a_client_says_the_same_again(tmp_path, run, name):
    env = {**os.environ, "MCREPLAY": str(tool.MCREPLAY)}
    subprocess.run([RECORD, "--into", tmp_path, name], check=True, env=env, timeout=tool.PATIENCE,
                   stdout=subprocess.DEVNULL)
    again = tmp_path / f"{name}.session"
    assert requests(again) == requests(FOLDER / again.name)
    server = "refserver-sasl" if name.endswith("sasl") else "memcached"
    result = run("-s", server, "-d", "whole,bytewise", "--transport", "unix", "--golden", "none",
                 again)
    assert result.status == 0 and result.totals["passed"] == 2, result


def test_a_client_that_does_not_get_what_it_should_is_told(tmp_path):
    """No client can connect through a recorder that is none."""
    liar = tmp_path / "liar"
    liar.write_text("#!/bin/sh\necho 'recording: listening at unix:/nowhere, before x'\n"
                    "exec sleep 60\n")
    liar.chmod(0o755)
    env = {**os.environ, "MCREPLAY": str(liar)}
    done = subprocess.run([RECORD, "--into", tmp_path, "memctouch-and-memcrm"], env=env,
                          capture_output=True, timeout=tool.PATIENCE)
    assert done.returncode != 0
    assert not (tmp_path / "memctouch-and-memcrm.session").exists()


def test_a_name_that_is_unknown():
    done = subprocess.run([RECORD, "nobody"], capture_output=True, text=True)
    assert done.returncode == 2 and "no script in cases/clients for nobody" in done.stderr
