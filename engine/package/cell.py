"""Write one value of a record for its reader, as HTML and as plain text. All a vendor sent is text here: nothing of it becomes markup.

A time is written as the language does, a code behind its meaning, a withheld place in a frame. What no reader could see is written as
its escape: control characters, halves of characters, and marks that would turn the text behind them around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from engine.language.expressions.lossless_json import Number
from engine.pages.environment import marked_up
from engine.pages.languages import short_day
from engine.pages.texts import PageTexts
from engine.pages.visible import visible
from engine.release.given_record import WithheldPlace
from engine.release.reasons import IN_SHORT, WITHHELD

LONGEST = 10_000  # characters of one value on a page
LINE = re.compile(r"\r\n|\r|\n")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d|))?", re.ASCII)
UTC = ("Z", "+00:00", "+0000", "-00:00")
LEFT_OUT = object()  # stands for the value of a field that is dropped
ABSENT = object()  # stands where a record has no such field
TEXTS, NUMBERS = frozenset((str, type(None), object)), frozenset((int,))
BETWEEN = "\0"
CONTROLS = bytes((*range(1, 32), 127))


def escaped(text: str) -> str:
    """Write a text as HTML."""
    if text.isprintable():
        return escaped_printable(text)
    html = escaped_printable(visible(text))
    return LINE.sub("<br>", html) if "\n" in html or "\r" in html else html


def as_html(text: str) -> Markup:
    """Take what somebody wrote for HTML."""
    return marked_up(escaped(text))


def _all_seen(joined: str) -> bool:
    """Whether every character of many texts, but what stands between them, can be seen; the fast way is some five times faster."""
    if joined.isascii():
        return len(joined.encode().translate(None, CONTROLS)) == len(joined)
    return joined.replace(BETWEEN, "").isprintable()


def _escaped_together(texts: Sequence[str]) -> list[str] | None:
    """Write texts as HTML at once; None where one of them needs more than to be escaped."""
    joined = BETWEEN.join(texts)
    if joined.count(BETWEEN) != len(texts) - 1 or not _all_seen(joined) or max(map(len, texts)) > LONGEST:
        return None
    return escaped_printable(joined).split(BETWEEN)


def _all_whole(values: Sequence[Any], marks: Sequence[Sequence[WithheldPlace]]) -> bool:
    """Whether every value is a text all of which is withheld, at one place; no further one is looked at behind the first that is not."""
    for value, here in zip(values, marks, strict=True):
        if type(value) is not str or len(here) != 1 or not (0 == here[0].start < here[0].end == len(value)):
            return False
    return True


def escaped_printable(text: str) -> str:
    """Write a text as HTML in which every character can be seen."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&#34;")
    return text


@lru_cache(maxsize=8192)
def time_words(text: str, language: str) -> tuple[str, bool] | None:
    """Write a time or a day as the language does, with whether its zone is not told; None for what is none."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    day, minutes, seconds, zone = found.groups()
    try:
        whole = date.fromisoformat(day)
        if minutes:
            datetime.strptime(minutes, "%H:%M")  # noqa: DTZ007  only whether there is such a time
    except ValueError:
        return None
    words = short_day(whole, language)
    if minutes is None:
        return words, False
    told = f"{words}, {minutes}{'' if seconds in (None, ':00') else seconds}"
    return (told if zone in UTC or not zone else f"{told} {zone}"), not zone


class Cells:
    """Writes the values of one kind of record."""

    def __init__(self, texts: PageTexts, service: str, file: str) -> None:
        """Take the words, what the service is called, and the file in which a value that is too long here stands whole."""
        self._texts = texts
        self._language = texts.language
        self._service = service
        self._file = file
        self._words = {
            True: str(texts("cell.yes")),
            False: str(texts("cell.no")),
            None: f'<span class="soft">{texts("cell.empty")}</span>',
        }
        self.absent = f'<span class="soft">{texts("cell.absent")}</span>'

    def column(self, values: Sequence[Any], codes: Mapping[str, str], marks: Sequence[Sequence[WithheldPlace]] | None) -> list[str]:
        """Write the values that a field has in many records as HTML; that of a record which has none is empty."""
        if marks is not None:
            return self._marked(values, codes, marks)
        kinds = set(map(type, values))
        if kinds == NUMBERS and not codes:
            return list(map(str, values))
        if codes or not kinds <= TEXTS:
            return ["" if value is ABSENT else self.html(value, codes) for value in values]
        texts = self._all(
            values if len(kinds) == 1 and type(values[0]) is str else [value if type(value) is str else "" for value in values]
        )
        if "" not in texts:
            return texts
        empty = self._words[None]
        return [html or ("" if value is ABSENT else empty) for html, value in zip(texts, values, strict=True)]

    def _marked(self, values: Sequence[Any], codes: Mapping[str, str], marks: Sequence[Sequence[WithheldPlace]]) -> list[str]:
        """Write values in which something is withheld: mostly the same words."""
        if _all_whole(values, marks) and (html := _escaped_together(values)) is not None:
            return [f'<span class="gone">{text}</span>' for text in html]
        known: dict[tuple[Any, ...], str] = {}
        found: list[str] = []
        for value, places in zip(values, marks, strict=True):
            if type(value) is not str:
                found.append("" if value is ABSENT else self.html(value, codes, places))
                continue
            key = (value, *places)
            if key not in known:
                known[key] = self.html(value, codes, places)
            found.append(known[key])
        return found

    def _all(self, texts: Sequence[str]) -> list[str]:
        """Write texts as HTML at once, where none of them needs more than to be escaped, or is a time."""
        html = _escaped_together(texts)
        if html is None:
            return [self._text(text) for text in texts]
        if "-" not in "".join(texts):
            return html
        return [self._text(text) if text[4:5] == "-" else part for text, part in zip(texts, html, strict=True)]

    def html(self, value: Any, codes: Mapping[str, str], places: Sequence[WithheldPlace] = ()) -> str:
        """Write a value as HTML."""
        if places:
            return self._withheld(value, places)
        if codes:
            return self._code(value, codes)
        if type(value) is str:
            return self._text(value) if value else self._words[None]
        if value is None or value is True or value is False:
            return self._words[value]
        if type(value) is list or type(value) is dict:
            return "<br>".join(self.html(part, codes) for part in value) if value else self._words[None]
        return written(value)

    def plain_column(self, values: Sequence[Any], codes: Mapping[str, str], longest: int) -> Sequence[str]:
        """Write the values that a field has in many records as text, each cut to so many characters."""
        if not codes and set(map(type, values)) == {str} and max(map(len, values)) <= longest:
            joined = "".join(values)
            if "-" not in joined and BETWEEN not in joined and _all_seen(joined):
                return values
        return [self.plain(value, codes)[:longest] for value in values]

    def plain(self, value: Any, codes: Mapping[str, str]) -> str:
        """Write a value as text; what is not there is empty."""
        if type(value) is str and not codes:
            time = time_words(value, self._language) if value[4:5] == "-" else None
            return visible(value) if time is None else time[0]
        if value is ABSENT or value is LEFT_OUT or value is None:
            return ""
        if type(value) is list or type(value) is dict:
            return "; ".join(self.plain(part, codes) for part in value)
        text = written(value)
        if text in codes and codes[text].casefold() != text.casefold():
            return self._texts.plain("cell.code", meaning=codes[text], code=visible(text))
        return self._words[value] if value is True or value is False else visible(text)

    def _text(self, text: str) -> str:
        if text[4:5] == "-":
            time = time_words(text, self._language)
            if time is not None:
                zone = f' <span class="soft">{self._texts("cell.no_zone")}</span>' if time[1] else ""
                return f'<time datetime="{text}">{time[0]}</time>{zone}'
        if len(text) > LONGEST:
            return escaped(text[:LONGEST]) + self._cut(text)
        return escaped(text)

    def _cut(self, text: str, shown: int = LONGEST) -> str:
        told = self._texts("cell.cut", n=len(text), shown=shown, file=self._file)
        return f' <span class="soft">{told}</span>'

    def _code(self, value: Any, codes: Mapping[str, str]) -> str:
        if type(value) is list and value:
            return "<br>".join(self._code(part, codes) for part in value)
        if value is None or value in ("", [], {}):
            return self._words[None]
        text = written(value)
        if text in codes and codes[text].casefold() == text.casefold():
            return escaped(text)  # it is its own meaning: said once, as it was sent
        if text in codes:
            return str(self._texts("cell.code", meaning=visible(codes[text]), code=visible(text)))
        unknown = self._texts("cell.unknown_code", service=self._service, code=visible(text))
        return f'{self.html(value, {})} <span class="soft">{unknown}</span>'

    def _withheld(self, value: Any, places: Sequence[WithheldPlace]) -> str:
        if value is LEFT_OUT:
            return "<br>".join(self._dropped(place) for place in places)
        if type(value) is list:
            return "<br>".join(self._items(value, places))
        text = written(value)
        parts, end, last = [], 0, LONGEST
        for place in sorted(places, key=lambda one: (one.start, one.end)):
            if place.end > LONGEST:
                last = min(last, place.start)
            elif place.start >= end:
                parts += [escaped(text[end : place.start]), self._gone(text[place.start : place.end])]
                end = place.end
        html = "".join((*parts, escaped(text[end:last])))
        return html + self._cut(text, last) if len(text) > LONGEST else html

    def _items(self, items: Sequence[Any], places: Sequence[WithheldPlace]) -> Iterator[str]:
        """Write the items of a list, and where one was left out, that it was."""
        for at in range(max(len(items), *(1 + _index(place) for place in places))):
            here = [place for place in places if _index(place) == at]
            yield from (self._dropped(place) for place in here if place.operation == "drop")
            if at < len(items):
                yield self.html(items[at], {}, [place for place in here if place.operation != "drop"])

    def _dropped(self, place: WithheldPlace) -> str:
        return self._gone(WITHHELD[self._language].format(IN_SHORT[place.because][self._language]))

    def _gone(self, shown: str) -> str:
        return f'<span class="gone">{escaped(shown)}</span>'


def written(value: Any) -> str:
    """Write a value as its JSON has it, a text without its quotes."""
    if type(value) is str:
        return value
    if isinstance(value, Number):
        return value.text
    return {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)


def _index(place: WithheldPlace) -> int:
    """Give the place in its list of what is withheld."""
    return int(place.pointer.rpartition("/")[2])
