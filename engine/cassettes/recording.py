"""Read and write a recording: one request and its answer, as a text that gives the same bytes back. Opens no file.

    POST https://api.example.com/v1/search
    Content-Type: application/json

    {"q": "x"}

    HTTP 200
    Retry-After: 3

    {"results": []}

`# invented: why` in a line before the request marks an answer whose form no run and no document of the vendor shows.
A GET has no body. The body of the answer is everything after the blank line, without the last line end of the file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from engine.core.http import HttpRequest, Response
from engine.language.expressions import lossless_json
from engine.language.text.mistakes import Mistake, Position, SpecError
from engine.net.hosts import destination_of

STATUS = re.compile(r"HTTP [1-5][0-9][0-9]")
ANSWER = re.compile(r"^HTTP [1-5][0-9][0-9]$", re.MULTILINE)
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
INVENTED = re.compile(r"#\s*invented:\s*(\S.*?)\s*")
METHODS: dict[str, Literal["GET", "POST"]] = {"GET": "GET", "POST": "POST"}
Headers = tuple[tuple[str, str], ...]


class CassetteError(SpecError):
    """The mistakes of one file of a cassette."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A request and its answer. `file` is where it was read, `answer` and `body` the lines (from 1) in which these begin there.

    `invented`: why the answer has a form that no run and no document shows; empty where one does.
    """

    request: HttpRequest
    response: Response
    file: str = field(default="", compare=False)
    answer: int = field(default=1, compare=False)
    body: int = field(default=1, compare=False)
    invented: str = field(default="", compare=False)


def parse(text: str, file: str) -> Recording:
    """Read a recording. Raises CassetteError with every mistake of the file and its place."""
    return _Reader(text, file).read()


def dump(recording: Recording) -> str:
    """Write a recording. Raises ValueError for what would not read back: a body that is not UTF-8, a header over two lines."""
    request, response = recording.request, recording.response
    lines = [f"{request.method} {request.url}", *(_header(name, value) for name, value in request.headers), ""]
    if request.body is not None:
        lines += [request.body.decode("utf-8"), ""]
    lines.append(f"HTTP {response.status}")
    lines += [_header(_titled(name), value) for name, value in response.headers.items()]
    if response.body:
        lines += ["", response.body.decode("utf-8")]
    text = "\n".join(lines) + "\n"
    try:
        same = parse(text, recording.file) == Recording(request, Response(response.status, response.headers, response.body))
    except CassetteError:
        same = False
    if not same:
        message = "this exchange cannot be written as text"
        raise ValueError(message)
    return text


def _titled(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _header(name: str, value: str) -> str:
    if not HEADER.fullmatch(f"{name}: {value}"):
        message = f"the header {name!r} cannot be written as one line"
        raise ValueError(message)
    return f"{name}: {value}".rstrip()


class _Reader:
    """Reads a text once. Notes each mistake with its place and reads on where it can."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file, self.mistakes = text, file, list[Mistake]()
        self.lines = text.split("\n")

    def read(self) -> Recording:
        if not self.text.strip():
            self.mistake("the file is empty", 1, "a recording is a request, a blank line, and its answer")
            raise self.error()
        if "\r" in self.lines[0]:
            self.mistake("the lines end as on Windows", 1, "save the file with line ends of one character (LF)")
            raise self.error()
        told = INVENTED.fullmatch(self.lines[0])
        first = 1 if told is not None and len(self.lines) > 1 else 0
        method, url = self.request_line(self.lines[first], first + 1)
        answer = self.answer_line()
        if answer is None:
            raise self.error()
        head, body = self.part(first + 1, answer)
        headers = self.headers(first + 1, head)
        sent = self.sent(method, body, answer) if body < answer else None
        told_head, told_body = self.part(answer + 1, len(self.lines))
        received_headers = self.told(answer + 1, told_head)
        received = "\n".join(self.lines[told_body:])
        if self.mistakes:
            raise self.error()
        response = Response(int(self.lines[answer][5:8]), received_headers, received.removesuffix("\n").encode())
        begun = told_body + 1 if response.body else answer + 1
        return Recording(HttpRequest(METHODS[method], url, headers, sent), response, self.file, answer + 1, begun, told[1] if told else "")

    def error(self) -> CassetteError:
        return CassetteError(self.mistakes, self.file, self.lines)

    def mistake(self, message: str, line: int, hint: str | None = None, at: tuple[int, int] | None = None) -> None:
        """Note a mistake; `at` is column and width, default the whole line."""
        column, width = at or (1, max(1, len(self.lines[line - 1]) if line <= len(self.lines) else 1))
        self.mistakes.append(Mistake(message, Position(line, column, width), hint))

    def request_line(self, line: str, number: int) -> tuple[str, str]:
        method, blank, url = line.partition(" ")
        if method not in METHODS or not blank:
            hint = "write GET or POST in capitals, a blank, and the whole address as it was asked"
            self.mistake("a recording begins with its request", number, hint)
            return "GET", url
        found = destination_of(url)
        if found is None or found.scheme != "https" or "#" in url:
            at = (len(method) + 2, max(1, len(url)))
            self.mistake("no address as it stands on the wire", number, "write https://, the host, path and query, percent-encoded", at)
        return method, url

    def answer_line(self) -> int | None:
        """Find the line `HTTP 200` that begins the answer: the first one after a blank line."""
        for number in range(2, len(self.lines)):
            if STATUS.fullmatch(self.lines[number]) and not self.lines[number - 1]:
                return number
        hint = "behind the request and a blank line write the status, such as HTTP 200, then headers, a blank line and the body"
        misspelt = next((n for n, line in enumerate(self.lines) if n and line.startswith("HTTP")), None)
        if misspelt is not None:
            self.mistake("the answer's first line is written HTTP and the status, behind a blank line", misspelt + 1, "such as HTTP 200")
        else:
            self.mistake("the answer is missing", len(self.lines) - (len(self.lines) > 1 and not self.lines[-1]), hint)
        return None

    def part(self, start: int, end: int) -> tuple[int, int]:
        """Give where the headers of a part end, and where its body begins."""
        blank = next((number for number in range(start, end) if not self.lines[number]), end)
        return blank, min(blank + 1, end)

    def headers(self, start: int, end: int) -> Headers:
        found = []
        for number in range(start, end):
            match = HEADER.fullmatch(self.lines[number])
            if match is None or not _plain(match[2]):
                self.mistake("no header", number + 1, "headers are written Name: value; a blank line stands before the body")
                continue
            found.append((match[1], match[2]))
        return tuple(found)

    def told(self, start: int, end: int) -> dict[str, str]:
        """Read the answer's headers. A name that comes twice is a mistake: the engine would see one of them only."""
        found: dict[str, str] = {}
        for number in range(start, end):
            for name, value in self.headers(number, number + 1):
                if name.lower() in found:
                    self.mistake(f"`{name}` is written twice", number + 1, "the engine reads one of each name", (1, len(name)))
                found[name.lower()] = value
        return found

    def sent(self, method: str, start: int, answer: int) -> bytes | None:
        """Read the request's body, which ends at the blank line before the answer."""
        text = "\n".join(self.lines[start : answer - 1])
        if not text:
            return None
        if method == "GET":
            self.mistake("a GET has no body", start + 1, "write POST, or leave the body out")
            return None
        fault = no_json(text)
        if fault is not None:
            self.mistake("the request's body is not JSON", start + fault.line, fault.why, (fault.column, 1))
        return text.encode()


class Fault(Struct, frozen=True):
    """Where a text stops being JSON: line and column from 1, and why."""

    line: int
    column: int
    why: str


def no_json(text: str) -> Fault | None:
    """Find where a text stops being JSON; None for valid JSON."""
    text = text.removeprefix("\ufeff")
    try:
        lossless_json.loads(text.encode("utf-8", "surrogatepass"))
    except json.JSONDecodeError as error:
        return _fault(text, error)
    except RecursionError:
        return Fault(1, 1, "it is nested deeper than can be read")
    except ValueError as error:
        return Fault(1, 1, str(error))
    return None


def _fault(text: str, error: json.JSONDecodeError) -> Fault:
    """Explain a JSON error in words that do not depend on the Python version; for common slips, say what to do."""
    before, behind = text[: error.pos].rstrip(), text[error.pos :].lstrip()
    if behind.startswith(",") and behind[1:].lstrip()[:1] in ("}", "]"):  # Python 3.13 points at the comma itself
        before, behind = before + ",", behind[1:].lstrip()
    if not text.strip():
        return Fault(1, 1, "it is empty")
    if before.endswith(",") and behind[:1] in ("}", "]"):
        return Fault(*_place(text, len(before) - 1), f"a comma before `{behind[0]}`: remove it")
    if not behind:
        return Fault(*_place(text, len(before)), "it ends too early: a closing bracket or quote is missing")
    if error.msg.startswith("Expecting ',' delimiter"):
        return Fault(*_place(text, len(before)), "a comma or a closing bracket is missing here")
    if error.msg.startswith(("Invalid control", "Unterminated")):
        return Fault(error.lineno, error.colno, "a closing quote is missing, or a text goes over a line end")
    if error.msg.startswith("Extra data"):
        return Fault(error.lineno, error.colno, "it has ended before this: a bracket too many, or one missing at its beginning")
    return Fault(error.lineno, error.colno, error.msg.removesuffix(" at"))


def _place(text: str, index: int) -> tuple[int, int]:
    """Give line and column of a character."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _plain(value: str) -> bool:
    return value.isprintable() or value == ""
