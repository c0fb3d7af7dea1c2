"""Templates: texts with `<NAME>`, `<NAME.form>` or `<endpoint.field>` in them, parsed into their parts.

How a value is encoded depends on where the template stands: engine/core/rendering.py fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from engine.language.text.mistakes import Misfit

TIME_FORMS = ("date", "epoch", "millis")
TEXT_FORMS = ("md5", "sha256", "lower", "digits")
FORMS = (*TIME_FORMS, *TEXT_FORMS)
IDENTIFIERS = ("EMAIL", "PHONE", "USERNAME")
TIMES = ("FROM", "TO")

VALUE = re.compile(r"<([A-Z][A-Z0-9_]*)(?:\.([A-Za-z0-9_]+))?>")
FIELD = re.compile(r"<([a-z][a-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)+)>")
MARK_UP = ("@", "#", "!")
PATH_CHARACTER = r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]"
PATH_TEXT = re.compile(rf"{PATH_CHARACTER}*")


class Hole(Struct, frozen=True):
    """A value that comes from the request, the look-up, `for` or the window, perhaps in another form."""

    name: str
    form: str | None = None

    def __str__(self) -> str:
        """Show it as it is written."""
        return f"<{self.name}.{self.form}>" if self.form else f"<{self.name}>"


class Field(Struct, frozen=True):
    """A field of each record of another endpoint: this request is asked once per record."""

    endpoint: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        """Show it as it is written."""
        return f"<{self.name}>"

    @property
    def name(self) -> str:
        """The name under which its value stands in a row."""
        return ".".join((self.endpoint, *self.path))


class Template(Struct, frozen=True):
    """A text with values in it, in order."""

    parts: tuple[str | Hole | Field, ...]

    def holes(self) -> Iterator[Hole]:
        """Give every `<NAME>` in it."""
        return (part for part in self.parts if isinstance(part, Hole))

    def fields(self) -> Iterator[Field]:
        """Give every `<endpoint.field>` in it."""
        return (part for part in self.parts if isinstance(part, Field))

    @property
    def identifier(self) -> str | None:
        """Name the identifier that it is, whole and in no other form; None for any other text."""
        part = self.whole
        return part.name if isinstance(part, Hole) and part.name in IDENTIFIERS and part.form is None else None

    @property
    def whole(self) -> Hole | Field | None:
        """Give the value that it is and nothing else; None for any other text."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return None if isinstance(part, str) else part

    def filled(self, name: str, text: str) -> Template:
        """Write a value that is known already in the place of its `<NAME>`."""
        return Template(tuple(text if part == Hole(name) else part for part in self.parts))

    def __str__(self) -> str:
        """Show it as it is written."""
        return "".join(str(part) for part in self.parts)


def parse_template(text: str) -> Template:
    """Split a text into parts. ValueError names the first text between `<` and `>` that is not the name of a value."""
    parts: list[str | Hole | Field] = []
    end = opened = 0
    for found in re.finditer(r"<[A-Za-z0-9_.$ -]*>", text):
        opened = _opened(text[end : found.start()], opened)
        parts += (text[end : found.start()], _value(found[0]))
        end = found.end()
    if _opened(text[end:], opened):
        raise _stray(text)
    parts.append(text[end:])
    return Template(tuple(part for part in parts if part != ""))


def _opened(text: str, opened: int) -> int:
    """Count the `<` of a vendor's own mark-up, such as `<@` and `<#`, that wait for their `>`. ValueError for any other."""
    for index, char in enumerate(text):
        if char == "<" and text[index + 1 : index + 2] in MARK_UP:
            opened += 1
        elif char == ">" and opened:
            opened -= 1
        elif char in "<>":
            raise _stray(text)
    return opened


def _stray(text: str) -> Misfit:
    message = f"`{text.strip()}` holds a `<` or `>` that belongs to no value"
    return Misfit(message, "a value is written <NAME> or <endpoint.field>")


def _value(text: str) -> Hole | Field:
    hole = VALUE.fullmatch(text)
    if hole:
        if hole[2] is not None and hole[2] not in FORMS:
            message = f"`.{hole[2]}` is no form of a value"
            raise Misfit(message, f"the forms are {', '.join('.' + form for form in FORMS)}", part=text)
        return Hole(hole[1], hole[2])
    field = FIELD.fullmatch(text)
    if field:
        return Field(field[1], tuple(field[2][1:].split(".")))
    message = f"`{text}` is no value"
    raise Misfit(message, "write <NAME> in capitals, or <endpoint.field> for once per record", part=text)


def parse_path(text: str) -> Template:
    """Read what stands after `get:` or `post:`: a path behind base_url, a whole https address, or a value that is one.

    ValueError where it holds a query, a fragment, a `{NAME}`, a `.` or `..` segment, or is no address.
    """
    braces = re.search(r"\{(\w+)\}", text)
    if braces:
        message = f"`{braces[0]}` is not how a value is written"
        raise Misfit(message, f"write <{braces[1].upper()}>", part=braces[0])
    template = parse_template(text)
    literal = "".join(part for part in template.parts if isinstance(part, str))
    if "?" in literal or "#" in literal:
        message = "a query does not stand in the request line"
        raise Misfit(message, "write it under `params`, such as {page_size: 100}", part="?" if "?" in literal else "#")
    if template.parts and isinstance(template.parts[0], str) and not text.startswith(("/", "https://")):
        message = f"`{text}` is neither a path nor an https address"
        method, _, path = text.partition(" ")
        raise Misfit(message, f"write `{method.lower()}: {path.strip()}`" if method.upper() in ("GET", "POST") else "a path begins with /")
    if not PATH_TEXT.fullmatch(literal):
        message = f"`{text}` holds a character that no address may hold"
        raise Misfit(message, "percent-encode it, such as %20 for a blank")
    if any(segment in (".", "..") for segment in text.split("/")):
        message = f"`{text}` holds a `.` or `..` segment"
        raise Misfit(message, "write the path out")
    return template
