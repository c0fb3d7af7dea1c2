"""Where each word may stand: one table of all places of a spec, with the model class of each.

Diagnostics use it ("it stands in `pagination`"), and docs/language.md has one table of words for each place.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from engine.language.model import spec as m
from engine.language.text.document import Path

PLACES: tuple[tuple[str, type[m.Words]], ...] = (
    ("the top of the file", m.Spec),
    ("`direct_contact`, `access` and `deletion` in it", m.ContactWaySpec),
    ("`auth`", m.Auth),
    ("`auth.oauth2`", m.OAuth2),
    ("`auth.oauth2.refusals`", m.TokenRefusalsSpec),
    ("`auth.oauth2.refusals.rules`", m.TokenRuleSpec),
    ("`access`", m.AccessSpec),
    ("every request", m.RequestSpec),
    ("a look-up", m.LookupSpec),
    ("a request of `discover`", m.DiscoverSpec),
    ("an endpoint", m.EndpointSpec),
    ("`pagination`", m.PaginationSpec),
    ("`window`", m.WindowSpec),
    ("`files`", m.FileRule),
    ("`refusals`", m.RefusalsSpec),
    ("`refusals.rules`", m.RuleSpec),
    ("`rate_limits`", m.RateLimits),
    ("a limit that answers tell of", m.PointBucket),
)


def words_of(place: type[m.Words]) -> dict[str, FieldInfo]:
    """Give the words that may stand in a place, as they are written."""
    return {field.alias or name: field for name, field in place.model_fields.items()}


def places_of(word: str) -> str | None:
    """Say where a word may stand, such as "`pagination` or `window`"; None for an unknown word."""
    found = [name for name, place in PLACES if word in words_of(place)]
    if "every request" in found:
        return "a request, or at the top for all" if "the top of the file" in found else "a request"
    return " or ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else next(iter(found), None)


def known_words(path: Path) -> tuple[str, ...]:
    """Give the words that may stand in the map at a path."""
    return tuple(words_of(_place(path)))


def field_of(path: Path) -> FieldInfo:
    """Give what the model says of the word that a path ends with."""
    return words_of(_place(path[:-1]))[str(path[-1])]


def _place(path: Path) -> type[m.Words]:
    kind: Any = m.Spec
    for step in path:
        kind = _bare(kind, listed=isinstance(step, str))
        if get_origin(kind) in (tuple, dict):
            kind = get_args(kind)[-1 if get_origin(kind) is dict else 0]
        else:
            found = words_of(kind).get(str(step))
            kind = found.annotation if found is not None else m.PointBucket
    place: type[m.Words] = _bare(kind, listed=True)
    return place


def _bare(kind: Any, *, listed: bool) -> Any:
    """Unwrap Annotated and Optional; with `listed` tuples too, because a single value may stand where a list may."""
    while (origin := get_origin(kind)) in (Annotated, Union, UnionType) or (listed and origin is tuple):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    return kind
