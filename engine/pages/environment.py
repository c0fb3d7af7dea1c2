"""The one Jinja2 environment. Everything is escaped, and what a template names and is not given is a fault."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine.pages.visible import visible

PAGES = "engine.pages"
STYLE = "style.css"


@cache
def environment(package: str) -> Environment:
    """Give the environment of a package's templates, which extend those of this one."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(PAGES)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    made.globals["style"] = style
    return made


@cache
def style(package: str = PAGES, name: str = STYLE) -> Markup:
    """Give a style sheet; the one sheet of all pages unless another is named."""
    return marked_up(resources.files(package).joinpath(name).read_text("utf-8"))


def marked_up(html: str) -> Markup:
    """Take a text for HTML: for what was escaped where it was made, and for files of the engine's own."""
    return Markup(html)  # noqa: S704  the one place where this is done
