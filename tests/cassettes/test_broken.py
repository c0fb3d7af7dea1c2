"""What is wrong with a cassette is said to the letter: each folder of `broken/` changes the good cassettes of `acme/` in one way."""

from __future__ import annotations

import shutil
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from engine.cassettes.check import check_cassettes
from engine.catalogue import load_file

HERE = Path(__file__).parent
BROKEN = sorted(path.name for path in (HERE / "broken").iterdir() if path.is_dir())


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, *, write: bool = False) -> str:
    """Give what a check of the cassettes in a folder says."""
    monkeypatch.chdir(folder)
    spec = Path("specs/acme.yaml")
    held = check_cassettes(load_file(spec), spec, "./specs/acme.yaml", write=write)
    return "".join(f"{one.show()}\n\n" for one in held.findings)


def broken(name: str, folder: Path) -> Path:
    """Copy the good cassettes and change them as a folder of `broken/` says; `X.gone` removes X."""
    copied = folder / "acme"
    shutil.copytree(HERE / "acme", copied)
    for path in sorted((HERE / "broken" / name).rglob("*")):
        place = copied / path.relative_to(HERE / "broken" / name)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        elif path.suffix == ".gone":
            place.with_suffix("").unlink()
            for parent in place.parents:
                if any(parent.iterdir()):
                    break
                parent.rmdir()
        else:
            shutil.copyfile(path, place)
    return copied


def test_good_cassettes_need_no_words(tmp_path, monkeypatch):
    """What is clean, replays, delivers what is expected and shows everything, is not spoken of."""
    shutil.copytree(HERE / "acme", tmp_path / "acme")
    assert told(tmp_path / "acme", monkeypatch) == ""


def test_a_byte_order_mark_before_a_recording_needs_no_words(tmp_path, monkeypatch):
    """Editors write one; the request line begins behind it."""
    shutil.copytree(HERE / "acme", tmp_path / "acme")
    for path in (tmp_path / "acme").rglob("*.http"):
        path.write_bytes(BOM_UTF8 + path.read_bytes())
    assert told(tmp_path / "acme", monkeypatch) == ""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_cassette_is_explained_to_the_letter(name, tmp_path, monkeypatch):
    """Place, what is wrong and what to do; never more than a screen, and no secret."""
    text = told(broken(name, tmp_path), monkeypatch)
    assert text == (HERE / "broken" / f"{name}.err").read_text("utf-8")
    assert text.count("\n") <= 50
    assert "not-a-real-one" not in text
