"""Lines of records, most of one form, and rules that name their sides: drawn for tests of rows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.language.expressions.lossless_json import Number, dumps
from engine.release.finders import Finders
from engine.release.vocabulary import Vocabulary
from tests.release.test_laws import DECISIONS, POLICIES

LOOK = Finders(Vocabulary(["Bea Stone", "+14155550142"]))
SIDES = [
    {"in": "calls", "who": "caller_*", "but": "*_type", "do": "alias"},
    {"in": "calls", "who": "callee_*", "do": "mask"},
    {"in": "calls", "who": ["caller_*", "callee_*"], "do": "mask"},
    {"in": "calls", "who": "account.owner", "do": "mask"},
    {"in": "calls", "who": "legs.*", "do": "alias"},
]
PEOPLE = st.sampled_from(["Ada Brook", "ada@example.com", "Bea Stone", "bea@example.com", "", "", None, 5, True])
TEXTS = st.sampled_from(
    [
        "x",
        "y",
        "with Bea Stone",
        "bea@example.com",
        "7f3a",
        "2026-01-01T00:00:00Z",
        "pin: 4711 0815",
        "",
        None,
        7,
        14155550142,
        Number("1.10"),
        0,
    ]
)
LEG = st.one_of(
    st.fixed_dictionaries({"codec": st.sampled_from(["opus", "g711", "Bea Stone"]), "leg_id": st.sampled_from(["7f3a", "8f3b"])}),
    st.fixed_dictionaries({"codec": st.just("opus"), "leg_id": st.just("7f3a")}),
    st.sampled_from([{"codec": "opus"}, {"codec": {"to": "Bea Stone"}, "leg_id": "7f3a"}, "Bea Stone", None]),
)
INSIDE = st.one_of(
    st.lists(LEG, max_size=3),
    LEG,
    st.fixed_dictionaries(
        {"plan": st.sampled_from(["pro", "Bea Stone"]), "held": st.fixed_dictionaries({"by": st.sampled_from(["x", "bea@example.com"])})}
    ),
    st.fixed_dictionaries({"owner": PEOPLE}),
)
FIELDS = {
    **{f"{side}_{name}": PEOPLE for side in ("caller", "callee") for name in ("name", "email")},
    "caller_type": TEXTS,
    **dict.fromkeys(("id", "note", "topic", "password", "a/b", "Bea Stone"), TEXTS),
    **dict.fromkeys(("legs", "account"), INSIDE),
}
ODD = st.one_of(PEOPLE, TEXTS, INSIDE)


MOSTLY_SAME = ["same"] * 32 + ["odd", "-0", "2^70", "escaped"]
MOSTLY_OURS = ["as we write"] * 32 + ["turned", "spaced", "twice", "no object"]
RULES = [*SIDES, *SIDES[:2] * 3]
MOSTLY_NONE = st.one_of(st.just([]), DECISIONS)
MOSTLY_FEW = st.one_of(st.just({"policy": "1", "vendor": "acme", "find": {"emails": {"do": "mask"}}}), POLICIES)


@st.composite
def record_lines(draw) -> list[bytes]:
    """Draw lines of which most have one form, few values in each field, and are written as we write; the others are not."""
    names = st.lists(st.sampled_from(list(FIELDS)), min_size=1, max_size=8, unique=True)
    forms = [draw(names), draw(names)]
    few = {name: st.sampled_from(draw(st.lists(FIELDS[name], min_size=1, max_size=2))) for form in forms for name in form}
    lines = []
    for form in draw(st.lists(st.sampled_from([forms[0]] * 9 + [forms[1]]), min_size=8, max_size=16)):
        record = {name: draw(few[name]) for name in form}
        name, change, way = form[0], draw(st.sampled_from(MOSTLY_SAME)), draw(st.sampled_from(MOSTLY_OURS))
        changes = {"odd": draw(ODD), "-0": Number("-0"), "2^70": 2**70, "escaped": "B\ud800"}
        lines.append(written(record | ({name: changes[change]} if change in changes else {}), way))
    return lines


def written(record: dict[str, Any], way: str) -> bytes:
    """Write a record, mostly otherwise than we do."""
    twice = dumps({next(iter(record)): "Bea Stone"})[:-1] + b"," + dumps(record)[1:]
    turned, spaced = dumps(dict(reversed(record.items()))), dumps(record).replace(b'":', b'": ')
    return {"twice": twice, "turned": turned, "spaced": spaced, "no object": dumps([record])}.get(way, dumps(record))


PLAIN = {
    "id": "7f3a",
    "caller_name": "Bea Stone",
    "caller_email": "bea@example.com",
    "topic": "x",
    "legs": [{"codec": "opus"}],
    "account": {"plan": "pro"},
}
CALLERS = {"others": [SIDES[0]], "find": {"known_people": {"do": "mask"}}}
