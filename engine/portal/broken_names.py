"""Let the names of programs end a line between their parts, not in the middle of a word."""

from __future__ import annotations

import re

from markupsafe import Markup

from engine.package.cell import as_html
from engine.pages.environment import marked_up

PARTS = re.compile(r"(?<=[_./])(?=\w)")


def broken(name: str) -> Markup:
    """Write a name such as `phone_call_elements.operator_ext_number`."""
    return marked_up(PARTS.sub("<wbr>", as_html(name)))
