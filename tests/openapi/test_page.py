"""docs/openapi.md cannot lie: what it shows is what is printed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from engine.cli.check import CheckArguments, check_command
from engine.cli.new.command import new_command

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "openapi.md").read_text("utf-8")
BREAKS = (("size: {limit: 300}, total", "size: {limit: 500}, total"), ("[past, planned]", "[past, upcoming]"))


def test_the_page_shows_what_is_printed(tmp_path, monkeypatch, capsys):
    """A first spec from the document, then the same spec with two mistakes in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "documents" / "acme.yaml", "acme-openapi.yaml")
    first, second = re.findall(r"```console\n\$ [^\n]*\n(.*?)```", PAGE, re.DOTALL)
    assert new_command("acme", (Path("acme-openapi.yaml"),), None) == 0
    assert capsys.readouterr().out == first
    text = Path("acme.yaml").read_text("utf-8")
    shown = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1] in text
    for right, wrong in BREAKS:
        text = text.replace(right, wrong)
    Path("acme.yaml").write_text(text, "utf-8")
    assert check_command(("./acme.yaml",), CheckArguments(openapi=(Path("acme-openapi.yaml"),))) == 2
    assert capsys.readouterr().out == second
