"""docs/labels.md: its example is right, what it shows is what is printed, and every word is in it."""

from __future__ import annotations

import re

import pytest

from engine.cassettes.labelled import recorded_fields
from engine.catalogue import load
from engine.language.text.mistakes import SpecError
from engine.release.labels import LabelFile, LabelSpec
from engine.release.load_labels import load_labels, share_labelled
from engine.spec_files import contents, labels_beside, spec_path
from tests.process import ROOT

PAGE = (ROOT / "docs" / "labels.md").read_text("utf-8")
FIELDS = recorded_fields(load("zoom"), spec_path("zoom"))


def test_the_example_is_right():
    """Against what Zoom's cassettes recorded; and what the page says of it is what is told."""
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    labels = load_labels(example.encode(), "labels/zoom.yaml", "zoom", FIELDS)
    assert labels.of("meetings", ("type",), 2) == ("Kind of meeting", "scheduled")
    assert labels.of("phone_call_logs", ("accepted_by", "extension_number")) == ("Answered by > extension_number", None)
    assert labels.of("phone_profile", ("policy", "sms", "enable"), True) == ("Is on", None)


def test_the_mistake_is_what_is_printed():
    """With its place and what was meant."""
    [shown] = re.findall(r"```\n(error: .*?)\n```", PAGE, re.DOTALL)
    with pytest.raises(SpecError) as caught:
        load_labels(b"labels: 1\nvendor: zoom\n\nendpoints:\n  meetings:\n    topik: Topic\n", "labels/zoom.yaml", "zoom", FIELDS)
    assert str(caught.value) == shown


def test_the_count_is_what_is_printed():
    """Of the packaged labels of Zoom."""
    path = labels_beside(spec_path("zoom"), "zoom")
    assert path is not None
    english = load_labels(contents(path), str(path))
    told, note = share_labelled(english, FIELDS)
    assert f"```\nzoom: {told}\n```" in PAGE
    assert note is None
    path = labels_beside(spec_path("zoom"), "zoom", "de")
    assert path is not None
    told, note = share_labelled(load_labels(contents(path), str(path)), FIELDS, english, "German")
    assert f"```\nzoom: {told}\n```" in PAGE
    assert note is None


def test_every_word_is_explained():
    """Of the file and of a label."""
    words = [*LabelFile.model_fields, *LabelSpec.model_fields]
    assert [word for word in words if f"`{word}`" not in PAGE and f"{word}:" not in PAGE] == []
