"""What must not be shown is not shown: the types that hide fields, each of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import engine
from engine.connection.keys import StoreKey
from engine.connection.oauth_client import ConsentRequest
from engine.core.field_filter import FieldFilter
from engine.core.http import HttpRequest, Malformed, NoAnswer, Response
from engine.core.identity import Identifier
from engine.core.oauth import Tokens
from engine.discreet import Alike, Discreet
from engine.language.expressions.select import parse_select

ROOT = Path(engine.__file__).parent


def subclasses(of: type) -> list[type]:
    """Give every subclass, and theirs."""
    return [found for own in of.__subclasses__() for found in (own, *subclasses(own))]


def test_only_fields_are_hidden():
    """A name that is mistyped would hide nothing; and whatever hides something says so by its place before `Struct`."""
    for path in ROOT.rglob("*.py"):
        if "from engine.discreet import" in path.read_text("utf-8"):
            import_module(".".join(("engine", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"))
    found = subclasses(Discreet)
    assert len(found) > 20
    for one in found:
        hidden = set(one.HIDDEN)
        assert hidden, one
        assert hidden <= set(one.__struct_fields__), one
        assert one.__repr__ is Discreet.__repr__, one
    for one in (alike := subclasses(Alike)):
        assert one.UNCOMPARED, one
        assert set(one.UNCOMPARED) <= set(one.__struct_fields__), one
        assert (one.__eq__, one.__hash__) == (Alike.__eq__, Alike.__hash__), one
    assert len(alike) > 4


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (NoAnswer("reset", "a"), NoAnswer("reset", "a", 2.0), NoAnswer("reset", "b")),
        (Malformed("a"), Malformed("a", {"x": "y"}), Malformed("b")),
        (StoreKey(b"a"), StoreKey(b"a", "file"), StoreKey(b"b")),
        (FieldFilter(), FieldFilter(found={"a"}), FieldFilter(only=frozenset({("a",)}))),
        (parse_select("a[?b].c"), parse_select("a[?b].c"), parse_select("a[?c].c")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_does_not_count_makes_no_two_values_different(one, same, other):
    """Neither where they are compared nor where they are looked up; a value of another type is another one."""
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != (*one._compared(),)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Identifier("email", "secret"), "Identifier(kind='email')"),
        (HttpRequest("POST", "secret", (("authorization", "secret"),), b"secret"), "HttpRequest(method='POST')"),
        (Response(200, {"x": "secret"}, b"secret"), "Response(status=200, seconds=0.0)"),
        (Tokens("secret", 1.0, "secret", None, "read", (("ID", "secret"),)), "Tokens(issued_at=1.0, expires_at=None, scope='read')"),
        (ConsentRequest("secret", "secret", "secret", "http://127.0.0.1/"), "ConsentRequest(redirect_uri='http://127.0.0.1/')"),
    ],
)
def test_what_is_hidden_stands_in_no_text_of_a_value(value, shown):
    """Neither as `repr` nor as text, on its own or within something else."""
    assert repr(value) == shown
    assert "secret" not in f"{value} {[value]} { ({'value': value})!r}"
