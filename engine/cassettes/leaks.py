"""Find secrets, e-mail addresses, phone numbers and IP addresses in the text of a recording. A finding never repeats what it found.

Reserved values pass: mail at example.com, .org, .net and the names of RFC 2606, phone numbers set aside for fiction (555-0100 to
555-0199, and those of Ofcom and ACMA), IP addresses for documentation (RFC 5737, RFC 3849).
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

from engine.core.secret_patterns import JWT, KEY_BLOCK, SCHEME, STAND_IN, TOKEN, describes_a_secret, is_secret_name


class Leak(Struct, frozen=True, order=True):
    """A secret or personal value in a text: where (line and column from 1, width), of what kind, and how to mend it."""

    line: int
    column: int
    width: int
    what: str
    remedy: str


@lru_cache(maxsize=1024)  # the cassettes of a vendor repeat what the vendor says
def find_leaks(text: str) -> tuple[Leak, ...]:
    """Find every leak in a text, in order, also behind the escapes of JSON and percent-encoding. Overlapping ones are given once."""
    starts: list[int] = []
    found: dict[tuple[int, int], Leak] = {}
    for plain, place in _readings(text):
        for kind in KINDS:
            for start, end in kind.find(plain):
                starts = starts or [0, *(found.end() for found in re.finditer("\n", text))]
                first, last = place(start), place(end - 1) + 1
                line = bisect_right(starts, first)
                column = first - starts[line - 1] + 1
                found.setdefault((line, column), Leak(line, column, max(1, last - first), kind.what, kind.remedy))
    kept: list[Leak] = []
    for leak in sorted(found.values()):
        if not kept or leak.line != kept[-1].line or leak.column >= kept[-1].column + kept[-1].width:
            kept.append(leak)
    return tuple(kept)


Place = Callable[[int], int]
ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\([/\"\\bfnrt])|((?:%[0-9A-Fa-f]{2})+)")
SHORT = {"/": "/", '"': '"', "\\": "\\", "b": " ", "f": " ", "n": " ", "r": " ", "t": " "}
MOST_LAYERS = 4


def _readings(text: str) -> Iterator[tuple[str, Place]]:
    """Give a text, then the same with its escapes undone layer by layer, each with a function from its places to the first text's."""
    plain, place = text, lambda index: index
    yield plain, place
    for _ in range(MOST_LAYERS):
        if "\\" not in plain and "%" not in plain:
            return
        before, (plain, inner) = plain, _undone(plain)
        if plain == before:
            return
        place = _through(place, inner)
        yield plain, place


def _through(outer: Place, inner: Place) -> Place:
    return lambda index: outer(inner(index))


def _undone(text: str) -> tuple[str, Place]:
    """Undo one layer of escapes."""
    pieces, begins, sources, length, last = list[str](), [0], [0], 0, 0
    for found in ESCAPE.finditer(text):
        pieces += [text[last : found.start()], _meant(found)]
        length += found.start() - last
        begins.append(length)
        sources.append(found.start())
        length += len(pieces[-1])
        begins.append(length)
        sources.append(found.end())
        last = found.end()
    pieces.append(text[last:])

    def place(index: int) -> int:
        piece = bisect_right(begins, index) - 1
        return sources[piece] if piece % 2 else sources[piece] + index - begins[piece]

    return "".join(pieces), place


def _meant(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return SHORT[found[2]] if found[2] else unquote(found[3], errors="replace")


class Kind(Struct, frozen=True):
    """One kind of leak. Without `hint` in a text its pattern is not tried; a match for which `harmless` holds is none."""

    what: str
    remedy: str
    pattern: re.Pattern[str]
    hint: str = ""
    harmless: Callable[[re.Match[str]], bool] = lambda _: False

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Give start and end of each match, or of its group `it` where the pattern has one."""
        if self.hint and self.hint not in text:
            return
        for found in self.pattern.finditer(text):
            if not self.harmless(found):
                yield found.span("it" if "it" in self.pattern.groupindex else 0)


REMOVE = "remove it: a recording holds no credential"
WRITE_REMOVED = 'write "removed" in its place'

HEADER = re.compile(r"^(?P<name>[A-Za-z0-9-]{1,80})[ \t]*:.*", re.MULTILINE)
MEMBER = re.compile(r'"(?P<name>[^"\\\n]{1,80})"[ \t]*:[ \t\n]*"?(?P<it>(?<=")[^"\n]*|[^\s,\]}{\[]+)')
PARAMETER = re.compile(r"[?&;](?P<name>[^=&;?\s\"'<>#]{1,80})=(?P<it>[^&\s\"'<>#]+)")


def _no_secret_header(found: re.Match[str]) -> bool:
    return not is_secret_name(found["name"])


def _no_secret(found: re.Match[str]) -> bool:
    """Whether the value under a name is not a secret, or was replaced by `removed` already."""
    name, value = found["name"], found["it"].strip("\"' ").lower()
    return STAND_IN.fullmatch(value) is not None or not is_secret_name(name) or describes_a_secret(name)


MAIL = re.compile(r"[^\s\"'<>(),:;\\@/=?&|\[\]{}`]{1,64}@((?:[\w-]+\.)+[^\W\d_](?:[\w-]*[^\W_])?)")
INVENTED = re.compile(r"(?:.*\.)?(?:example\.(?:com|org|net)|example|test|invalid|localhost)", re.IGNORECASE)
FILES = re.compile(r".*\.(?:png|jpe?g|gif|svg|webp|ico|css|js|json|mp4|pdf)", re.IGNORECASE)


def _invented_mail(found: re.Match[str]) -> bool:
    domain = found[1].rstrip(".")
    return bool(INVENTED.fullmatch(domain) or FILES.fullmatch(domain)) or found[0].startswith("git@")


# A pattern that begins with what it looks for, and asks then what stands before that, is tried at few places; the other way round, at all.
PHONE = re.compile(
    r"(?P<it>[+(\d](?<![\w.+%-].)(?:(?<=\+)[1-9](?:[ ().\u2011/-]{0,2}\d){6,14}|(?<=\()\d{3}\)[ ]?\d{3}[ .-]\d{4}"
    r"|(?<=\d)\d{2}(?P<by>[ .-])\d{3}(?P=by)\d{4}))(?![\w-])(?!\.\d)"
)
CALLED = re.compile(
    r'"(?=[\w-]{1,80}"[ \t]*:[ \t\n]*"?\+?[(]?\d)'  # a name with a number behind it, whatever it is called
    r'[\w-]{0,40}(?:phone|mobile|cell|fax|msisdn|caller|callee|sms)(?:[_-]?(?:did[_-]?)?(?:numbers?|no|nr|e164))?"'
    r'[ \t]*:[ \t\n]*"?(?P<it>\+?[(]?\d(?:[ ().-]{0,2}\d){6,14})(?=["\s,}\]])',
    re.IGNORECASE,
)
FICTION = re.compile(
    r"(?:1?[2-9]\d\d)?55501\d\d|1?555\d{7}|"  # North America: 555-0100 to 555-0199, and the area 555 that nobody has
    r"44(?:7700900|2079460|1[1-6]\d4960|1632960|8081570)\d{3}|"  # Ofcom's numbers for drama
    r"61(?:[2378](?:5550|7010)\d{4}|491570\d{3})"  # ACMA's
)


def _fictional_phone(found: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", found["it"])
    return bool(FICTION.fullmatch(digits)) or len(set(digits)) == 1


ADDRESS4 = re.compile(r"\d(?<![\w.-].)(?<![A-Za-z]/.)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?![\w-])(?!\.\d)")
ADDRESS6 = re.compile(
    r"[0-9A-Fa-f:](?<![\w:.].)(?:(?<=:)|(?<!:)[0-9A-Fa-f]{0,3}:)(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4}(?![\w:])",
)
VERSION = re.compile(r"(?:version|release|build)\"?[ \t]*[:=/][ \t]*\"?v?", re.IGNORECASE)


def _no_public_address(found: re.Match[str]) -> bool:
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return True
    before = found.string[max(0, found.start() - 40) : found.start()]
    return not address.is_global or any(one.end() == len(before) for one in VERSION.finditer(before))


KINDS = (
    Kind("a header that proves who asks", REMOVE, HEADER, ":", _no_secret_header),
    Kind("a secret", WRITE_REMOVED, MEMBER, '"', _no_secret),
    Kind("a secret in an address", "write `removed` in its place", PARAMETER, "=", _no_secret),
    Kind("a credential", REMOVE, SCHEME),
    Kind("a signed token (JWT)", WRITE_REMOVED, JWT, "eyJ"),
    Kind("a private key", REMOVE, KEY_BLOCK, "PRIVATE KEY"),
    Kind("a vendor's token", WRITE_REMOVED, TOKEN),
    Kind("an e-mail address of a real domain", "write one at example.com, example.org or example.net", MAIL, "@", _invented_mail),
    Kind("a phone number that could be somebody's", "write one such as +12025550142", PHONE, harmless=_fictional_phone),
    Kind("a phone number that could be somebody's", "write one such as +12025550142", CALLED, harmless=_fictional_phone),
    Kind("a public IP address", "write one such as 192.0.2.10 or 2001:db8::10", ADDRESS4, ".", _no_public_address),
    Kind("a public IP address", "write one such as 192.0.2.10 or 2001:db8::10", ADDRESS6, ":", _no_public_address),
)
