"""The documentation that derives from the code is fresh, and nothing a reader may use is missing in it."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import EXPLAINED, Exit
from engine.reference.__main__ import fresh, main
from engine.reference.command_page import every

ROOT = Path(__file__).parent.parent.parent


def test_nothing_is_stale():
    """The words, the commands, the schema: as `make docs` would write them."""
    assert [path.name for path, text in fresh() if path.read_text("utf-8") != text] == []
    assert main(["--check"]) == 0


def test_what_is_stale_is_named(monkeypatch, tmp_path, capsys):
    """And the command that mends it."""
    module = "engine.reference.__main__"
    monkeypatch.setattr(f"{module}.ROOT", tmp_path)
    monkeypatch.setattr(f"{module}.fresh", lambda: [(tmp_path / "a.md", "new")])
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == "a.md is stale: run `make docs`\n"
    assert main([]) == 0
    assert (tmp_path / "a.md").read_text() == "new"


def test_every_command_has_an_example_and_its_exit_codes():
    """And each of its options says what it does."""
    for name, command in every():
        assert re.search(r"Exit codes: 0 \w+", " ".join(command.help.split())), name
        assert command.epilog.startswith(f"Example: {name}"), name
        assert set(map(int, re.findall(r"(?:^|, |or )(\d+)", command.help.partition("Exit codes: ")[2]))) <= set(Exit), name
        assert all(one.help for one in command.params if one.name != "help"), name


def test_every_exit_code_and_every_variable_is_explained():
    """None is read by the engine that docs/cli.md does not name."""
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert set(EXPLAINED) == set(Exit)
    read = {
        name for path in (ROOT / "engine").rglob("*.py") for name in re.findall(r'"(HABEAS_(?!ZOOM)[A-Z_]+[A-Z])"', path.read_text("utf-8"))
    }
    assert len(read) >= 4
    assert [name for name in read if f"`{name}`" not in page] == []
