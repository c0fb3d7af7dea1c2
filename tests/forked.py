"""Processes of the command line that are forked from one that has imported everything: a fresh interpreter costs ten times as much.

`Forked` is a `subprocess.Popen` and its process a child like any other: it has a pid, is killed, and is waited for. It forks for
`python -m engine ...` and `python -c ...`; whatever else is asked for is started as ever.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing.context
import os
import pickle
import pkgutil
import runpy
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import engine
from tests.process import ROOT

ADOPT = 36  # PR_SET_CHILD_SUBREAPER: a process whose parent has ended becomes a child of ours
LARGEST = 128 * 1024
ASKED = 3  # its file, on which it is asked
UNNEEDED = ("engine.__main__", "engine.demo", "engine.habeas", "engine.reference")


class Parent:
    """The process that forks, one for each that runs tests."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock, self._asked = threading.Lock(), None

    def fork(self, request: tuple[Any, ...], files: list[int]) -> int:
        """Let it fork a process that becomes our child; gives its pid."""
        adopt = ctypes.CDLL(None).prctl
        with self._lock:
            if self._asked is None:
                self._asked = self._start()
            adopt(ADOPT, 1, 0, 0, 0)
            try:
                socket.send_fds(self._asked, [pickle.dumps(request)], files)
                pid = int(self._asked.recv(20))
                assert self._asked.recv(20) == b"adopted"
            finally:
                adopt(ADOPT, 0, 0, 0, 0)
        return pid

    @staticmethod
    def _start() -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            words, environ = [sys.executable, "-m", "tests.forked"], {**os.environ, "PYTHONPATH": str(ROOT)}
            os.posix_spawn(sys.executable, words, environ, file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), ASKED)])
        return ours


PARENT = Parent()


TRUE = subprocess.Popen


@contextmanager
def made_by(made: type[subprocess.Popen]) -> Iterator[None]:
    """Let asyncio begin processes by this class. Blocks may overlap: after each the true class is back, and none keeps another's."""
    subprocess.Popen = made
    try:
        yield
    finally:
        subprocess.Popen = TRUE


class Forked(subprocess.Popen):
    """A process of the command line, or of a few lines around it."""

    def _execute_child(self, args: Any, executable: Any, preexec: Any, close: Any, passed: Any, cwd: Any, env: Any, *more: Any) -> None:
        shell, (*pipes,), session, group = more[2], more[3:9], more[14], more[15]
        known = isinstance(args, (list, tuple)) and tuple(args[:2]) in ((sys.executable, "-m"), (sys.executable, "-c"))
        if sys.platform != "linux" or not known or executable or preexec or passed or shell or group != -1:
            super()._execute_child(args, executable, preexec, close, passed, cwd, env, *more)
            return
        mask = os.umask(0o077)
        os.umask(mask)
        request = ([str(word) for word in args[1:]], str(cwd or Path.cwd()), dict(os.environ if env is None else env), mask, session)
        files = [file if file != -1 else inherited for file, inherited in zip((pipes[0], pipes[3], pipes[5]), range(3), strict=True)]
        self.pid = PARENT.fork(request, files)
        self._child_created = True
        self._close_pipe_fds(*pipes)


def run(
    words: Any, *, input: Any = None, capture_output: bool = False, timeout: float | None = None, check: bool = False, **more: Any
) -> Any:
    """Do what `subprocess.run` does, with a forked process."""
    more |= {"stdin": subprocess.PIPE} if input is not None else {}
    more |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} if capture_output else {}
    with Forked(words, **more) as process:
        try:
            told = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, *told)
    if check:
        done.check_returncode()
    return done


def apart() -> multiprocessing.context.BaseContext:
    """Give what starts a Python function in a process of its own, forked as well."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.command_line", "engine.case.folder", "engine.cli.case", "pytest"])
    return context


def forking(asked: socket.socket) -> tuple[list[str], str, dict[str, str], int, bool] | None:
    """Fork a process for each request: there it gives the request, with the files in their places. None at the end."""
    while True:
        told, files, _, _ = socket.recv_fds(asked, LARGEST, 3)
        if not told:
            return None
        if not (middle := os.fork()):
            if pid := os.fork():
                asked.send(str(pid).encode())
                os._exit(0)
            asked.close()
            for place, file in enumerate(files):
                os.dup2(file, place)
                os.close(file)
            return pickle.loads(told)
        os.waitpid(middle, 0)
        asked.send(b"adopted")
        for file in files:
            os.close(file)


def become(words: list[str], cwd: str, env: dict[str, str], mask: int, session: bool) -> None:
    """Be what a fresh interpreter would be with these words; ends as it does."""
    if session:
        os.setsid()
    os.umask(mask)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        before, buffered = getattr(sys, name), 1 if number == 2 or os.isatty(number) else -1
        made = os.fdopen(number, mode, buffered, encoding=before.encoding, errors=before.errors, closefd=False)
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)
    kind, text, *rest = words
    sys.path[:1] = ["" if kind == "-c" else cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = [kind, *rest]
    if kind == "-m":
        runpy.run_module(text, run_name="__main__", alter_sys=True)
    else:
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(compile(text, "<string>", "exec"), main.__dict__)


def prepare() -> None:
    """Import everything, and leave it to no garbage collector: what a child does not touch it shares."""
    import_module("pytest")
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if not module.name.startswith(UNNEEDED):
            import_module(module.name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    prepare()
    if (wanted := forking(socket.socket(fileno=ASKED))) is not None:
        become(*wanted)
