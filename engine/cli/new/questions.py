"""Ask questions in the terminal, check every answer by the words of the language, and build pagination and auth from the answers.

At a terminal a wrong answer is asked for again. From a pipe it ends the command, or a later answer would be taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

from msgspec import Struct, field
from pydantic import TypeAdapter, ValidationError

from engine.cli.formatting import tell
from engine.errors import UsageError
from engine.language.model import words as w
from engine.openapi.draft.yaml_text import DraftBlock

T = TypeVar("T")
AnswerReader = Callable[[str], T]  # takes an answer as it was typed; raises ValueError with what is wrong

LONGEST = 8_000
BACK = ("<", "back")
PAGINATIONS = ("none", "cursor", "link", "page", "offset")
WAYS = ("oauth2", "key", "basic")


class Back(Exception):
    """The person wants the question before once more."""


class Questions(Struct):
    """Asks one question after the other; `again` says whether somebody is there who can correct an answer.

    To go back by one question, the whole interview is begun anew: `known` are the answers that it is then given without asking.
    """

    source: TextIO
    again: bool
    given: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def ask(self, question: str, read: AnswerReader[T], usual: str | None = None) -> T:
        """Ask until `read` accepts the answer, and give what it makes of it; Enter stands for the usual answer.

        Raises UsageError where the answers end, or a wrong one comes from a pipe, and Back where the question before is wanted.
        """
        if self.known:
            self.given.append(self.known.pop(0))
            return read(self.given[-1] or usual or "")
        hint = f" [{usual}]" if usual else " (Enter for none)" if usual == "" else ""
        while True:
            answer = self._answer(f"{question}{hint}: ", question)
            try:
                found = read(answer or usual or "")
            except ValueError as error:
                self.refuse(question, error)
            else:
                self.given.append(answer)
                return found

    def _answer(self, prompt: str, question: str) -> str:
        tell(prompt)
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
        return answer

    def refuse(self, question: str, error: ValueError) -> None:
        """Say what is wrong with an answer. Raises UsageError where nobody can correct it."""
        if not self.again:
            message = f"{question}: {error}; nothing was written"
            raise UsageError(message) from None
        self.say(f"  {error}\n")

    def say(self, text: str) -> None:
        """Print what stands between two questions; not a second time after going back."""
        if not self.known:
            tell(text)

    def back(self) -> None:
        """Begin anew with all answers but the last."""
        self.known, self.given = self.given[:-1], []


def checked_as(word: Any) -> AnswerReader[str]:
    """Accept what a type of engine/language/model/words.py accepts, and give it as it was typed."""
    adapter = TypeAdapter(word)

    def read(text: str) -> str:
        if not text:
            message = "this cannot be left out"
            raise ValueError(message)
        try:
            adapter.validate_python(text)
        except ValidationError as error:
            first = error.errors()[0]
            cause = first.get("ctx", {}).get("error")
            hint = getattr(cause, "hint", None)
            raise ValueError(str(cause or first["msg"]) + (f": {hint}" if hint else "")) from None
        return text

    return read


def optional(read: AnswerReader[T]) -> AnswerReader[T | None]:
    """Accept an empty answer too, as None."""
    return lambda text: read(text) if text else None


def one_of(choices: tuple[str, ...]) -> AnswerReader[str]:
    """Accept one of a few words."""

    def read(text: str) -> str:
        if text in choices:
            return text
        message = f"one of: {', '.join(choices)}"
        raise ValueError(message)

    return read


def read_records_path(text: str) -> str | None:
    """Accept the path to the records, `@` in quotes of any kind, or nothing."""
    return "@" if text.strip("\"'`") == "@" else optional(checked_as(w.JMESPath))(text)


def read_base_address(text: str) -> str:
    """Accept the address behind which every request line is put; gives it without a slash at its end."""
    checked_as(w.RequestLine)(checked_as(w.OpenAddress)(text))
    return text.rstrip("/")


def read_hosts(text: str) -> list[str]:
    """Accept hosts with commas or blanks between them."""
    return [checked_as(w.Host)(host) for host in re.split(r"[,\s]+", text)]


def read_key_header(text: str) -> dict[str, str]:
    """Accept a header with <SECRET> in it, as vendors print it: `Authorization: Bearer <SECRET>`."""
    name, colon, value = text.partition(":")
    if not colon:
        message = "write it as `Name: value`"
        raise ValueError(message)
    return {checked_as(w.KeyHeader)(name.strip()): checked_as(w.Keyed)(value.strip())}


def ask_pagination(questions: Questions, question: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Ask how a list goes on; gives the value of `pagination`, {} for none, None where it is not known: silence is no answer.

    With the `body` of a `post`, parameters are places in it, such as paging.after: the maps on the way are put into it.
    """
    kind = questions.ask(f"{question}: {', '.join(PAGINATIONS)} (Enter: not known yet)", optional(one_of(PAGINATIONS)))
    made: dict[str, Any] = {}
    where = "place in the body" if body is not None else "parameter"
    if kind is None or kind == "none":
        return made if kind else None
    if kind == "cursor":
        made["cursor"] = questions.ask("Where the answer holds the next cursor, such as paging.next", checked_as(w.JMESPath))
        made["param"] = questions.ask(f"The {where} it is sent in", _parameter(body), "cursor")
    elif kind == "link":
        made["link"] = questions.ask("Where the answer holds the next page's address, or `header`", checked_as(w.JMESPath), "header")
    elif kind == "page":
        name = questions.ask(f"The {where} of the page number", _parameter(body, 1), "page")
        made["page"] = {name: int(questions.ask("The first page's number", checked_as(w.WholeNumber), "1"))}
    else:
        made["offset"] = questions.ask(f"The {where} that is advanced by the records received", _parameter(body, 0), "offset")
    size = questions.ask(f"Page size, {where.upper().replace(' ', '_')}=MOST, such as limit=100", optional(_page_size(body)), "")
    made.update({"size": size} if size else {})
    if body is not None:
        _drop_unknown_cursor(body, made.get("param", ""))
    return made


def _parameter(body: dict[str, Any] | None, first: int | None = None) -> AnswerReader[str]:
    """Accept a parameter's name, or a place in the body, which then holds its first value."""

    def read(text: str) -> str:
        name = checked_as(w.Text)(text)
        if body is not None:
            make_room(body, name, first)
        return name

    return read


def _page_size(body: dict[str, Any] | None) -> AnswerReader[dict[str, int]]:
    def read(text: str) -> dict[str, int]:
        name, equals, count = text.partition("=")
        if not equals:
            message = f"`{text}`: write PARAMETER=MOST, such as limit=100"
            raise ValueError(message)
        most = int(checked_as(w.WholeNumber)(count.strip()))
        return {_parameter(body, most)(name.strip()): most}

    return read


def make_room(body: dict[str, Any], place: str, value: int | None) -> None:
    """Put the maps of a place such as paging.after into a body. Raises ValueError where something else stands in their way.

    The innermost map gets the value only if it would be empty otherwise: the language knows no empty map.
    """
    *outer, last = place.split(".")
    holder: Any = body
    for index, step in enumerate(outer, 1):
        holder = holder.get(step, {})
        in_the_way = not isinstance(holder, dict)
        if in_the_way:
            message = f"`{'.'.join(outer[:index])}` in the body is no map, so `{place}` has no place there"
            raise ValueError(message)
    for step in outer:
        body = body.setdefault(step, {})
    if not any(present is not None for present in body.values()):
        body[last] = value


def _drop_unknown_cursor(body: dict[str, Any], place: str) -> None:
    """Take out the cursor, which has no value yet, where its map holds something besides."""
    *outer, last = place.split(".")
    for step in outer:
        body = body[step]
    if len(body) > 1 and last in body and body[last] is None:
        del body[last]


def ask_auth(questions: Questions) -> DraftBlock:
    """Ask how to connect; gives the map of `auth`."""
    block, way = DraftBlock(), questions.ask(f"How to connect: {', '.join(WAYS)}", one_of(WAYS), "key")
    if way == "oauth2":
        address, redirect = checked_as(w.OpenAddress), checked_as(w.Redirect)
        oauth2 = DraftBlock()
        oauth2.add("authorization_url", questions.ask("Where the person who connects gives consent, https://...", address))
        oauth2.add("token_url", questions.ask("Where tokens are got, https://...", address))
        asked = "Redirect address, as registered with the vendor"
        oauth2.add("redirect_uri", questions.ask(asked, redirect, "http://127.0.0.1:8917/callback"))
        oauth2.add("scopes", questions.ask("Scopes, with blanks between them", str.split, ""))
        block.add("oauth2", oauth2)
    elif way == "basic":
        block.add("basic", questions.ask("user:password, with <SECRET> for the key", checked_as(w.UserPassword), "<SECRET>:"))
    else:
        asked = "The header of the key, with <SECRET> for it"
        block.add("headers", questions.ask(asked, read_key_header, "Authorization: Bearer <SECRET>"))
    return block
