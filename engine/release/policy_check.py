"""Hold a policy against what the vendor's spec and records have: names that nothing has, rules that never hold, data that would be lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from engine.language.text.document import Document, Path
from engine.language.text.mistakes import Mistake, counted, did_you_mean
from engine.release.field_path import FieldPath, FieldSteps, endpoints_of, matches, reaches
from engine.release.never import is_protected_number, is_secret_field
from engine.release.policy import Once, Policy

DEAD = "this rule never holds"
MOST_NAMED = 12

Fields = set[tuple[str, FieldSteps]]


class Known(msgspec.Struct, frozen=True):
    """What there is: the vendors, the fields that records of each endpoint of this one had, and which endpoints have files."""

    vendors: tuple[str, ...] = ()
    fields: Mapping[str, frozenset[FieldSteps]] | None = None
    files: frozenset[str] = frozenset()


class Written(msgspec.Struct, frozen=True):
    """A policy and its text. `rows`: where the items of a list stand in the text, if some were taken out."""

    policy: Policy
    document: Document
    rows: Mapping[str, list[int]] = {}

    def place(self, section: str, index: int, *inner: int | str) -> Path:
        """Give where an item of a list is written."""
        return section, self.rows[section][index] if section in self.rows else index, *inner

    def mistake(self, message: str, path: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Say what is wrong at a path."""
        return Mistake(message, self.document.at(path, key=key), hint)


def checked(written: Written, known: Known) -> Iterator[Mistake]:
    """Find every mistake in what a policy names."""
    policy = written.policy
    if known.fields is None:
        if ("vendor",) in written.document.values and policy.vendor not in known.vendors:
            yield written.mistake(
                f"there is no spec of a vendor `{policy.vendor}`", ("vendor",), did_you_mean(policy.vendor, known.vendors)
            )
        return
    fields = known.fields
    yield from _left_out(written, fields)
    yield from _never(written, fields)
    for index, own in enumerate(policy.self_):
        yield from _unknown(written, ("self", index), own, fields)
    yield from _others(written, fields)
    yield from _once(written, fields)
    yield from _files(written, known)


def _unknown(written: Written, path: Path, named: FieldPath, fields: Mapping[str, frozenset[FieldSteps]]) -> Iterator[Mistake]:
    """An endpoint that the spec has not, or a field that no recorded record has."""
    endpoints = endpoints_of(named.endpoint, fields)
    if not endpoints:
        yield written.mistake(f"there is no endpoint `{named.endpoint}`", path, did_you_mean(named.endpoint, fields))
    elif named.steps and not any(_reached(named.steps, fields[name]) for name in endpoints):
        known = [f"{name}.{'.'.join(one)}" for name in endpoints for one in fields[name]]
        yield written.mistake(f"no recorded record has `{named.text}`", path, _similar(named.text, known))


def _similar(text: str, known: Iterable[str]) -> str | None:
    hint = did_you_mean(text.replace("[]", ""), known)
    return hint if hint is not None and hint.startswith("did") else None


def _reached(steps: FieldSteps, paths: frozenset[FieldSteps]) -> set[FieldSteps]:
    """Give the recorded fields that steps name, and those below them."""
    return {path for path in paths if reaches(steps, path)}


def _all(named: FieldPath, fields: Mapping[str, frozenset[FieldSteps]]) -> Fields:
    return {(name, path) for name in endpoints_of(named.endpoint, fields) for path in ((), *_reached(named.steps, fields[name]))}


def _left_out(written: Written, fields: Mapping[str, frozenset[FieldSteps]]) -> Iterator[Mistake]:
    before: Fields = set()
    for index, rule in enumerate(written.policy.leave_out):
        for number, named in enumerate(rule.what):
            path = written.place("leave_out", index, "what", number)
            unknown = [*_unknown(written, path, named, fields)]
            yield from unknown
            covered = {(name, one) for name, one in _all(named, fields) if one or not named.steps}
            if not unknown and covered <= before:
                yield written.mistake(f"{DEAD}: `{named.text}` is left out by an earlier one", path, "leave it out")
            before |= covered


def _never(written: Written, fields: Mapping[str, frozenset[FieldSteps]]) -> Iterator[Mistake]:
    never = written.policy.never
    for word, rule, looks in (
        ("secrets", never.secrets, is_secret_field),
        ("protected_numbers", never.protected_numbers, is_protected_number),
    ):
        for part, paths in (("fields", rule.fields), ("but", rule.but)):
            for index, named in enumerate(paths):
                path = ("never", word, part, index)
                unknown = [*_unknown(written, path, named, fields)]
                yield from unknown
                if part == "but" and not unknown and not any(looks(step) for _, one in _all(named, fields) for step in one):
                    yield written.mistake(f"{DEAD}: no name in `{named.text}` says that it is one", path, "leave it out")


def _others(written: Written, fields: Mapping[str, frozenset[FieldSteps]]) -> Iterator[Mistake]:
    """Every rule on other people names fields that are there, and that no earlier rule has decided on."""
    before: Fields = set()
    for named in (named for rule in written.policy.leave_out for named in rule.what):
        before |= _all(named, fields)
    for index, rule in enumerate(written.policy.others):
        held = [(number, pattern, endpoints_of(pattern, fields)) for number, pattern in enumerate(rule.in_)]
        for number, pattern, found in held:
            if not found:
                path = written.place("others", index, "in", number)
                yield written.mistake(f"there is no endpoint `{pattern}`", path, did_you_mean(pattern, fields))
        names = {name for _, _, found in held for name in found}
        covered = [{(name, one) for name in names for one in _reached(steps, fields[name])} for steps in rule.who]
        named_all = Fields().union(*covered)
        if all(found for _, _, found in held):
            yield from _who(written, index, covered, before, {".".join(one) for name in names for one in fields[name]})
        for number, pattern, found in held if named_all else ():
            if found and not any(name in found for name, _ in named_all):
                path = written.place("others", index, "in", number)
                yield written.mistake(f"no recorded record of `{pattern}` has any field of `who`", path, "leave it out")
        inner = {step for _, one in named_all for step in one}
        for number, name in enumerate(rule.but if named_all else ()):
            if not any(matches(name, step) for step in inner):
                path = written.place("others", index, "but", number)
                yield written.mistake(f"no field of `who` is called `{name}`", path, _similar(name, inner))
        before |= named_all


def _who(written: Written, index: int, covered: list[Fields], before: Fields, known: set[str]) -> Iterator[Mistake]:
    for number, steps in enumerate(written.policy.others[index].who):
        path, text = written.place("others", index, "who", number), ".".join(steps)
        if not covered[number]:
            yield written.mistake(f"no recorded record has `{text}` in any of these endpoints", path, _similar(text, known))
        elif covered[number] <= before:
            yield written.mistake(f"{DEAD}: an earlier one decides on `{text}` in all of these endpoints", path, "leave it out")


def _once(written: Written, fields: Mapping[str, frozenset[FieldSteps]]) -> Iterator[Mistake]:
    """Each of the endpoints has the key, and what only a later one tells is not lost."""
    for index, rule in enumerate(written.policy.once):
        missing = [name for name in rule.in_ if name not in fields]
        for name in missing:
            path = written.place("once", index, "in", rule.in_.index(name))
            yield written.mistake(f"there is no endpoint `{name}`", path, did_you_mean(name, fields))
        keyless = [name for name in rule.in_ if name not in missing and not _reached(rule.by, fields[name])]
        for name in keyless:
            path, text = written.place("once", index, "by"), ".".join(rule.by)
            yield written.mistake(f"no recorded record of `{name}` has `{text}`", path, _similar(text, map(".".join, fields[name])))
        for number, named in enumerate(rule.but):
            path = written.place("once", index, "but", number)
            if named.endpoint in rule.in_[1:]:
                yield from _unknown(written, path, named, fields)
            else:
                words = f"`{named.endpoint}` is none of the later endpoints of `in`"
                yield written.mistake(words, path, did_you_mean(named.endpoint, rule.in_[1:]))
        for place, name in enumerate(rule.in_[1:] if not (missing or keyless) else (), 1):
            if lost := _lost(rule, place, fields):
                told = ", ".join(f"{name}.{one}" for one in lost[:MOST_NAMED]) + (", ..." if len(lost) > MOST_NAMED else "")
                words = f"{counted(len(lost), 'field')} that only `{name}` tells would be lost: {told}"
                yield written.mistake(words, written.place("once", index, "in", place), "name them in `but`, to give them all the same")


def _lost(rule: Once, place: int, fields: Mapping[str, frozenset[FieldSteps]]) -> list[str]:
    """Name the fields that would not be given: those of a later endpoint that some earlier one has not."""
    name = rule.in_[place]
    kept = [rule.by[0], *(one.steps[0] for one in rule.but if one.endpoint == name)]
    told = set.intersection(*({path[0] for path in fields[one]} for one in rule.in_[:place]))
    return sorted(one for one in {path[0] for path in fields[name]} - told if not any(matches(step, one) for step in kept))


def _files(written: Written, known: Known) -> Iterator[Mistake]:
    left_out = [named.endpoint for rule in written.policy.leave_out for named in rule.what if not named.steps]
    for name in written.policy.files:
        if name not in (known.fields or {}):
            yield written.mistake(f"there is no endpoint `{name}`", ("files", name), did_you_mean(name, known.files), key=True)
        elif name not in known.files:
            yield written.mistake(f"`{name}` has no files", ("files", name), did_you_mean(name, known.files), key=True)
        elif any(matches(pattern, name) for pattern in left_out):
            yield written.mistake(f"{DEAD}: `{name}` is left out as a whole", ("files", name), "leave it out", key=True)
