"""Lint rules for `refusals`: every rule can hold, by itself and beside the rules before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.language.model.refusals import RefusalCondition, RefusalsSpec, RuleSpec
from engine.language.rules.lint_context import LintContext
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake

NEVER = "this rule never holds"


def rules_reached(context: LintContext) -> Iterator[Mistake]:
    """Every rule of a list can hold: none before it holds whenever it would."""
    lists: list[tuple[Path, Sequence[RefusalCondition]]] = [((), context.spec.refusals.rules)]
    lists += [(path, own.refusals.rules) for path, _, own in context.requests()]
    if context.spec.auth.oauth2 is not None:
        lists.append((("auth", "oauth2"), context.spec.auth.oauth2.refusals.rules))
    for path, rules in lists:
        for index, rule in enumerate(rules):
            before = next((number for number, earlier in enumerate(rules[:index]) if _comes_first(earlier, rule)), None)
            if before is not None:
                line = context.document.at((*path, "refusals", "rules", before)).line
                words = f"{NEVER}: an earlier one holds whenever it would"
                yield context.mistake(words, (*path, "refusals", "rules", index), f"put it before the rule of line {line}, or leave it out")


def _comes_first(earlier: RefusalCondition, rule: RefusalCondition) -> bool:
    """Whether an earlier rule holds whenever a later one would.

    On a good 2xx answer only a rule that names the status is tried, and with 200 only one that names a code too.
    """
    successes = [status for status in rule.status if 200 <= status < 300]
    tried = not successes or (bool(earlier.status) and (bool(earlier.code) or 200 not in successes))
    return earlier.covers(rule) and (tried or (successes == [200] and not rule.code))


def rules_possible(context: LintContext) -> Iterator[Mistake]:
    """Every rule can hold: what it compares is read from an answer, and an answer of its status is tried."""
    used = [(path, endpoint.refusals, own.refusals.rules) for path, endpoint, own in context.requests()]
    for path, refusals, rules in used:
        for index, rule in enumerate(rules):
            fault = _fault(rule, refusals)
            if fault is not None:
                yield context.mistake(f"{NEVER}: {fault[0]}", (*path, "refusals", "rules", index), fault[1])
    for index, rule in enumerate(context.spec.refusals.rules):
        faults = [_fault(rule, refusals) for _, refusals, _ in used if rule in refusals.rules]
        if faults and all(faults) and faults[0] is not None:
            yield context.mistake(f"{NEVER}: {faults[0][0]}", ("refusals", "rules", index), faults[0][1])


def _fault(rule: RuleSpec, refusals: RefusalsSpec) -> tuple[str, str] | None:
    """Say why a rule cannot hold with these paths, and what mends it; None if it can."""
    for name, asked, path in (("code", rule.code, refusals.code), ("message", rule.message, refusals.message)):
        if asked and path is None:
            return f"nothing says where the vendor's {name} stands", f"write `{name}`, its path in an answer, beside `rules`"
    if set(rule.status) == {200} and not rule.code and refusals.refused is None:
        return (
            "an answer with 200 is no refusal",
            "write `refused`, a path that is true in a refusal, beside `rules`, or `code` into the rule",
        )
    if rule.status and max(rule.status) < 200:
        return "no answer ends with such a status", "name the status of the answer that is meant"
    return None
