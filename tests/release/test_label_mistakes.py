"""Each mistake that can be made in labels, as a pair of files: the labels, and the exact text that explains it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.language.text.mistakes import SpecError
from engine.release.load_labels import load_labels

PAIRS = sorted((Path(__file__).parent / "label_mistakes").glob("*.yaml"))
TOLD = {
    "lookup": "id email owner owner.name owner.address owner.address.city",
    "meetings": "id topic type tags tags.name",
}
FIELDS = {name: frozenset(tuple(one.split(".")) for one in told.split()) for name, told in TOLD.items()}


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_mistake_is_explained_to_the_letter(path):
    """Place, line, caret, and what was meant; all of a file at once, none wider than a terminal."""
    with pytest.raises(SpecError) as caught:
        load_labels(path.read_bytes(), path.name, "acme", FIELDS)
    assert f"{caught.value}\n" == path.with_suffix(".err").read_text("utf-8")
    assert max(map(len, str(caught.value).splitlines())) <= 100


def test_there_is_a_pair_for_each_mistake():
    """Of form, of names, and of labels that nobody would read."""
    assert len(PAIRS) >= 22


@pytest.mark.parametrize("fields", [None, {}, {"lookup": frozenset(), "meetings": frozenset()}])
def test_without_a_record_only_the_form_is_checked(fields):
    """A vendor of whom nothing is recorded yet can have labels; the form is checked all the same."""
    assert load_labels(b"labels: 1\nvendor: acme\neverywhere: {anything: Something}\n", "x.yaml", "acme", fields)
    with pytest.raises(SpecError, match="is no path of a field"):
        load_labels(b"labels: 1\nvendor: acme\neverywhere: {a..b: Something}\n", "x.yaml", "acme", fields)


def test_labels_may_be_read_for_any_vendor():
    """Whose they are is known where they are looked for."""
    assert load_labels(b"labels: 1\nvendor: other\neverywhere: {id: Identifier}\n", "x.yaml").of("calls", ("id",)) == ("Identifier", None)


def test_a_star_is_there_for_others_too():
    """Where each recorded field that it names has a label of its own, the next person's may not; a star that names none is a mistake."""
    text = b"labels: 1\nvendor: acme\neverywhere: {owner.*: Of the owner, owner.name: Name, owner.address: Address}\nendpoints: {meetings: {top*: Topics, topic: Topic}}\n"
    assert load_labels(text, "x.yaml", "acme", FIELDS).of("meetings", ("topical",)) == ("Topics", None)
