"""One question after the other, at a terminal or from a pipe, and how an answer is read: by the words of the language.

At a terminal a wrong answer is asked again; from a pipe it ends the command, so that no later answer is taken for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.cli.show import tell
from engine.errors import UsageError
from engine.spec import words as w

T = TypeVar("T")
LONGEST = 8_000
BACK = ("<", "back")


class Back(Exception):
    """The question before is wanted again."""


@dataclass
class Asker:
    """Asks for one line after the other; `again` where a person can correct themselves."""

    source: TextIO
    again: bool
    given: list[str] = field(default_factory=list)  # the answers that were taken
    known: list[str] = field(default_factory=list)  # answers that were given already, and are not asked for again

    def ask(self, question: str, read: Callable[[str], T], usual: str | None = None) -> T:
        """Ask until the answer is one; Enter takes the usual one.

        Raises UsageError where the answers end, or one from a pipe is wrong, and Back where a person wants the question before.
        """
        if self.known:
            self.given.append(self.known.pop(0))
            return read(self.given[-1] or usual or "")
        hint = f" [{usual}]" if usual else " (Enter for none)" if usual == "" else ""
        while True:
            tell(f"{question}{hint}: ")
            try:
                line = self.source.readline(LONGEST)
            except UnicodeDecodeError:
                line = "\ufffd\n"
            if not self.again:
                tell("\n")
            if not line:
                message = f"the answers ended before the spec did, at: {question}; nothing was written"
                raise UsageError(message)
            answer = line.strip()
            if self.again and answer in BACK:
                raise Back
            try:
                found = read(answer or usual or "")
            except ValueError as error:
                self.refuse(question, error)
            else:
                self.given.append(answer)
                return found

    def refuse(self, question: str, error: ValueError) -> None:
        """Say why an answer is none. Raises UsageError where nobody can correct it."""
        if not self.again:
            message = f"{question}: {error}; nothing was written"
            raise UsageError(message) from None
        self.say(f"  {error}\n")

    def say(self, text: str) -> None:
        """Print what stands between two questions, once."""
        if not self.known:
            tell(text)

    def back(self) -> None:
        """Begin anew with all answers but the last."""
        self.known, self.given = self.given[:-1], []


def as_word(kind: Any) -> Callable[[str], str]:
    """Check an answer by a word of the language and give it as it was written."""
    adapter = TypeAdapter(kind)

    def read(text: str) -> str:
        if not text:
            message = "this cannot be left out"
            raise ValueError(message)
        try:
            adapter.validate_python(text)
        except ValidationError as error:
            cause = error.errors()[0].get("ctx", {}).get("error")
            hint = getattr(cause, "hint", None)
            raise ValueError(str(cause or error.errors()[0]["msg"]) + (f": {hint}" if hint else "")) from None
        return text

    return read


def records_path(text: str) -> str | None:
    """Take the path to the records; none where it is left out, and `@` however it is quoted."""
    return "@" if text.strip("\"'`") == "@" else or_none(as_word(w.Path))(text)


def or_none(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Let an answer be left out."""
    return lambda text: read(text) if text else None


def one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    """Take one of a few words."""

    def read(text: str) -> str:
        if text in choices:
            return text
        message = f"one of: {', '.join(choices)}"
        raise ValueError(message)

    return read
