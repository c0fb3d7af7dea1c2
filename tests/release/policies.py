"""Policies from a few lines of YAML, and what they say of a record, as short as a table needs it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.release.apply import Finder, PolicyInForce
from engine.release.decision import Decision, Decisions
from engine.release.hit import Hit
from engine.release.learn import learn
from engine.release.load_policy import load_policy
from engine.release.own import Fact
from engine.release.policy import Policy

HEAD = "policy: 1\nvendor: acme\n"
ADA = (Fact("email", "ada@example.com"), Fact("phone", "+12025550142"), Fact("display_name", "Ada Brook"), Fact("extension_number", "1021"))


def policy(text: str) -> Policy:
    """Read the words of a policy, without its first two lines."""
    return load_policy((HEAD + text).encode(), "policy.yaml")[0]


def said(
    text: str,
    record: Any,
    endpoint: str = "calls",
    *,
    own: Iterable[Fact] = ADA,
    decisions: Iterable[Decision] = (),
    finder: Finder | None = None,
    others: Mapping[str, list[Any]] | None = None,
) -> dict[str, tuple[str, str]]:
    """Say what happens in a record of the endpoint, by JSON pointer: what to do and why. `others`: records of other endpoints."""
    words = policy(text)
    records = [(endpoint, record), *((name, one) for name, of_it in (others or {}).items() for one in of_it)]
    person, told = learn(words, own, records)
    in_force = PolicyInForce(words, person, told=told, finder=finder, decisions=Decisions(decisions))
    return {one.pointer: (one.do, one.because) for one in in_force.rulings(endpoint, record, "sha")}


def look(text: str) -> tuple[Hit, ...]:
    """Find words as a finder would: addresses by their @, cards by a word."""
    kinds = {"@": "emails", "sesame": "secrets", "4242": "cards"}
    words = [(found.start(), found[0]) for found in re.finditer(r"\S+", text)]
    return tuple(
        Hit(kind, start, start + len(one), one)
        for sign, kind in kinds.items()
        for start, one in words
        if (sign in one if sign == "@" else one == sign if sign == "sesame" else one.startswith(sign))
    )
