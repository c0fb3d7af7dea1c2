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
        for key, place in keys_of(policy, endpoint, record):
            told[key] = min(place, told.get(key, place))
    return Own(facts), told


def teaches(policy: Policy, endpoint: str) -> bool:
    """Whether something is learned from the records of an endpoint."""
    return any(matches(path.endpoint, endpoint) for path in policy.self_) or any(endpoint in rule.in_ for rule in policy.once)


def facts_of(policy: Policy, endpoint: str, record: Any) -> Iterator[Fact]:
    """Give what a record says of the person, by the policy's `self`."""
    for path in policy.self_:
        if matches(path.endpoint, endpoint):
            yield from (Fact(path.steps[-1], text) for text in texts_at(record, path.steps))


def keys_of(policy: Policy, endpoint: str, record: Any) -> Iterator[tuple[tuple[int, str], int]]:
    """Give by what a record may be told again, with the place of its endpoint in the rule: the lowest of each key is given."""
    for index, rule in enumerate(policy.once):
        if endpoint in rule.in_:
            yield from (((index, text), rule.in_.index(endpoint)) for text in texts_at(record, rule.by))
