"""`make docs`: write the files and blocks that derive from the code; with `--check`, name those that are stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.language.schema import NAME, schema_text
from engine.reference.case_page import laws, states
from engine.reference.command_page import commands, exit_codes
from engine.reference.contact_page import steps
from engine.reference.language_page import constants, names, words
from engine.reference.layers import tree
from engine.reference.package_page import schemas
from engine.release.reasons import SENTENCES, TREATMENTS

ROOT = Path(__file__).parent.parent.parent
PAGES = ("language.md", "cli.md", "policy.md", "cases.md", "contact.md")


def reasons() -> str:
    """Write the table of the ten reasons, as the person reads them."""
    rows = (f"| `{code}` | {sentence['en']} |" for code, sentence in SENTENCES.items())
    return "\n".join(["| reason | the person reads |", "|---|---|", *rows])


def operations() -> str:
    """Write the table of what can become of a value."""
    rows = (f"| `{word}` | {meaning} |" for word, meaning in TREATMENTS.items())
    return "\n".join(["| word | what becomes of it |", "|---|---|", *rows])


BLOCKS = {
    "words": words,
    "constants": constants,
    "names": names,
    "commands": commands,
    "exit codes": exit_codes,
    "reasons": reasons,
    "operations": operations,
    "states": states,
    "laws": laws,
    "steps": steps,
}


def rendered(page: str) -> str:
    """Give a page with its generated blocks written anew; each stands between `<!-- name -->` and `<!-- /name -->`."""
    for name, make in BLOCKS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = pattern.sub(lambda found, make=make: f"{found[1]}{make()}\n{found[2]}", page)  # type: ignore[misc]
    return page


def fresh() -> Iterator[tuple[Path, str]]:
    """Give every file that derives from the code, in part or whole, with the text that it should have."""
    for name in PAGES:
        page = ROOT / "docs" / name
        yield page, rendered(page.read_text("utf-8"))
    yield ROOT / "specs" / NAME, schema_text()
    for name, text in schemas():
        yield ROOT / "docs" / "package" / name, text
    overview = ROOT / "ARCHITECTURE.md"
    yield overview, re.sub(r"```\nengine/\n.*?\n```", lambda _: tree(), overview.read_text("utf-8"), count=1, flags=re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write every stale file, or with `--check` name it; gives the exit code, 1 where one was stale and was only named."""
    stale = [(path, text) for path, text in fresh() if not path.is_file() or path.read_text("utf-8") != text]
    for path, text in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is stale: run `make docs`", file=sys.stderr)  # noqa: T201
        else:
            path.write_text(text, "utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
