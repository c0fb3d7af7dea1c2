"""The command line called in this process: it finds and leaves everything as a process of its own would.

A fresh interpreter takes a third of a second, which is most of what a short command costs. What only a process can show (signals,
limits of the system, closed streams) is shown with one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from asyncio.unix_events import SelectorEventLoop
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import IO
from unittest.mock import patch

import engine.cli.connect
from engine.cli.app import main
from engine.simulate.browser import allow
from tests.process import BROWSER

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
TAKEN = threading.Lock()


def run_here(words: tuple[str, ...], environ: Mapping[str, str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Call the command line to its end; gives what a process would have given."""
    with contextlib.ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write((stdin or "").encode())
        given.seek(0)
        code = call(words, environ, (given.fileno(), out.fileno(), err.fileno()))
        for written in (out, err):
            written.seek(0)
        said, told = (written.read().decode().replace("\r\n", "\n") for written in (out, err))
    return subprocess.CompletedProcess(["habeas", *words], code, said, told)


def call(
    words: tuple[str, ...],
    environ: Mapping[str, str],
    files: tuple[int, int, int],
    handlers: dict[signal.Signals, Callable[[], object]] | None = None,
) -> int:
    """Call the command line with the environment and the files of a process; gives its exit code.

    Outside the main thread no signal arrives: what it would do is put into `handlers`.
    """
    assert TAKEN.acquire(blocking=False), "a process has one environment: a second command beside this one needs a process"
    try:
        with (
            _environment(environ),
            _streams(*files),
            _logging(),
            _signals({} if handlers is None else handlers),
            _names(words),
            _browser(environ),
        ):
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
    finally:
        TAKEN.release()
    return 0


@contextlib.contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    """Lend the very `os.environ`, which defaults of functions hold, and the umask."""
    kept, mask, folder = dict(os.environ), os.umask(0o077), Path.cwd()
    os.umask(mask)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
        os.umask(mask)
        os.chdir(folder)


@contextlib.contextmanager
def _streams(stdin: int, stdout: int, stderr: int) -> Iterator[None]:
    def opened(file: int, mode: str, buffering: int = -1) -> IO[str]:
        return os.fdopen(file, mode, buffering, encoding="utf-8", closefd=False)

    streams = {"stdin": opened(stdin, "r"), "stdout": opened(stdout, "w"), "stderr": opened(stderr, "w", 1)}
    try:
        with patch.multiple(sys, **streams):
            yield
    finally:
        for one in streams.values():
            one.close()


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    """Let warnings of this thread be written to stderr, as where nobody set up any logging, and those of others go where they went."""
    thread, root, errors = threading.get_ident(), logging.getLogger(), logging.StreamHandler()
    errors.setLevel(logging.WARNING)
    errors.addFilter(lambda record: record.thread == thread)
    root.addHandler(errors)
    try:
        yield
    finally:
        root.removeHandler(errors)


@contextlib.contextmanager
def _signals(handlers: dict[signal.Signals, Callable[[], object]]) -> Iterator[None]:
    """Give signals back as they were."""
    if threading.current_thread() is threading.main_thread():
        kept = {one: signal.getsignal(one) for one in HANDLED}
        try:
            yield
        finally:
            for one, handler in kept.items():
                signal.signal(one, handler)
        return

    def added(loop: SelectorEventLoop, number: signal.Signals, callback: Callable[..., object], *given: object) -> None:
        handlers[number] = partial(loop.call_soon_threadsafe, callback, *given)

    with (
        patch.object(signal, "signal", lambda *_: None),
        patch.object(SelectorEventLoop, "add_signal_handler", added),
        patch.object(SelectorEventLoop, "remove_signal_handler", lambda _, number: handlers.pop(number, None)),
    ):
        yield


@contextlib.contextmanager
def _names(words: tuple[str, ...]) -> Iterator[None]:
    """Be called `habeas`, as the installed command is."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")  # patch.dict would forget what is imported meanwhile
    try:
        with patch.object(sys, "argv", ["habeas", *words]):
            yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _browser(environ: Mapping[str, str]) -> Iterator[None]:
    """Let the browser that presses Allow do so in a thread: it costs two interpreters else. Any other browser is started as it is."""
    if environ.get("BROWSER") != BROWSER:
        yield
        return
    threads: list[threading.Thread] = []

    def opened(url: str) -> None:
        def press() -> None:
            with contextlib.suppress(OSError):
                allow(url)

        threads.append(threading.Thread(target=press, daemon=True))
        threads[-1].start()

    with patch.object(engine.cli.connect, "open_browser", opened):
        yield
    for one in threads:
        one.join(60)
