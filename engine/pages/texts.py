"""The words of pages: one table a language, each text once, with its plural forms and places for values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from engine.pages.languages import day_words, number_words
from engine.pages.visible import visible

Entry = str | Mapping[str, str]


class PageTexts:
    """The texts of one language, by their names. A text with plural forms is asked for with the number `n` that decides."""

    def __init__(self, language: str, entries: Mapping[str, Entry]) -> None:
        """Keep the table; names have the table's dots."""
        self.language = language
        self.entries = entries

    def __call__(self, name: str, /, **values: Any) -> Markup:
        """Give a text as HTML: numbers and days are written as the language does, all but Markup is escaped."""
        return escape(self._form(name, values)).format(**{key: self._written(value) for key, value in values.items()})

    def plain(self, name: str, /, **values: Any) -> str:
        """Give a text for a file that is no HTML."""
        return self._form(name, values).format(**{key: self._written(value) for key, value in values.items()})

    def _form(self, name: str, values: Mapping[str, Any]) -> str:
        entry = self.entries[name]
        if isinstance(entry, str):
            return entry
        return entry["one"] if values["n"] == 1 else entry["other"]

    def _written(self, value: Any) -> Any:
        if isinstance(value, int):
            return number_words(value, self.language)
        if isinstance(value, date):
            return day_words(value, self.language)
        return visible(value) if type(value) is str else value


@cache
def texts(package: str, language: str) -> PageTexts:
    """Read the table `texts/<language>.toml` of a package."""
    raw = resources.files(package).joinpath("texts", f"{language}.toml").read_text("utf-8")
    return PageTexts(language, dict(_flat(tomllib.loads(raw))))


def _flat(table: Mapping[str, Any], before: str = "") -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for name, value in table.items():
        whole = f"{before}{name}"
        found += [(whole, value)] if isinstance(value, str) or value.keys() == {"one", "other"} else _flat(value, f"{whole}.")
    return found
