"""What earlier owners left in a batch's folder: taken over where it was kept, deleted where no row names it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.cluster.people import LeasedPerson
from engine.cluster.shared_folder import make_ready, place_of

LEFT = (
    "work/17.2",
    "work/17.9",
    "work/171.2",
    "people/DSR-1/acme+2",
    "people/DSR-1/acme+3",
    "people/DSR-1/acme+4.tar",
    "people/DSR-1/acme+4.3",
    "people/DSR-1/acme+9",
    "people/DSR-1/acme.emea+2",
    "people/DSR-2/acme+2",
)


def person(**more) -> LeasedPerson:
    """Give a person whom the owner number 4 asks for."""
    told = {"id": 17, "request": "DSR-1", "connection": "acme/default", "identifiers": b"", "wish": "{}", "attempts": 1}
    return LeasedPerson(**{**told, "batch": "b", "token": 4, "kept": None, "folder": None, "earlier": (), **more})


def left_in(folder: Path) -> set[str]:
    """Name what lies there."""
    return {str(one.relative_to(folder)) for one in [*folder.glob("work/*"), *folder.glob("people/*/*")]}


@pytest.mark.parametrize(
    ("more", "gone"),
    [
        ({}, {"work/17.2", "people/DSR-1/acme+2", "people/DSR-1/acme+3", "people/DSR-1/acme+4.tar", "people/DSR-1/acme+4.3"}),
        ({"folder": "people/DSR-1/acme+2"}, {"work/17.2", "people/DSR-1/acme+3", "people/DSR-1/acme+4.tar", "people/DSR-1/acme+4.3"}),
        ({"earlier": ["people/DSR-1/acme+3"]}, {"work/17.2", "people/DSR-1/acme+2", "people/DSR-1/acme+4.tar", "people/DSR-1/acme+4.3"}),
    ],
    ids=["nothing is named", "a result is named", "an earlier try is named"],
)
def test_what_no_row_names_is_deleted_and_nothing_else(more, gone, tmp_path):
    """Not what a newer owner made, of another person or another connection; of the own number only what a database that was put back forgot."""
    for name in LEFT:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x") if name.endswith(".tar") else (tmp_path / name).mkdir()
    make_ready(SimpleNamespace(folder=str(tmp_path)), person(**more))
    assert left_in(tmp_path) == set(LEFT) - gone


def test_a_run_that_was_kept_goes_on_under_the_new_number(tmp_path):
    """Its folder is renamed, so that an owner of before who wakes writes into nothing that counts."""
    (tmp_path / "work/17.2").mkdir(parents=True)
    (tmp_path / "work/17.2/page").write_text("kept")
    make_ready(SimpleNamespace(folder=str(tmp_path)), person(kept="work/17.2"))
    assert (tmp_path / "work/17.4/page").read_text() == "kept"
    assert left_in(tmp_path) == {"work/17.4"}


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "acme+4"),
        ({"folder": "people/DSR-1/acme+3"}, "acme+4"),
        ({"folder": "people/DSR-1/acme+4"}, "acme+4.2"),
        ({"folder": "people/DSR-1/acme+4.tar"}, "acme+4.2"),
        ({"folder": "people/DSR-1/acme+4.2", "earlier": ("people/DSR-1/acme+4",)}, "acme+4.3"),
    ],
)
def test_each_try_has_a_place_of_its_own(more, name, tmp_path):
    """Somebody who is asked for again by the same owner keeps the result of before until the new one is named."""
    assert place_of(SimpleNamespace(folder=str(tmp_path)), person(**more)) == tmp_path / "people/DSR-1" / name
