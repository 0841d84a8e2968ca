"""What `cmake --install` leaves is a usable tool: program, cases and profiles, in any place."""

import pathlib
import subprocess

import tool


def test_an_installed_tool_works_elsewhere(tmp_path):
    build = pathlib.Path(tool.MCREPLAY).resolve().parents[1]
    subprocess.run(
        ["cmake", "--install", build, "--prefix", tmp_path / "usr"], check=True, capture_output=True
    )
    program = tmp_path / "usr/bin/mcreplay"
    away = tmp_path / "away"
    away.mkdir()

    def run(*words):
        return subprocess.run(
            [program, *words], cwd=away, capture_output=True, text=True, timeout=tool.PATIENCE
        )

    listed = run("list").stdout.splitlines()
    assert len(listed) >= 120
    assert len(listed) == len(tool.command("list").out.splitlines())
    played = run("run", "-s", "memcached", "--transport", "unix,tls", "noop")
    assert played.returncode == 0, played.stdout + played.stderr
    assert "0 failed, 0 errors" in played.stdout
