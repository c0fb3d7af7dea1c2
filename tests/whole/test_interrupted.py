"""Ctrl-C in the moments before a command runs and after it has ended."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.process import ROOT, environment

PRESS = "lambda *_: os.kill(os.getpid(), signal.SIGINT)"
MOMENTS = {
    "before the command": f"os.umask = {PRESS}",
    "while the process ends": f"threading._register_atexit({PRESS})",
}


def interrupted(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an interpreter that presses Ctrl-C itself."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_before_and_after_a_command_is_an_exit_code_and_no_traceback(moment, tmp_path):
    """130, and nothing is said: Python alone would print where it was, and call a command that has ended a success."""
    code = f"""
        import os, signal, sys, threading
        from engine.cli import main
        {MOMENTS[moment]}
        sys.argv = ["habeas", "--version"]
        main()
    """
    done = interrupted(code, tmp_path)
    assert (done.returncode, done.stderr) == (130, "")


def test_ctrl_c_is_heard_before_anything_is_imported_that_takes_long(tmp_path):
    """Whoever types the wrong command and stops it at once saw where Python was; nothing but `engine.lazy` is imported before."""
    code = """
        import os, signal, sys

        class Press:
            def find_spec(self, name, path, target=None):
                if name not in ("engine", "engine.cli", "engine.lazy") and name.startswith("engine"):
                    os.kill(os.getpid(), signal.SIGINT)

        sys.meta_path.insert(0, Press())
        before = set(sys.modules)
        from engine.cli import main
        print(sorted({"typing", "pathlib", "re"} & set(sys.modules) - before), flush=True)
        sys.argv = ["habeas", "--version"]
        main()
    """
    done = interrupted(code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "[]\n", "")
