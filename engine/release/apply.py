"""Apply a policy and a reviewer's decisions to records: what happens at which place, why, and what is still to be decided.

The order is: what is left out, what is never given, other people, what is found in text, then decisions. The first rule that withholds
is the reason. A decision to give overrules all but what the law forbids. Nothing is changed here: the rulings say what is to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from engine.release.compiled import Compiled, Node
from engine.release.decision import Decision, Decisions
from engine.release.field_path import FieldSteps
from engine.release.hit import Hit, HitKind
from engine.release.never import harmless_without, hidden_already, opens
from engine.release.outcome import asked_once, laid_over, of_a_field, outcome
from engine.release.own import Own, Side
from engine.release.policy import FileVerdict, FoundKind, OtherPeople, Policy, RuleVerdict
from engine.release.reading import Leaf, RecordReading, SideFound, SideKey, WholeSide, all_said, whole_side
from engine.release.reasons import BY_LAW
from engine.release.record_values import text_of, texts_at
from engine.release.remembered import Remembered
from engine.release.rows_in_force import RowsInForce
from engine.release.rows_met import RowsMet
from engine.release.ruling import Ruling, RulingKind
from engine.release.telling import Stirring, Telling
from engine.replaced import replace

Finder = Callable[[str], tuple[Hit, ...]]
PEOPLE: tuple[FoundKind, ...] = ("emails", "phones", "known_people")
MOST_REMEMBERED, MOST_SIDES, MOST_PEOPLE = 30_000, 12_000, 4_000  # texts, sides, who stands on one: memory must not grow


class PolicyInForce:
    """A policy for the records of one run. `told` says which `once` keys were seen, and where first: see `note_keys`.

    A text is withheld or given whole; where `parts` is set, each part that was found in it for itself.
    """

    parts = False

    def __init__(
        self,
        policy: Policy,
        own: Own,
        *,
        told: dict[tuple[int, str], int] | None = None,
        finder: Finder | None = None,
        decisions: Decisions | None = None,
        every: bool = False,
    ) -> None:
        """Take what the whole run is judged by; `finder` looks for personal data in a text.

        `every` gives each ruling of a place, those too that matter only when one before them is lifted: for a reviewer, not a package.
        """
        self._every = every
        self._policy = policy
        self._own = own
        self._told = told or {}
        self._finder = finder
        self._decisions = decisions or Decisions()
        self._compiled: dict[str, Compiled] = {}
        self._telling = Telling(self._told_by, MOST_REMEMBERED)
        self._stirring = Stirring(lambda value: self._telling[value] or self._decisions.on_value(text_of(value)), MOST_REMEMBERED)
        self._sides = Remembered(whole_side, MOST_SIDES)
        self._people = Remembered[tuple[Side, int], SideFound](lambda told: SideFound(*own.who[told[0]], told[1]), MOST_PEOPLE)
        self._alike = Remembered(self._ruled_alike, MOST_REMEMBERED)
        self._doubted = Remembered[SideFound, SideFound](lambda side: replace(side, same="perhaps"), MOST_REMEMBERED)
        self._doubting = any(_doubts(rule) for rule in policy.others)

    def informed(self, told: dict[tuple[int, str], int], finder: Finder, *, every: bool) -> PolicyInForce:
        """Take what was learned meanwhile: by then records were read for their people alone, who need not be judged again."""
        self._told, self._finder, self._every = told, finder, every
        return self

    @property
    def on_records(self) -> bool:
        """Whether something was decided about single records: only then what is said of one depends on its digest."""
        return self._decisions.on_records

    def compiled(self, endpoint: str) -> Compiled:
        """Give the rules for an endpoint."""
        found = self._compiled.get(endpoint)
        if found is None:
            found = self._compiled[endpoint] = Compiled(self._policy, endpoint, self._decisions.on_fields(endpoint))
        return found

    def rulings(self, endpoint: str, record: Any, digest: str = "", *, only_people: bool = False) -> list[Ruling]:
        """Say what happens in a record, whose line has this sha256. Where nothing is said, it is given.

        `only_people`: what has a group, with or without what has none.
        """
        return list(chain.from_iterable(self.ruled(endpoint, record, digest, only_people=only_people)))

    def ruled(self, endpoint: str, record: Any, digest: str = "", *, only_people: bool = False) -> list[tuple[Ruling, ...]]:
        """Say the same as `rulings`, by what was read together: what is alike in many records is the same tuple in each of them."""
        rules = self.compiled(endpoint)
        whole = self._decisions.on_record(endpoint, digest)
        repeated = self._repeated(rules, record) if self._told and (whole is None or whole.operation != "give") else None
        held = self._held(rules, whole, repeated) if rules.held or whole or repeated else None
        if held is not None:
            return [(held,)]
        apart = not self._decisions.none and self._decisions.apart(digest, whole)
        reading = self._read_apart(rules, digest, whole) if apart else self._read_alike(rules, digest)
        reading.only_people = only_people
        if repeated is not None and isinstance(record, dict):
            record = reading.without(record, *repeated)
        reading.walk(record, rules.root)
        sides = self._judged(reading)
        found = [tuple(reading.said)] if reading.said else []
        for leaf in reading.leaves:
            side = None if leaf.side is None else sides.get(leaf.side)
            if isinstance(leaf, WholeSide):
                found.append(leaf.ruled if side is not None and leaf.found is side else self._ruled_together(leaf, rules, side))
            elif apart:
                found.append(tuple(self._ruled(leaf, rules, side, (digest, whole))))
            else:
                found.append(self._alike[leaf, rules, side])
        return [tuple(self._with_names(reading.named, [*chain.from_iterable(found)], digest, whole))] if reading.named else found

    def rows(self, endpoint: str) -> RowsInForce | None:
        """Rule the records of an endpoint that are alike straight from their lines; None where each must be read for itself."""
        rules = self.compiled(endpoint)
        if not self.rules_by_sides(endpoint) or rules.held or self._decisions.on_endpoint(endpoint):
            return None
        return RowsInForce(rules, self._stirs, self._sides, self._alike, partial(self._read_alike, rules))

    def _read_alike(self, rules: Compiled, digest: str = "") -> RecordReading:
        """Begin with a record about which nothing was decided by itself: most of what it holds was read before, in another one."""
        telling, sides = self._telling.__getitem__, self._sides.__getitem__
        if self._decisions.none:
            return RecordReading(rules, telling, sides, self._telling)
        matters = self._matters(digest, None) if self._decisions.on_values else None
        return RecordReading(rules, telling, sides, self._stirs, matters, self._lifted(digest, None))

    @property
    def _stirs(self) -> Telling | Stirring:
        return self._stirring if self._decisions.on_values else self._telling

    def _read_apart(self, rules: Compiled, digest: str, whole: Decision | None) -> RecordReading:
        return RecordReading(rules, self._telling.__getitem__, None, None, self._matters(digest, whole), self._lifted(digest, whole))

    def record_held(self, endpoint: str, record: Any, digest: str) -> Ruling | None:
        """Say why a record, whose line has this sha256, is not handed over as a whole; None if it is."""
        rules, whole = self.compiled(endpoint), self._decisions.on_record(endpoint, digest)
        return self._held(rules, whole, None if whole is not None and whole.operation == "give" else self._repeated(rules, record))

    def _held(self, rules: Compiled, whole: Decision | None, repeated: tuple[str, tuple[FieldSteps, ...]] | None) -> Ruling | None:
        held = rules.held
        if held is not None and (whole is None or whole.operation != "give" or held.because in BY_LAW):
            return Ruling("", "hold", held.because, held.name, "left_out")
        if whole is not None and whole.operation == "hold":
            return Ruling("", "hold", whole.because, whole.name, "decided")
        return Ruling("", "hold", "duplicate", repeated[0], "repeated") if repeated is not None and not repeated[1] else None

    def _with_names(self, named: list[Leaf], found: list[Ruling], digest: str, whole: Decision | None) -> list[Ruling]:
        """Say what happens to fields whose own names hold personal data: no words can stand there, so such a field is left out whole."""
        for leaf in named:
            said = [replace(one, do="drop" if one.withholds else one.do, parts=()) for one in _placed(leaf, self._telling[leaf.name])]
            exact = self._decisions.on_place(digest, leaf.pointer)
            general = exact or leaf.node.decision or whole
            laid = said if self._every else outcome([(one, self._decided(one, exact, general)) for one in said])
            laid = [replace(one, do="drop") if one.withholds else one for one in laid]
            if any(one.withholds for one in laid) and not self._every:
                found = [one for one in found if not f"{one.pointer}/".startswith(f"{leaf.pointer}/")]
            found += [one for one in laid if one.do != "give"]
        return found

    def people(self, endpoint: str, record: Any, said: set[Leaf | WholeSide] | None = None) -> Iterator[Leaf | WholeSide]:
        """Give what a record says of other people and was not `said`, read together, and note it there: also where it is left out."""
        rules, said = self.compiled(endpoint), set() if said is None else said
        if not self.names_nobody_new(endpoint, record, said):
            reading = self._read_alike(rules)
            reading.people(record, rules.root)
            new = [leaf for leaf in reading.leaves if leaf not in said]
            sides = self._judged(reading) if new else {}
            others = [leaf for leaf in new if leaf.side in sides and sides[leaf.side].same != "same"]
            said.update(others, (leaf for leaf in new if isinstance(leaf, WholeSide)))
            yield from others

    def rows_met(self, endpoint: str, said: set[Leaf | WholeSide]) -> RowsMet:
        """See straight from the lines of an endpoint which records name nobody but who was `said`."""
        return RowsMet(self.compiled(endpoint), self._sides, said)

    def names_nobody_new(self, endpoint: str, record: Any, said: set[Leaf | WholeSide]) -> bool:
        """Whether nobody stands in a record but on sides that were read together, and said, before."""
        rules = self.compiled(endpoint)
        return not rules.names_people or all_said(rules, record, self._sides, said)

    def rules_by_sides(self, endpoint: str) -> bool:
        """Whether what happens to a side that is read together is the same in every record of an endpoint, whatever else stands there."""
        return not (self._doubting or self._decisions.on_records or (self._told and self.compiled(endpoint).repeated))

    def file_ruling(self, endpoint: str, file: str, record: Ruling | None = None) -> Ruling:
        """Say what happens to a file of an endpoint; `record`: why the record that it belongs to is held, if it is (`record_held`).

        Where nothing is said, it is asked about: others are to be seen and heard in it.
        """
        held, verdict = self.compiled(endpoint).held, self._policy.files.get(endpoint) or FileVerdict()
        before = Ruling("", verdict.do, verdict.reason("third_party"), f"files.{endpoint}", "file", file)
        if held is not None:
            before = Ruling("", "hold", held.because, held.name, "left_out", file)
        elif record is not None:
            before = Ruling("", "hold", record.because, record.rule, "file", file)
        on_it = self._decisions.on_file(endpoint, file)
        decision = on_it or (self._decisions.on_endpoint(endpoint) if record is None else None)
        if decision is None:
            return before
        if decision.operation == "give":
            return laid_over(before, decision)
        because, name = (before.because, before.rule) if before.withholds else (decision.because, decision.name)
        return replace(before, do="hold", because=because, rule=name)

    def _lifted(self, digest: str, whole: Decision | None) -> Callable[[str, Node, Any], bool]:
        """Say of a field that a rule leaves out whether it was decided to give it."""

        def lifted(pointer: str, node: Node, value: Any) -> bool:
            by_value = self._decisions.on_value(text_of(value)) if not isinstance(value, (dict, list)) else None
            decision = self._decisions.on_place(digest, pointer) or by_value or node.decision or whole
            return decision is not None and decision.operation == "give"

        return lifted

    def _matters(self, digest: str, whole: Decision | None) -> Callable[[str, Any], object]:
        """Say of a field on which no rule holds whether something was decided."""
        on = self._decisions
        return lambda pointer, value: whole or on.on_value(text_of(value)) or on.on_place(digest, pointer)

    def _repeated(self, rules: Compiled, record: Any) -> tuple[str, tuple[FieldSteps, ...]] | None:
        """Say by which rule a record was told before, and which fields are given all the same."""
        for rule in rules.repeated if self._told else ():
            key = next(iter(texts_at(record, rule.by)), "")
            earlier = self._told.get((rule.index, key), rule.place)
            if earlier < rule.place and not self._withheld(self._policy.once[rule.index].in_[earlier]):
                return f"once[{rule.index}]", (*rule.but, rule.by) if rule.but else ()
        return None

    def _withheld(self, endpoint: str) -> bool:
        """Whether nothing of an endpoint is given: what it tells is then told nowhere, and no later one repeats it."""
        decided = self._decisions.on_record(endpoint, "")
        return self.compiled(endpoint).held is not None or (decided is not None and decided.operation == "hold")

    def _told_by(self, text: str) -> tuple[Ruling, ...]:
        """Say what a text holds, whichever field it stands in; of each kind the person's own is left out."""
        hits = self._finder(text) if self._finder is not None else ()
        opening = opens(text) and not (self.parts and harmless_without(text, hits))
        return tuple(sorted(self._looked_for(text, hits, opening=opening), key=_secrets_first)) if hits or opening else ()

    def _looked_for(self, text: str, hits: Iterable[Hit], *, opening: bool) -> Iterator[Ruling]:
        """Say what is to be done about what was found; the places of one value are one ruling."""
        spans: dict[tuple[HitKind, str], list[tuple[int, int]]] = {("secrets", text): [(0, len(text))]} if opening else {}
        for hit in hits:
            places, start = spans.setdefault((hit.kind, hit.value), []), hit.start
            if places and start < places[-1][1]:
                start = places.pop()[0]
            places.append((start, hit.end))
        secrets = self._policy.never.secrets
        for (kind, value), places in spans.items():
            parts = () if places == [(0, len(text))] else tuple(places)
            if kind != "secrets":
                yield from self._found_in(kind, value, parts)
            elif secrets.do != "give":
                yield Ruling("", secrets.do, secrets.reason("security"), "never.secrets", "secret", value)

    def _found_in(self, kind: FoundKind, value: str, parts: tuple[tuple[int, int], ...]) -> Iterator[Ruling]:
        rule: RuleVerdict = getattr(self._policy.find, kind)
        same = self._own.compare("", value)[1] if kind in PEOPLE else "other"
        if same != "same":
            do = "ask" if same == "perhaps" and rule.do not in ("ask", "give") else rule.do
            because = rule.reason("third_party" if kind in PEOPLE else "never_disclose")
            yield Ruling("", do, because, f"find.{kind}", "found", value, maybe_own=same == "perhaps", parts=parts)

    def _judged(self, reading: RecordReading) -> dict[SideKey, SideFound]:
        """Say of each side of a record whether it is the person. Where a rule names several sides and none is, it cannot be told."""
        found: dict[SideKey, SideFound] = {}
        for number, (key, facts) in enumerate(reading.sides.items()):
            if isinstance(facts, WholeSide):
                known = facts.found if facts.number == number and not self._doubting else None
                found[key] = known or self._people[facts.facts, number]
            else:
                found[key] = self._people[tuple(facts), number]
        if not self._doubting:
            return found
        own = {key[0] for key, one in found.items() if one.same == "same"}
        for key, side in found.items():
            if side.same == "other" and key[0] not in own and _doubts(self._policy.others[key[0]]):
                found[key] = self._doubted[side]
        return found

    def _ruled_alike(self, about: tuple[Leaf, Compiled, SideFound | None]) -> tuple[Ruling, ...]:
        """Say what happens to a value in every record about which nothing was decided by itself: the same ones come again and again."""
        return tuple(self._ruled(*about, ("", None)))

    def _ruled_together(self, read: WholeSide, rules: Compiled, side: SideFound | None) -> tuple[Ruling, ...]:
        """Say the same of all that stands on a side, and keep it beside it."""
        if side is None:
            return tuple(ruling for leaf in read.leaves for ruling in self._alike[leaf, rules, None])
        read.number, read.found = side.group, side
        read.ruled = tuple(ruling for leaf in read.leaves for ruling in self._ruled_alike((leaf, rules, side)))
        return read.ruled

    def _ruled(self, leaf: Leaf, rules: Compiled, side: SideFound | None, about: tuple[str, Decision | None]) -> list[Ruling]:
        """Say what happens to a value: what rules say of it, then what was decided."""
        digest, whole = about
        exact = self._decisions.on_place(digest, leaf.pointer)
        general = exact or self._decisions.on_value(leaf.text) or leaf.node.decision or whole
        said = list(_of_rules(leaf, rules, side))
        if said and said[0].withholds and general is None and not self._every:
            return said[:1]  # whatever is found in it besides: it goes as a whole, and this is the reason
        said += _placed(leaf, self._telling[leaf.text])
        if self._every or self._decisions.none:
            if len(said) < 2:
                return said
            return asked_once(said) if self._every else self._settled(leaf, [(one, one) for one in asked_once(said)], None)
        if not said and general is not None and (general.operation != "give" or (self.parts and general is not whole)):
            return [Ruling(leaf.pointer, of_a_field(general.operation), general.because, general.name, "decided", leaf.text)]
        return self._settled(leaf, [(one, self._decided(one, exact, general)) for one in asked_once(said)], general)

    def _settled(self, leaf: Leaf, laid: list[tuple[Ruling, Ruling]], general: Decision | None) -> list[Ruling]:
        """Choose what holds of a text, or of each part of it, where no rule and no decision withholds all of it."""
        if not self.parts:
            return outcome(laid)
        text = leaf.text
        of_all = general is not None and general.operation != "give"
        if len(laid) == 1 and not of_all:
            return [laid[0][1]]
        whole = [pair for pair in laid if pair[0].value == text]
        if of_all or any(after.withholds for _, after in whole):
            chosen = outcome(whole if not of_all else laid)
            if general is not None and of_all and not any(one.withholds for one in chosen):
                return [Ruling(leaf.pointer, of_a_field(general.operation), general.because, general.name, "decided", text)]
            return [replace(one, value=text, parts=()) if one.withholds and one.value != text else one for one in chosen]
        kept = [after for _, after in laid if after.withholds]
        withheld = {one.value for one in kept}
        return kept + [after for _, after in laid if not after.withholds and after.value not in withheld]

    def _decided(self, one: Ruling, exact: Decision | None, general: Decision | None) -> Ruling:
        """Lay over a ruling what was decided: about its place, else its value, else more. An alias by value stands for parts of a text."""
        by_value = None if exact is not None else self._decisions.on_value(one.value)
        laid = laid_over(one, exact or by_value or general)
        return laid if by_value is not None or laid is one else replace(laid, parts=())


class PolicyOnParts(PolicyInForce):
    """A policy as a package needs it: of a text only the parts that are withheld are replaced, and each that is asked about is told."""

    parts = True


def _doubts(rule: OtherPeople) -> bool:
    """Whether a rule withholds several sides of a record: where none of them is the person, it cannot be told which may be."""
    return len(rule.who) > 1 and rule.do not in ("ask", "give")


def _secrets_first(ruling: Ruling) -> bool:
    return ruling.kind != "secret"


def _placed(leaf: Leaf, told: Iterable[Ruling]) -> Iterator[Ruling]:
    return (replace(one, pointer=leaf.pointer) for one in told)


def _of_rules(leaf: Leaf, rules: Compiled, side: SideFound | None) -> Iterator[Ruling]:
    """Say what the rules that name a field say of it, in their order."""
    never = leaf.node.never
    if never is not None and not (never.name != "never.secrets" and hidden_already(leaf.text)):
        kind: RulingKind = "secret" if never.name == "never.secrets" else "number"
        yield Ruling(leaf.pointer, never.do, never.because, never.name, kind, leaf.text)
    if leaf.side is not None and side is not None and side.same != "same":
        rule, unsure = rules.others[leaf.side[0]], side.same == "perhaps"
        do = "ask" if unsure and rule.withholds else rule.do
        yield Ruling(leaf.pointer, do, rule.because, rule.name, "who", leaf.text, side.group, side.person, unsure)
