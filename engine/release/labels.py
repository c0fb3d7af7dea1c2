"""What a vendor's fields are called for a person who reads their data, and what codes in them mean. Reads no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BeforeValidator, Field, PlainValidator

from engine.language.expressions import lossless_json
from engine.language.model import words as w
from engine.language.model.shapes import parsed
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit
from engine.release.field_path import FieldSteps, matches, parse_steps

WITHIN = " > "  # between the label of what holds a field and the field's own
OWN_NAME = "*"  # in a label: the name that the vendor has for the field
LEAST_LABELLED = 0.9  # of a vendor's recorded fields

Fields = Mapping[str, Iterable[FieldSteps]]


def _bare(value: Any) -> Any:
    """Take a single text for the map that says only the label."""
    if isinstance(value, list):
        message = "expects a label here"
        raise Misfit(message, "a text, or `{label: ..., codes: {CODE: meaning}}`")
    return {"label": value} if isinstance(value, str) else value


def _path(value: Any) -> str:
    parsed(parse_steps)(value)
    return str(value)


class LabelSpec(Words):
    """What a field is called. A single text is `label`."""

    label: w.Text = Field(description="What the field is called, in words that anybody understands.")
    codes: dict[w.Text, w.Text] = Field(default={}, description="What each value means, where a value is a code.")


PathText = Annotated[str, PlainValidator(_path)]
Labelled = dict[PathText, Annotated[LabelSpec, BeforeValidator(_bare)]]


class LabelFile(Words):
    """The labels of one vendor."""

    labels: Literal["1"] = Field(description="The version of this language.")
    vendor: w.VendorName = Field(description="The vendor that they are for, as its spec says.")
    everywhere: Labelled = Field(
        default={},
        description="Fields by the end of their path, in every endpoint: `owner.name` is the name of an owner, wherever it stands.",
    )
    titles: dict[w.Name, w.Text] = Field(
        default={}, description="What kinds of records are called, by their endpoints, where that is not the `title` in the spec."
    )
    gaps: dict[w.Text, w.Text] = Field(
        default={}, description="What the spec says under `gaps`, sentence by sentence, in words for the person whose data it is."
    )
    endpoints: dict[w.Name, Labelled] = Field(
        default={}, description="Fields of one endpoint, or of `lookup`, by their whole path; these win over `everywhere`."
    )


class Label(msgspec.Struct, frozen=True):
    """What a field is called, what its codes mean, and where it is written."""

    text: str
    codes: Mapping[str, str]
    place: tuple[str, ...]

    def called(self, name: str) -> str:
        """Give the label; a `*` in it stands for the field's own name, where the path ends with a `*` too."""
        return self.text.replace(OWN_NAME, name) if self.place[-1].endswith(OWN_NAME) else self.text


class LabelTable(msgspec.Struct, frozen=True):
    """Labels by path; those with a `*` in it apart, since they are asked only where no other fits."""

    exact: Mapping[FieldSteps, Label] = {}
    patterns: tuple[tuple[FieldSteps, Label], ...] = ()

    def of(self, path: FieldSteps) -> Label | None:
        """Give the label of a path."""
        return self.exact.get(path) or next((label for steps, label in self.patterns if alike(steps, path)), None)


def alike(steps: FieldSteps, path: FieldSteps) -> bool:
    """Whether steps, in which `*` stands for any text, name this path."""
    return len(steps) == len(path) and all(map(matches, steps, path))


class Labels(msgspec.Struct, frozen=True):
    """The labels of one vendor, ready to be asked: by the end of a path, and by the whole path of a field of one endpoint."""

    ends: LabelTable = LabelTable()
    whole: Mapping[str, LabelTable] = {}
    titles: Mapping[str, str] = {}
    gaps: Mapping[str, str] = {}
    asked: dict[tuple[str, FieldSteps], tuple[str, Mapping[str, str]]] = msgspec.field(default_factory=dict)  # records repeat their paths

    def found(self, endpoint: str, path: FieldSteps) -> Label | None:
        """Give the label of a field: that of its whole path, else that of the longest end of it."""
        whole = self.whole[endpoint].of(path) if endpoint in self.whole else None
        ends = (self.ends.of(path[start:]) for start in range(len(path)))
        return whole or next((one for one in ends if one is not None), None)

    def words(self) -> Iterator[str]:
        """Give every label, every meaning of a code, every title, and what is said of gaps."""
        yield from (*self.titles.values(), *self.gaps.values())
        for table in (self.ends, *self.whole.values()):
            for label in (*table.exact.values(), *(one for _, one in table.patterns)):
                yield from (label.text, *label.codes.values())

    def names(self) -> Iterator[str]:
        """Give the steps to every field that has a label: what the vendor calls its fields."""
        for table in (self.ends, *self.whole.values()):
            for path in (*table.exact, *(steps for steps, _ in table.patterns)):
                yield from path

    def of(self, endpoint: str, path: FieldSteps, value: Any = None) -> tuple[str, str | None]:
        """Say what a field is called, behind what holds it, and what its value means where it is a code.

        `path` goes through lists, which are no steps of it. A field without a label is called by its own name; what holds it and has
        no label is not told.
        """
        known = self.asked.get((endpoint, path))
        if known is None:
            known = self.asked[endpoint, path] = self.told(endpoint, path)
        told, codes = known
        return told, codes.get(_written(value)) if codes else None

    def told(self, endpoint: str, path: FieldSteps) -> tuple[str, Mapping[str, str]]:
        """Give what a field is called, behind what holds it, and what its codes mean."""
        own = self.found(endpoint, path)
        holders = ((path[end - 1], self.found(endpoint, path[:end])) for end in range(1, len(path)))
        told = [*(one.called(name) for name, one in holders if one is not None), own.called(path[-1]) if own is not None else path[-1]]
        return WITHIN.join(told), own.codes if own is not None else {}


def _written(value: Any) -> str:
    """Write a value as a label's codes name it."""
    return lossless_json.text_of(value) or ""


def compiled(file: LabelFile) -> Labels:
    """Make labels ready to be asked."""
    whole = {endpoint: _table(fields, "endpoints", endpoint) for endpoint, fields in file.endpoints.items()}
    return Labels(_table(file.everywhere, "everywhere"), whole, file.titles, file.gaps)


def laid_over(first: Labels, other: Labels) -> Labels:
    """Put labels in one language over those in another: what the first does not name is told by the other."""
    nothing = LabelTable()
    whole = {name: _over(first.whole.get(name, nothing), other.whole.get(name, nothing)) for name in {**other.whole, **first.whole}}
    return Labels(_over(first.ends, other.ends), whole, {**other.titles, **first.titles}, {**other.gaps, **first.gaps})


def _over(first: LabelTable, other: LabelTable) -> LabelTable:
    below = {**other.exact, **dict(other.patterns)}
    every = {**first.exact, **dict(first.patterns)}
    made = {
        steps: Label(one.text, {**below[steps].codes, **one.codes}, one.place) if steps in below else one for steps, one in every.items()
    }
    patterns = {steps: made.get(steps, one) for steps, one in (*first.patterns, *other.patterns)}
    return LabelTable({**other.exact, **{steps: made[steps] for steps in first.exact}}, tuple(patterns.items()))


def _table(fields: Labelled, *place: str) -> LabelTable:
    made = {parse_steps(text): Label(spec.label, spec.codes, (*place, text)) for text, spec in fields.items()}
    patterns = tuple((steps, label) for steps, label in made.items() if "*" in "".join(steps))
    return LabelTable({steps: label for steps, label in made.items() if "*" not in "".join(steps)}, patterns)


def innermost(fields: Fields) -> list[tuple[str, FieldSteps]]:
    """Give the fields that hold no others, in order: what is read beside a label."""
    every = sorted((endpoint, path) for endpoint, paths in fields.items() for path in paths)
    holders = {(endpoint, path[:end]) for endpoint, path in every for end in range(1, len(path))}
    return [one for one in every if one not in holders]


def unlabelled(labels: Labels, fields: Fields) -> list[tuple[str, FieldSteps]]:
    """Give the recorded fields that go by their own names, in order."""
    found = ((endpoint, path, labels.found(endpoint, path)) for endpoint, path in innermost(fields))
    return [(endpoint, path) for endpoint, path, label in found if label is None or label.text == OWN_NAME]


def left_beneath(labels: Labels, beneath: Labels, fields: Fields) -> Iterator[tuple[str, FieldSteps, str | None]]:
    """Give the recorded fields of which the labels beneath tell something: the words, or what a code means, then the first such code."""
    both = laid_over(labels, beneath)
    for endpoint, path in innermost(fields):
        (told, codes), (whole, meanings) = labels.told(endpoint, path), both.told(endpoint, path)
        codes_left = sorted(meanings.keys() - codes.keys())
        if told != whole or codes_left:
            yield endpoint, path, None if told != whole else codes_left[0]
