"""The ten reasons, and what a value may become."""

from __future__ import annotations

from typing import get_args

from engine.release.reasons import BY_LAW, CODES, GIVING, SENTENCES, TREATMENTS, WITHHOLDING, Treatment


def test_there_are_ten_reasons_each_with_a_sentence_in_both_languages():
    """A sentence begins with a capital and ends with a full stop, and no two are the same."""
    assert len(CODES) == 10
    assert tuple(SENTENCES) == CODES
    texts = [text for one in SENTENCES.values() for text in one.values()]
    assert all(set(one) == {"en", "de"} for one in SENTENCES.values())
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
    assert len(set(texts)) == 20


def test_nine_reasons_withhold_and_one_of_them_is_law():
    """Only `known_to_them` gives."""
    assert GIVING == ("known_to_them",)
    assert len(WITHHOLDING) == 9
    assert BY_LAW == ("never_disclose",)
    assert set(TREATMENTS) == set(get_args(Treatment))
