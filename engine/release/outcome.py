"""What holds of what rules say about a value, and of what was decided about it. Pure."""

from __future__ import annotations

from engine.release.decision import Decision
from engine.release.reasons import BY_LAW, Treatment
from engine.release.ruling import STRENGTH, Ruling
from engine.replaced import replace


def outcome(laid: list[tuple[Ruling, Ruling]]) -> list[Ruling]:
    """Choose what holds of what rules say, before and after decisions: what withholds by a rule, else by a decision; else what is asked.

    Aliases of parts of a text withhold no more than these: what is asked of the rest is asked still.
    """
    withheld = [one for one in laid if one[1].withholds]
    asked = [after for _, after in laid if after.do == "ask"]
    whole = [one for one in withheld if one[1].do != "alias" or not one[1].parts]
    if whole:
        return [next((after for before, after in whole if before.withholds), whole[0][1])]
    if withheld:
        return [*(after for _, after in withheld), *asked]
    return asked or [after for _, after in laid[:1]]


def asked_once(said: list[Ruling]) -> list[Ruling]:
    """Leave out what need not be asked: behind a rule that gives, and what another rule asks already. What withholds stays."""
    settled = next((one for one in said if not one.withholds), None)
    return [one for one in said if one.withholds or (settled is not None and one.rule.partition(".")[0] == settled.rule.partition(".")[0])]


def laid_over(before: Ruling, decision: Decision | None) -> Ruling:
    """Lay a decision over what one rule says. Where that withholds, the reason stays; the law is not overruled."""
    if decision is None:
        return before
    do = of_a_field(decision.operation)
    if before.withholds and do != "give":
        weaker = STRENGTH[do] < STRENGTH[before.do]
        return before if weaker and before.because in BY_LAW else replace(before, do=do)
    if before.withholds and before.because in BY_LAW:
        return before
    return replace(before, do=do, because=decision.because, rule=decision.name, maybe_own=False)


def of_a_field(operation: Treatment) -> Treatment:
    """Of a single field `hold` means to leave it out."""
    return "drop" if operation == "hold" else operation
