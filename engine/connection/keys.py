"""The encryption keys of the store, and where they are: HABEAS_KEY, else the OS keyring, else a file that only its owner can read.

`key.json` lists the ids of the keys and, without a keyring, holds them. During `rekey` there are two, so that it can be
interrupted at any moment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from engine.connection.outside_secret import from_environment
from engine.connection.private_files import cannot_write, create_once, read_private, sync_folder, write_private
from engine.decoding import decoder
from engine.discreet import Alike, Discreet
from engine.errors import NotConnected, UsageError

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

        with _interruptible():
            threading.Thread(target=ask, daemon=True).start()
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


SIZE = 32
ELSEWHERE = "environment"  # in the head of a sealed file: the key was in HABEAS_KEY or HABEAS_OLD_KEY
HOW = "32 random bytes in base64, as `openssl rand -base64 32` prints them"
Where = Literal["HABEAS_KEY", "HABEAS_OLD_KEY", "keyring", "file"]


class StoreKey(Alike, Discreet, msgspec.Struct, frozen=True):
    """An AES-256 key. Its `id` is a hash, from which the key cannot be computed.

    `kept` says where it was found: file, keyring or environment; "" where that is not known.
    """

    HIDDEN = ("secret",)
    UNCOMPARED = ("kept",)

    secret: bytes
    kept: str = ""

    @property
    def id(self) -> str:
        """Give the id of the key: 16 hexadecimal digits."""
        return hashlib.sha256(b"habeas store key" + self.secret).hexdigest()[:16]

    @property
    def text(self) -> str:
        """Give the key in base64, as HABEAS_KEY holds it."""
        return base64.b64encode(self.secret).decode()


class KeyFile(msgspec.Struct, frozen=True):
    """`key.json`: keys by id, the current one first; the text of a key that is in the keyring is null."""

    format: int
    keys: dict[str, str | None]


def parse_key(text: str, name: str) -> StoreKey:
    """Read a key from the text of the variable `name`. Raises UsageError."""
    key = _key_in(text, ELSEWHERE)
    if key is None:
        message = f"{name} is no key: it holds {HOW}"
        raise UsageError(message)
    return key


def _key_in(text: str, kept: str) -> StoreKey | None:
    try:
        secret = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return StoreKey(secret, kept) if len(secret) == SIZE else None


class Keys:
    """The keys of one store: which is current, and where each one is."""

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str] = os.environ,
        keyring: OsKeyring | None = None,
        needed: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read the keys of the environment; the file and the keyring are read when they are needed. Raises UsageError.

        `needed` says whether a stored connection may be encrypted with a key that only `key.json` names.
        """
        self.path, self._needed, self._rekeying = home / "key.json", needed, False
        self.given = given_key("HABEAS_KEY", environ)
        self.old = given_key("HABEAS_OLD_KEY", environ)
        self._keyring = keyring or OsKeyring()
        self._asked: dict[str, StoreKey] = {}

    def current(self) -> StoreKey:
        """Give the key to encrypt with; the first one is created. Raises NotConnected, also where the file of the key is gone."""
        if self.given is not None:
            return self.given
        found = self._file() or self._first()
        return self._key(next(iter(found.keys)), found)

    def find(self, name: str) -> StoreKey | None:
        """Give the key with this id; None if it is not available. Raises NotConnected."""
        for key in (self.given, self.old):
            if key is not None and key.id == name:
                return key
        found = self._file()
        return self._key(name, found) if found is not None and name in found.keys else None

    def where(self) -> Where | None:
        """Say where the current key is; None if there is none yet. Raises NotConnected."""
        name = self.current_id()
        return None if name is None else self.place(name)

    def place(self, name: str) -> Where | None:
        """Say where the key with this id is; None if it is not available. Raises NotConnected."""
        if self.given is not None and self.given.id == name:
            return "HABEAS_KEY"
        if self.old is not None and self.old.id == name:
            return "HABEAS_OLD_KEY"
        found = self._file()
        if found is None or name not in found.keys:
            return None
        return "keyring" if found.keys[name] is None else "file"

    def current_id(self) -> str | None:
        """Give the id of the current key; None if there is none yet. Raises NotConnected."""
        if self.given is not None:
            return self.given.id
        found = self._file()
        return None if found is None else next(iter(found.keys))

    def outdated(self) -> frozenset[str]:
        """Give the ids of the keys that are kept and no longer used for encryption. Raises NotConnected."""
        found = self._file()
        return frozenset(found.keys if found else ()) - {self.current_id()}

    def begin_rekey(self) -> StoreKey:
        """Create a new current key beside the old ones; HABEAS_KEY, if set, is the new one. Raises NotConnected, DiskError, OutputError."""
        self._rekeying = True
        if self.given is not None:
            return self.given
        key, found = _fresh(), self._file()
        if found is None:
            self._check_not_gone()
        self._write({key.id: self._kept(key), **(found.keys if found else {})})
        return key

    def end_rekey(self) -> None:
        """Delete every key but the current one. Raises NotConnected, DiskError, OutputError."""
        found = self._file()
        if found is None:
            return
        keep = {} if self.given is not None else dict([next(iter(found.keys.items()))])
        if keep:
            self._write(keep)
        else:
            self._delete()
        for name, text in found.keys.items():
            if name not in keep and text is None:
                self._keyring.forget(name)

    def mend(self, kept: str) -> str:
        """Say how a key that is not at hand is brought back; `kept` is where it was when the connection was stored, "" if unknown."""
        variable = "HABEAS_OLD_KEY" if self._rekeying else "HABEAS_KEY"
        if kept == ELSEWHERE:
            return f"set {variable} to it"
        what = "holds another one" if self.path.exists() else "is gone"
        back = f"{self.path}, which names it, {what}: put a copy of that file back"
        if kept:
            return back + (", or set HABEAS_OLD_KEY to the key" if self._rekeying else "")
        return f"{back}, or set {variable} to it"

    def _check_not_gone(self) -> None:
        """Refuse a fresh key in the place of one that is needed. Raises NotConnected."""
        if self._needed():
            message = (
                f"{self.path} is gone, and connections are encrypted with its key: put a copy of it back, and no fresh key is made; "
                "if there is none, remove them (habeas connections remove NAME --no-revoke) and connect again"
            )
            raise NotConnected(message)

    def _file(self) -> KeyFile | None:
        raw = read_private(self.path)
        if raw is None:
            return None
        try:
            found = decoder(KeyFile).decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if found is None or found.format != 1 or not found.keys:
            message = f"{self.path} is damaged, or of a newer Habeas: put a copy back; without it the connections cannot be read"
            raise NotConnected(message)
        return found

    def _key(self, name: str, found: KeyFile) -> StoreKey:
        text = found.keys[name]
        if text is None:
            return self._from_keyring(name)
        key = _key_in(text, "file")
        if key is None or key.id != name:
            message = f"{self.path} is damaged: put a copy back; without it the connections cannot be read"
            raise NotConnected(message)
        return key

    def _from_keyring(self, name: str) -> StoreKey:
        if name in self._asked:
            return self._asked[name]
        text = self._keyring.get(name)
        if text is None:
            message = "the key is in an OS keyring that is not at hand: log in where it is, or set HABEAS_KEY"
            raise NotConnected(message)
        key = _key_in(text, "keyring")
        if key is None or key.id != name:
            message = "what the OS keyring holds is not the key: put that back, or set HABEAS_KEY"
            raise NotConnected(message)
        self._asked[name] = key
        return key

    def _kept(self, key: StoreKey) -> str | None:
        """Put a key into the keyring, if there is one; gives what `key.json` must hold: None, or else the key itself."""
        if not self._keyring.put(key.id, key.text):
            return key.text
        self._asked[key.id] = StoreKey(key.secret, "keyring")
        return None

    def _first(self) -> KeyFile:
        """Create the first key; if two processes do so at once, both use the one that was first."""
        self._check_not_gone()
        key = _fresh()
        create_once(self.path, msgspec.json.encode(KeyFile(1, {key.id: self._kept(key)})))
        found = self._file()
        if found is None:
            message = f"{self.path} cannot be written"
            raise NotConnected(message)
        return found

    def _write(self, keys: dict[str, str | None]) -> None:
        write_private(self.path, msgspec.json.encode(KeyFile(1, keys)))

    def _delete(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise cannot_write(self.path, error) from None


def _fresh() -> StoreKey:
    return StoreKey(secrets.token_bytes(SIZE))


def given_key(name: str, environ: Mapping[str, str]) -> StoreKey | None:
    """Give the key that a variable of the environment, or the file that it names, holds; None if there is none. Raises UsageError."""
    text = from_environment(name, environ)
    return parse_key(text, name) if text else None
