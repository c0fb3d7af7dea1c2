"""Write names of programs: a line may end between their parts, not in the middle of a word; in a sentence they stand as such."""

from __future__ import annotations

import re

from markupsafe import Markup

from engine.package.cell import as_html, escaped
from engine.pages.environment import marked_up

PARTS = re.compile(r"(?<=[_./])(?=\w)")
QUOTED = re.compile("`([^`]+)`")


def broken(name: str) -> Markup:
    """Write a name such as `phone_call_elements.operator_ext_number`."""
    return marked_up(PARTS.sub("<wbr>", as_html(name)))


def coded(sentence: str) -> Markup:
    """Write a sentence in which what is to be typed stands between backticks, as in a terminal."""
    return marked_up(QUOTED.sub(r"<code>\1</code>", escaped(sentence)))  # a template would be escaped in what is HTML already
