"""Whose the records of an answer are: `echo`, which every one must repeat, and `match`, which parts the person's from the others'.

What cannot be told raises Unresolved, and is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import compress
from operator import not_
from typing import Any

from msgspec import Struct

from engine.core.chain import Chain, Unresolved
from engine.core.envelope import Envelope, column
from engine.core.identity import Same, comparison
from engine.core.rendering import plain_text
from engine.core.twice import twice_in
from engine.language.effective import Endpoint
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select, nothing_at, reads, walk
from engine.language.expressions.template import Template

NO_COUNTRY = "a phone number in it has no country code, so that it cannot be compared"


def unrepeated(chain: Chain, envelope: Envelope, records: Sequence[Any]) -> str | None:
    """Give the first path of `echo` at which an answer does not repeat what was asked; None without. Raises Unresolved."""
    checks = chain.endpoint.echo
    return next((path.text for path, value in checks if not _echoed(chain.endpoint, envelope, records, path, _same(value, chain))), None)


class Parted(Struct, frozen=True):
    """The records that `match` keeps and those that it drops; `named`: one of these says whose it is, by what it was dropped for.

    Where it keeps none and none is named, `held` are those of several paths of `match` that a record holds all the same.
    """

    kept: Sequence[Any]
    dropped: Sequence[Any]
    named: bool
    held: frozenset[str]


def parted(chain: Chain, records: Sequence[Any]) -> Parted:
    """Part the person's records from others'. Raises Unresolved."""
    endpoint, kept, dropped, named = chain.endpoint, records, list[Any](), False
    for select, template in endpoint.match:
        kept, others = _kept(kept, select, _same(template, chain))
        named = named or any(_names(endpoint, select, lossless_json.loads(bytes(record))) for record in others)
        dropped += others
    # Of whom a look-up found, every member counts: core/subject looks at all of them.
    _read_in_one_way(dropped if endpoint.capture else records, (select for select, _ in endpoint.match))
    unclaimed = () if kept or named or len(endpoint.match) < 2 else [lossless_json.loads(bytes(record)) for record in dropped]
    held = frozenset(select.text for select, _ in endpoint.match if any(_names(endpoint, select, one) for one in unclaimed))
    return Parted(kept, dropped, named, held)


def _same(template: Template, chain: Chain) -> Same:
    """Give the comparison with a value. Raises Unresolved."""
    return partial(comparison(template.identifier, chain.endpoint.usernames), plain_text(template, chain))


def _echoed(endpoint: Endpoint, envelope: Envelope, records: Sequence[Any], select: Select, same: Same) -> bool:
    """Whether the answer repeats what was asked: every element of a list does, and there is at least one to compare."""
    if select.column and endpoint.records is not None and select.column[0] == endpoint.records.steps:
        inner = Select(".".join(select.column[1]), select.column[1], None, None)
        _read_in_one_way(records, (inner,))
        return all(one is not None and _agrees(lossless_json.loads(one), same) for one in set(column(records, inner)))
    found = envelope.find(select)
    if found == [] and records:
        return False
    return all(_agrees(one, same) for one in (found if isinstance(found, list) else [found]))


def _kept(records: Sequence[Any], select: Select, same: Same) -> tuple[list[Any], list[Any]]:
    """Part the records in which the path has the value from the others; of a list, one element is enough.

    Raises Unresolved where of one record it cannot be told.
    """
    if select.steps is not None and len(select.steps) == 1:
        found = [None if text is None else lossless_json.loads(text) for text in column(records, select)]
    else:
        found = [select.search(lossless_json.loads(bytes(record))) for record in records]
    told = [value is not None and _any_agrees(value, same) for value in found]
    if None in told:
        raise Unresolved(NO_COUNTRY)
    agree = [one is True for one in told]
    return list(compress(records, agree)), list(compress(records, map(not_, agree)))


def _names(endpoint: Endpoint, select: Select, record: Any) -> bool:
    """Whether a record says whose it is, where `match` looks. Of a person who is looked up, what holds nothing does not.

    Elsewhere it says that it is nobody's, as vendors write that: null, an empty text, list or map. Of what an
    expression finds, which may choose and compute, nobody can tell.
    """
    if select.steps is None:
        return True
    found = walk(record, select.steps)
    told = any(lossless_json.text_of(one) for one in (found if isinstance(found, list) else [found]))
    return told or (not endpoint.capture and nothing_at(record, select.steps))


def _read_in_one_way(records: Sequence[Any], selects: Iterable[Select]) -> None:
    """Raise Unresolved where a record holds twice what is compared: one reader would take the one, another the other."""
    for path in {path for select in selects for path in reads(select)}:
        double = twice_in(records, path)
        if double is not None:
            message = f"a record holds `{double}` twice"
            raise Unresolved(message)


def _any_agrees(found: Any, same: Same) -> bool | None:
    told = {_agrees(one, same) for one in (found if isinstance(found, list) else [found])}
    return True if True in told else None if None in told else False


def _agrees(value: Any, same: Same) -> bool | None:
    text = lossless_json.text_of(value)
    return text is not None and same(text)
