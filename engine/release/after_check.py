"""Look for what was withheld in everything that leaves. Pure: the bytes are passed in, and nothing says what a value was.

Values are found however a format writes them, in capitals, with other blanks, and telephone numbers whatever stands between their digits.
A value counts where it stands as words of its own. Short ones, and common words, are compared with whole values only: a JSON string, a
cell, a text of a page; short numbers only in JSON, under a name that ends alike.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice

import msgspec
from ahocorasick_rs import BytesAhoCorasick, Implementation

from engine.release.compiled import ORDINARY
from engine.release.found_phones import ENDING
from engine.release.frequent_words import FREQUENT_WORDS
from engine.release.own import last_word, shape_of
from engine.release.reasons import IN_SHORT, PERSON, WITHHELD
from engine.release.searched_bytes import MARKS, FileKind, searchable, squeezed, views
from engine.release.withheld import WithheldText, WithheldTexts
from engine.release.written import number_of, numbers_alike, plain, same_number, stands_alone

SHORTEST = 6
DOMAIN = 3  # characters of an address, from its sign on
PREFIX = 32  # of a value, to be looked for among many; what begins so is looked at again
BLOCK = 1 << 18
STEP = 4096
MOST_LINES = 20
NOBODY = ("anonymous", "anonym", "private", "restricted", "unavailable", "unbekannt", "unknown", "unterdrückt")  # in the place of a name
OURS = [words.format(short[language]).lower() for short in IN_SHORT.values() for language, words in WITHHELD.items()]
OURS += [words.lower() for words in PERSON.values()]
ENDS: dict[FileKind, tuple[bytes, ...]] = {"json": (b'"%b"',), "csv": (b",%b,", b'"%b"'), "html": (b">%b<", b'"%b"'), "text": ()}
WHOLE: dict[FileKind, str] = {
    "json": r'"\s*{}\s*"',
    "csv": r'(?:^|[,"\n])[ \t\r]*{}[ \t\r]*(?=$|[,"\n])',
    "html": r'[>"]\s*{}\s*[<"]',
    "text": "(?!){}",
}
KINDS: frozenset[FileKind] = frozenset(("json", "csv", "html", "text"))
MOST_QUICK = 1 << 18  # bytes of all values: beyond, the quickest automaton would take more than 20 MB
NUMBER_IN_JSON = r'NAME"\s*:\s*"?{}"?\s*[,}]'
MARK = re.compile("[\x01-\x03]")
JOINT = re.compile(r"\s+|(?<=[^\W\d_])[_.-](?=[^\W\d_])")
BLANKS, JOINTS = r"[\s+]+", r"(?:[\s+]+|[_.-])"
WORD = re.compile(r"[^\W\d_]+")
LONGEST_NAME = 66  # with its quotes
TAGGED = 512  # bytes that tags may stand between two words, and still both are in one piece


class LeakedValue(msgspec.Struct, frozen=True):
    """A value that was withheld and stands in a file that leaves: which one, in which file, and in which of its lines, the first few.

    `confirm`: it was given elsewhere by decision, is the person's own, a word that the package itself says, or one that names fields and
    stands only in their names: somebody must look.
    """

    withheld: WithheldText
    file: str
    lines: tuple[int, ...]
    confirm: bool


class _Sought(msgspec.Struct):
    """A value that is looked for; `digits` where it may be a telephone number, `whole` where it is compared with whole values only.

    `name` is the last word of the field of a short number.
    """

    told: WithheldText
    prefix: bytes
    digits: str
    whole: bool
    name: str

    @property
    def words(self) -> str:
        """Write a pattern that finds it in a text that is plain."""
        text, parts, done = _searched(self.told.text.strip()).strip(), list[str](), 0
        for joint in JOINT.finditer(text):
            named = text[joint.start() - 1].isalpha() and text[joint.end()].isalpha()  # as programs join words: bea_miller, bea.miller
            parts += _escaped(text[done : joint.start()]), JOINTS if named else BLANKS
            done = joint.end()
        return "".join((*parts, _escaped(text[done:])))


class AfterCheck:
    """Searches file by file. `compared_whole` counts the values that are compared with whole values only."""

    def __init__(self, texts: WithheldTexts, own: Iterable[str] = (), prose: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        """Take what was withheld; `own`: the person's names, addresses and numbers; `prose`: what the package itself says, with labels.

        `names` are names of fields that are known, whoever's records they are in.
        """
        mine = [_searched(value) for value in own]
        self._told = [*mine, *map(_searched, texts.by_decision)]
        sought = [_sought(told) for told in texts.found.values()]
        self._sought = [one for one in sought if not (one.told.inside and _is_among(mine, one))]
        self._confirmed: dict[int, bool] = {}
        self.compared_whole = sum(one.whole for one in self._sought)
        self._overlap = TAGGED + 12 * max(map(len, texts.found), default=0)
        known = {part for name in names for part in _parts(name)}
        self._names = {number for number, one in enumerate(self._sought) if _names_fields(one.told.text, known)}
        self._search = _Search(self._sought, self._names)
        self._ordinary = set(self._in_prose("\n".join(prose)))

    def check(self, name: str, kind: FileKind, chunks: Iterable[bytes], *, ours: bool = False) -> list[LeakedValue]:
        """Search one file, and its name. `ours`: it holds no records, but what the package itself says.

        Lines are counted from where something is found first: `chunks`, no iterator, are read again up to there.
        """
        lines: dict[int, set[int]] = {number: {0} for number, *_ in self._search.found(name.encode("utf-8", "surrogatepass"), "text")}
        first, elsewhere = None, set(lines)
        for at, (block, new) in enumerate(_blocks(chunks, self._overlap)):
            for number, line, in_name in self._search.found(block, kind):
                first = 1 + self._lines(chunks, at) if first is None else first
                if not in_name and not (kind == "csv" and first + line == 1 and number in self._names):
                    elsewhere.add(number)
                places = lines.setdefault(number, set())
                if len(places) < MOST_LINES:
                    places.add(first + line)
            first = None if first is None else first + block.count(b"\n", 0, new)
        may_be_ours = self._ordinary if ours or kind in ("html", "text") else set()
        may_be_ours = may_be_ours | (self._names - elsewhere)
        return [
            LeakedValue(self._sought[number].told, name, tuple(sorted(places)), number in may_be_ours or self._confirm(number))
            for number, places in sorted(lines.items())
        ]

    def _lines(self, chunks: Iterable[bytes], blocks: int) -> int:
        """Count the lines of the first blocks."""
        return sum(block.count(b"\n", 0, new) for block, new in islice(_blocks(chunks, self._overlap), blocks))

    def _in_prose(self, prose: str) -> Iterator[int]:
        """Give the numbers of the values that a text of the package itself holds."""
        said, text = searchable(prose, accents=False), _searched(prose)
        yield from (number for number in self._search.may_begin_in(said) if any(True for _ in _stands(text, self._sought[number])))

    def _confirm(self, number: int) -> bool:
        """Whether it is the person's own or was given elsewhere by decision: itself, the same number, or in a text that was."""
        if number not in self._confirmed:
            sought = self._sought[number]
            self._confirmed[number] = any(True for text in self._told for _ in _stands(text, sought))
        return self._confirmed[number]


class _Search:
    """All that is sought, in every kind of file."""

    def __init__(self, sought: list[_Sought], names: set[int]) -> None:
        self._sought, self._names = sought, names
        patterns = list[bytes]()
        self._found = list[tuple[int, frozenset[FileKind]]]()
        for number, wanted in enumerate(sought):
            for pattern, kinds in _patterns_of(wanted).items():
                patterns.append(pattern)
                self._found.append((number, kinds))
        held = b"".join(patterns)
        self._without = bytes(mark for mark in MARKS if mark not in held)  # what is searched is shorter by what is in nothing sought
        quick = sum(map(len, patterns)) <= MOST_QUICK
        self._automaton = BytesAhoCorasick(patterns, implementation=Implementation.DFA if quick else None)

    def found(self, data: bytes, kind: FileKind) -> Iterator[tuple[int, int, bool]]:
        """Give what stands in a piece of a file: the number of the value, how many lines stand before it, and whether it names a field."""
        if not self._found:
            return
        for depth, view in enumerate(views(data, kind, accents=False)):
            hits = self._automaton.find_matches_as_indexes(squeezed(view, kind, self._without), overlapping=True)
            if hits:
                steps = self._steps(view, kind, max(end for _, _, end in hits))
                yield from self._verified(view, kind, steps, hits, nested=depth > 0)

    def _steps(self, view: bytes, kind: FileKind, last: int) -> list[int]:
        """Say how much was searched of a piece up to the end of each step of it, until behind a place."""
        steps, done = list[int](), 0
        for at in range(0, len(view), STEP):
            done += len(squeezed(view[at : at + STEP], kind, self._without))
            steps.append(done)
            if done > last:
                break
        return steps

    def _verified(
        self, view: bytes, kind: FileKind, steps: list[int], hits: list[tuple[int, int, int]], *, nested: bool
    ) -> Iterator[tuple[int, int, bool]]:
        """Look again where something may stand, in the words as they are written; `steps`: how much of each piece was searched."""
        seen: set[tuple[int, int]] = set()
        for index, start, end in hits:
            (number, kinds), at = self._found[index], bisect_right(steps, start)
            if kind not in kinds or (number, at) in seen:
                continue
            seen.add((number, at))
            begins = max(0, at - 1) * STEP
            text = view[begins : (bisect_right(steps, end) + 2) * STEP].lower().decode("utf-8", "surrogateescape")
            for found in self._places(text, number, kind, nested=nested):
                in_name = number in self._names and kind == "json" and _in_name(text, found)
                yield number, view.count(b"\n", 0, begins) + text.count("\n", 0, found), in_name

    def may_begin_in(self, said: bytes) -> set[int]:
        """Give the numbers of the values that may stand in a text."""
        bare = squeezed(said, "text")
        whole = {number for number, one in enumerate(self._sought) if one.whole and one.prefix in bare}
        hits = self._automaton.find_matches_as_indexes(squeezed(said, "text", self._without), overlapping=True) if self._found else []
        return {self._found[index][0] for index, _, _ in hits} | whole

    def _places(self, text: str, number: int, kind: FileKind, *, nested: bool) -> Iterator[int]:
        sought = self._sought[number]
        if not sought.whole:
            yield from _stands(text, sought)
        elif not nested:
            form = NUMBER_IN_JSON.replace("NAME", re.escape(_searched(sought.name))) if sought.name else WHOLE[kind]
            yield from (found.start() for found in re.finditer(form.replace("{}", sought.words), text))


def _searched(text: str) -> str:
    """Write a text as what is searched is read."""
    return searchable(text, accents=False).decode("utf-8", "surrogateescape")


def _escaped(words: str) -> str:
    """Write a pattern for words without blanks; a quote of a table is two marks."""
    return MARK.sub('["<>\x01-\x03]\x01?', re.escape(words))


def _sought(told: WithheldText) -> _Sought:
    text, words = _searched(told.text.strip()), plain(told.text.strip())
    digits = number_of(told.text) if shape_of(told.pointer.rpartition("/")[2], told.text.strip()) == "phone" else ""
    bare = squeezed(text.encode("utf-8", "surrogateescape"), "text")
    frequent = (words in FREQUENT_WORDS and not told.person) or any(words in ours for ours in OURS)
    whole = len(text) < SHORTEST or not bare or words in NOBODY or (frequent and not digits)
    return _Sought(told, bare[:PREFIX], digits, whole, last_word(told.pointer) if whole and bare.isdigit() else "")


def _patterns_of(sought: _Sought) -> dict[bytes, frozenset[FileKind]]:
    """Give what is looked for, and in which kinds of files."""
    if not sought.whole:
        return dict.fromkeys(_patterns(sought, "text"), KINDS)
    by_kind = [(pattern, kind) for kind in KINDS for pattern in _patterns(sought, kind)]
    return {pattern: frozenset(kind for one, kind in by_kind if one == pattern) for pattern, _ in by_kind}


def _patterns(sought: _Sought, kind: FileKind) -> Iterator[bytes]:
    """Give what is looked for, with the marks around a whole value; of a telephone number the end."""
    if sought.whole and sought.prefix.isdigit():
        name = squeezed(searchable(sought.name, accents=False), "text")
        yield from (name + form % sought.prefix for form in (b'":"%b"', b'":%b,', b'":%b}') if kind == "json" and name)
    elif sought.whole:
        yield from (form % sought.prefix for form in ENDS[kind] if sought.prefix)
    else:
        beginning, ending = _beginning(sought.prefix), sought.digits[-ENDING:].encode()
        if not ending or ending not in beginning:
            yield beginning
        if ending:
            yield ending


def _beginning(prefix: bytes) -> bytes:
    """Give what is looked for of a value: of an address no more than the beginning of its domain, which many share."""
    at = prefix.find(b"@")
    return prefix[: at + DOMAIN] if at >= SHORTEST - DOMAIN else prefix


def _stands(text: str, sought: _Sought) -> Iterator[int]:
    """Give where a value stands in a text that is plain, as words of its own."""
    for found in re.finditer(sought.words, text):
        if sought.told.cut or stands_alone(text, *found.span()):
            yield found.start()
    if sought.digits:
        yield from (start for start, _ in numbers_alike(text, sought.digits))


def _parts(name: str) -> Iterator[str]:
    """Give each word of a name of a field, and those that follow one another, with blanks between them."""
    words = WORD.findall(plain(name))
    yield from (" ".join(words[first:end]) for first in range(len(words)) for end in range(first + 1, len(words) + 1))


def _names_fields(value: str, known: AbstractSet[str]) -> bool:
    """Whether a value is what programs call fields: in these parts of names that are known, or of nothing but common words."""
    words = JOINT.split(plain(value.strip()))
    return " ".join(words) in known or FREQUENT_WORDS.issuperset(words)


def _in_name(text: str, at: int) -> bool:
    """Whether what begins here is a part of a name of a field, in JSON, and that is one which a program gives."""
    begins = text.rfind('"', max(0, at - LONGEST_NAME), at + 1)
    ends = text.find('"', begins + 1, begins + LONGEST_NAME)
    named = begins >= 0 and ORDINARY.fullmatch(text, begins + 1, max(ends, 0)) is not None
    return named and text[ends + 1 : ends + 3].lstrip()[:1] == ":"


def _is_among(texts: Iterable[str], sought: _Sought) -> bool:
    """Whether it is one of these texts, or the same telephone number as one."""
    value, digits = _searched(sought.told.text), sought.digits
    return any(text == value or (digits and number_of(text) and same_number(digits, number_of(text))) for text in texts)


def _blocks(chunks: Iterable[bytes], overlap: int) -> Iterator[tuple[bytes, int]]:
    """Give pieces of about one size that overlap, and how much of each is not in the next one."""
    kept = b""
    for chunk in chunks:
        for at in range(0, len(chunk), BLOCK):
            piece = kept + chunk[at : at + BLOCK]
            new = len(piece) - overlap
            if new >= BLOCK:
                yield piece, new
            kept = piece[new:] if new >= BLOCK else piece
    yield kept, len(kept)
