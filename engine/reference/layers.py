"""The layers of the engine, from the top down: a package or module imports only what stands below it.

This table is the one definition: `tests/test_house.py` holds every import against it, and the tree in ARCHITECTURE.md is
written from it and from the first sentences of the modules it names.
"""

from __future__ import annotations

import ast
from pathlib import Path

ENGINE = Path(__file__).parent.parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__", "habeas", "demo", "reference"),
    ("cli",),
    ("portal", "cluster"),
    ("api", "anonymise", "owners", "batch"),
    ("case",),
    ("open_account", "resuming"),
    ("cassettes", "assembly", "explain", "package"),
    ("runner",),
    ("run_head",),
    ("connection", "simulate", "sink"),
    ("net", "new_file", "release", "pages", "contact"),
    ("core", "openapi", "catalogue"),
    ("spec_files",),
    ("language",),
    ("errors", "replaced", "discreet", "decoding", "lazy"),
)
RANK = {name: len(LAYERS) - depth for depth, names in enumerate(LAYERS) for name in names}
PURE = ("language", "core", "openapi", "release", "contact")


def tree() -> str:
    """Write the tree of ARCHITECTURE.md: what each part is for, a blank line between layers."""
    named = [[(_written(name), _sentence(name)) for name in names] for names in LAYERS]
    width = max(len(name) for layer in named for name, _ in layer)
    blocks = ["\n".join(f"  {name:{width}}  {sentence}" for name, sentence in layer) for layer in named]
    return "```\nengine/\n" + "\n\n".join(blocks) + "\n```"


def _written(name: str) -> str:
    return f"{name}/" if (ENGINE / name).is_dir() else f"{name}.py"


def _sentence(name: str) -> str:
    """Give the first sentence of a part's docstring."""
    path = ENGINE / name / "__init__.py" if (ENGINE / name).is_dir() else ENGINE / f"{name}.py"
    first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].replace("\n", " ")
    return first.split(". ")[0].removesuffix(".")
