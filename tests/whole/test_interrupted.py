"""Ctrl-C in the moments before a command runs and after it has ended."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.process import ROOT, environment

PRESS = "lambda *_: os.kill(os.getpid(), signal.SIGINT)"
MOMENTS = {
    "before the command": f"os.umask = {PRESS}",
    "while the process ends": f"threading._register_atexit({PRESS})",
}


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
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment(tmp_path),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "")
