"""Learn from all records of a run what a policy needs to know before it is applied: the person's own values, and what is told twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.release.field_path import matches
from engine.release.own import Fact, Own
from engine.release.policy import Policy
from engine.release.record_values import texts_at

KeysTold = dict[tuple[int, str], int]


def learn(policy: Policy, identifiers: Iterable[Fact], records: Iterable[tuple[str, Any]]) -> tuple[Own, KeysTold]:
    """Read the records once, each with its endpoint; `identifiers` are those of the case, under the names of their kinds."""
    facts, told = [*identifiers], KeysTold()
    for endpoint, record in records:
        facts += facts_of(policy, endpoint, record)
        note_keys(told, policy, endpoint, record)
    return Own(facts), told


def tells_own(policy: Policy, endpoint: str) -> bool:
    """Whether records of an endpoint say what is the person's own."""
    return any(matches(path.endpoint, endpoint) for path in policy.self_)


def tells_keys(policy: Policy, endpoint: str) -> bool:
    """Whether what records of an endpoint tell may be told again by a later one."""
    return any(endpoint in rule.in_[:-1] for rule in policy.once)


def facts_of(policy: Policy, endpoint: str, record: Any) -> Iterator[Fact]:
    """Give what a record says of the person, by the policy's `self`."""
    for path in policy.self_:
        if matches(path.endpoint, endpoint):
            yield from (Fact(path.steps[-1], text) for text in texts_at(record, path.steps))


def note_keys(told: KeysTold, policy: Policy, endpoint: str, record: Any) -> None:
    """Note by what a record may be told again, with the place of its endpoint in the rule: the lowest of each key is given.

    What the last endpoint of a rule tells nobody repeats: its keys, which may be as many as its records, are not kept.
    """
    for index, rule in enumerate(policy.once):
        if endpoint in rule.in_[:-1]:
            place = rule.in_.index(endpoint)
            for text in texts_at(record, rule.by):
                told[index, text] = min(place, told.get((index, text), place))
