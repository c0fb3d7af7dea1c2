"""The test vectors of docs/package.md: what `verify` says of each, and that they are what they are said to be."""

from __future__ import annotations

import re
import shutil

import pytest

from engine.package.verify_bag import verify
from tests.package import vectors
from tests.package.test_bag import bytes_of, said
from tests.process import ROOT

PAGE = (ROOT / "docs" / "package.md").read_text("utf-8")
TABLE = dict(re.findall(r"^\| `([a-z-]+(?:\.zip)?)` \| [^|]+ \| (.+) \|$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("name", ["valid", *(f"{name}.zip" for name in vectors.BROKEN)])
def test_each_vector_is_told_as_the_page_says(name):
    """One sentence says what is wrong, and where; nothing else is wrong."""
    verdict = verify(vectors.FOLDER / name, vectors.FOLDER / "allowed_signers")
    assert TABLE[name] in [line.removesuffix(".") for line in verdict.lines()]
    assert len(verdict.faults) + (verdict.signed.state not in ("known", "none")) == (name != "valid")
    assert verdict.exit_code == (0 if name == "valid" else 3)


def test_the_page_has_each_vector():
    """And no other."""
    assert sorted(TABLE) == sorted(["valid", *(f"{name}.zip" for name in vectors.BROKEN)])


def test_the_commands_of_the_page_check_the_vector(tmp_path):
    """As they stand there, in the folder of the valid one; in a changed one each of the two that is concerned refuses."""
    block = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0]
    lines = [line.split("  #")[0].strip() for line in block.splitlines() if not line.startswith("habeas")]
    assert [line.split()[0] for line in lines] == ["sha256sum", "ssh-keygen"]
    shutil.copytree(vectors.FOLDER / "valid", tmp_path / "valid")
    shutil.copy(vectors.FOLDER / "allowed_signers", tmp_path / "valid/their-keys")
    for line in lines:
        told = said(["sh", "-c", line], tmp_path / "valid")
        assert told.returncode == 0, told.stderr
    with (tmp_path / "valid/tagmanifest-sha256.txt").open("a") as manifest:
        manifest.write(f"{'0' * 64}  index.html\n")
    assert [said(["sh", "-c", line], tmp_path / "valid").returncode == 0 for line in lines] == [False, False]


def test_the_vectors_are_what_the_code_makes(tmp_path):
    """So that whoever changes the profile notices; `python -m tests.package.vectors` writes them anew."""
    vectors.write(tmp_path)
    made, kept = bytes_of(tmp_path), bytes_of(vectors.FOLDER)
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name] and name != "bomb.zip"] == []
