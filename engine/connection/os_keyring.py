"""The keyring of the operating system, where there is one to be trusted.

It may ask a person to unlock it, so it is asked in a thread of its own, for a limited time, and Ctrl-C ends the wait.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from engine.errors import NotConnected

SERVICE = "habeas"
SECONDS = 60.0
OWN = "keyring.backends."
T = TypeVar("T")


class OsKeyring:
    """The keyring, with a time limit: reading and writing raise NotConnected if there is no answer in time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """`seconds` is how long an answer may take."""
        self._seconds = seconds

    def get(self, name: str) -> str | None:
        """Give what is kept under a name; None if there is nothing, or no keyring. Raises NotConnected."""
        try:
            return self._answer(lambda backend: backend.get_password(SERVICE, name))
        except NotConnected:
            raise
        except Exception as error:  # noqa: BLE001  backends raise what they like
            message = f"the OS keyring does not give the key ({type(error).__name__}): unlock it, or set HABEAS_KEY"
            raise NotConnected(message) from None

    def put(self, name: str, text: str) -> bool:
        """Keep a text under a name; whether the keyring has it now. Raises NotConnected."""

        def kept(backend: Any) -> bool:
            backend.set_password(SERVICE, name, text)
            return bool(backend.get_password(SERVICE, name) == text)

        try:
            return self._answer(kept) or False
        except NotConnected:
            raise
        except Exception:  # noqa: BLE001  locked, full, of another desktop
            return False

    def forget(self, name: str) -> None:
        """Delete what is kept under a name. An error is ignored: an old key decrypts nothing any more."""
        try:
            self._answer(lambda backend: backend.delete_password(SERVICE, name))
        except Exception:  # noqa: BLE001  as above
            return

    def _answer(self, question: Callable[[Any], T]) -> T | None:
        """Ask the keyring; None if there is none. Finding it may wait for a person too."""
        answer: Future[T | None] = Future()

        def ask() -> None:
            try:
                backend = trusted()
                answer.set_result(None if backend is None else question(backend))
            except Exception as error:  # noqa: BLE001  raised where it was asked
                answer.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        with _interruptible():
            try:
                return answer.result(self._seconds)
            except TimeoutError:
                if answer.done():
                    raise
        message = "the OS keyring did not answer: unlock it, or set HABEAS_KEY"
        raise NotConnected(message)


def trusted() -> Any:
    """Give the keyring's backend, or None if there is none.

    Only backends of the `keyring` package itself count: they open with the person's login. Others may write plain text to a file.
    """
    try:
        import keyring  # noqa: PLC0415  slow, and an extra
        from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415

        found = keyring.get_keyring()
        inside = found.backends if isinstance(found, ChainerBackend) else [found]
        return next((one for one in inside if type(one).__module__.startswith(OWN) and one.priority > 0), None)
    except Exception:  # noqa: BLE001  a backend that cannot even be loaded is none
        return None


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the wait at once; the handler of an event loop would run only afterwards."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
