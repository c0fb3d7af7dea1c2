"""One question after the other, at a terminal or from a pipe, and how an answer is read: by the words of the language.

At a terminal a wrong answer is asked again; from a pipe it ends the command, so that no later answer is taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.cli.formatting import tell
from engine.errors import UsageError
from engine.language.model import words as w
from engine.openapi.draft.yaml_text import Block

T = TypeVar("T")
LONGEST = 8_000
BACK = ("<", "back")


class Back(Exception):
    """The question before is wanted again."""


@dataclass
class Questions:
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


KINDS = ("none", "cursor", "link", "page", "offset")


def pages(asker: Questions, question: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask for a pagination; nothing where there is none. In a `body` the maps that its places stand in are made."""
    kind = asker.ask(f"{question}: {', '.join(KINDS)}", one_of(KINDS), "none")
    made: dict[str, Any] = {}
    where = "place in the body" if body is not None else "parameter"
    if kind == "none":
        return made
    if kind == "cursor":
        made["cursor"] = asker.ask("Where the answer holds the next cursor, such as paging.next", as_word(w.Path))
        made["param"] = asker.ask(f"The {where} it is sent in", _name(body), "cursor")
    elif kind == "link":
        made["link"] = asker.ask("Where the answer holds the next page's address, or `header`", as_word(w.Path), "header")
    elif kind == "page":
        counted = asker.ask(f"The {where} of the page number", _name(body, 1), "page")
        made["page"] = {counted: int(asker.ask("The first page's number", as_word(w.Number), "1"))}
    else:
        made["offset"] = asker.ask(f"The {where} that is advanced by the records received", _name(body, 0), "offset")
    size = asker.ask(f"Page size, {where.upper().replace(' ', '_')}=MOST, such as limit=100", or_none(_size(body)), "")
    made.update({"size": size} if size else {})
    _tidied(body, made.get("param", ""))
    return made


def _name(body: dict[str, Any] | None, value: int | None = None) -> Callable[[str], str]:
    def read(text: str) -> str:
        name = as_word(w.Text)(text)
        if body is not None:
            make_room(body, name, value)
        return name

    return read


def make_room(body: dict[str, Any], name: str, value: int | None) -> None:
    """Make the maps that a dotted place of a body stands in, none of them empty. Raises ValueError where something else stands there."""
    steps = name.split(".")
    holder: Any = body
    for index, step in enumerate(steps[:-1], 1):
        holder = holder.get(step, {})
        fits = isinstance(holder, dict)
        if not fits:
            message = f"`{'.'.join(steps[:index])}` in the body is no map, so `{name}` has no place there"
            raise ValueError(message)
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    if not any(one is not None for one in body.values()):
        body[steps[-1]] = value  # the language knows no empty map


def _tidied(body: dict[str, Any] | None, place: str) -> None:
    """Take the cursor that is not known yet out of a map that holds something besides."""
    *steps, last = place.split(".")
    for step in steps:
        body = body[step] if body is not None else None
    if body is not None and len(body) > 1 and last in body and body[last] is None:
        del body[last]


def _size(body: dict[str, Any] | None) -> Callable[[str], dict[str, int]]:
    def read(text: str) -> dict[str, int]:
        name, equals, count = text.partition("=")
        if not equals:
            message = f"`{text}`: write PARAMETER=MOST, such as limit=100"
            raise ValueError(message)
        most = int(as_word(w.Number)(count.strip()))
        return {_name(body, most)(name.strip()): most}

    return read


WAYS = ("oauth2", "key", "basic")


def base_address(text: str) -> str:
    """Take the address behind which every request line is put."""
    as_word(w.RequestLine)(as_word(w.OpenAddress)(text))
    return text.rstrip("/")


def hosts(text: str) -> list[str]:
    """Take hosts, with commas or blanks between them."""
    return [as_word(w.Host)(one) for one in re.split(r"[,\s]+", text)]


def auth(asker: Questions) -> Block:
    """Ask how to connect."""
    block, way = Block(), asker.ask(f"How to connect: {', '.join(WAYS)}", one_of(WAYS), "key")
    if way == "oauth2":
        inner = Block()
        inner.add("authorization_url", asker.ask("Where the person who connects gives consent, https://...", as_word(w.OpenAddress)))
        inner.add("token_url", asker.ask("Where tokens are got, https://...", as_word(w.OpenAddress)))
        inner.add(
            "redirect_uri",
            asker.ask("Redirect address, as registered with the vendor", as_word(w.Redirect), "http://127.0.0.1:8917/callback"),
        )
        inner.add("scopes", asker.ask("Scopes, with blanks between them", str.split, ""))
        block.add("oauth2", inner)
    elif way == "basic":
        block.add("basic", asker.ask("user:password, with <SECRET> for the key", as_word(w.UserPassword), "<SECRET>:"))
    else:
        block.add("headers", asker.ask("The header of the key, with <SECRET> for it", key_header, "Authorization: Bearer <SECRET>"))
    return block


def key_header(text: str) -> dict[str, str]:
    """Take a header with <SECRET> in it, as the vendor prints it."""
    name, colon, value = text.partition(":")
    if not colon:
        message = "write it as `Name: value`"
        raise ValueError(message)
    return {as_word(w.KeyHeader)(name.strip()): as_word(w.Keyed)(value.strip())}
