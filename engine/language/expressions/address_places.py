"""Where a value stands in an address, and what it must look like there. This is a security rule, defined only here.

A value that becomes part of a host decides where the credential is sent. `core/rendering` asks this module when it writes
an address, `connection/settings` when it accepts a setting, and `language/rules` when it checks a spec.

    template                      capacity of the value
    <FILE_URL>                    address: the value is the whole https address
    <INSTANCE>/v1/users           origin: https, a host, and nothing else
    https://<HOST>/v1/users       host: the whole host name
    https://<SHOP>.acme.com/v1    label: one label between the dots of a host name
    /v1/users/<USER_ID>           segment: percent-encoded, so that it cannot leave its path segment
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from engine.language.expressions.template import Field, Hole, Template

SCHEME = "https://"
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
HOST = re.compile(rf"(?:{LABEL.pattern}\.)+{LABEL.pattern}")
ORIGIN = re.compile(rf"{SCHEME}{HOST.pattern}/?")
ADDRESS = re.compile(rf"{SCHEME}{HOST.pattern}(?:/[!$-;=?-\[\]_a-z~]*)?")


class Capacity(StrEnum):
    """What a value is in an address."""

    ADDRESS = "address"
    ORIGIN = "origin"
    HOST = "host"
    LABEL = "label"
    SEGMENT = "segment"


FITTING: Mapping[Capacity, re.Pattern[str]] = {
    Capacity.ADDRESS: ADDRESS,
    Capacity.ORIGIN: ORIGIN,
    Capacity.HOST: HOST,
    Capacity.LABEL: LABEL,
}


class PlacedValue(Struct, frozen=True):
    """A value of an address, with its capacity."""

    value: Hole | Field
    capacity: Capacity


def fits(capacity: Capacity, text: str) -> bool:
    """Whether a text has the form that a capacity demands. A segment takes any text, because it is percent-encoded."""
    return capacity is Capacity.SEGMENT or FITTING[capacity].fullmatch(text) is not None


@lru_cache(maxsize=1024)
def address_parts(template: Template) -> tuple[str | PlacedValue, ...]:
    """Split an address into its parts in order: text as it is written, and values with their capacities."""
    parts: list[str | PlacedValue] = []
    before = ""
    for part in template.parts:
        if isinstance(part, str):
            before += part
            parts.append(part)
            continue
        if not parts:
            capacity = Capacity.ADDRESS if template.whole is not None else Capacity.ORIGIN
            before = f"{SCHEME}x"
        else:
            capacity = _in_host(part, template) if before.startswith(SCHEME) and before.count("/") < 3 else Capacity.SEGMENT
            before += "x"
        parts.append(PlacedValue(part, capacity))
    return tuple(parts)


def _in_host(part: Hole | Field, template: Template) -> Capacity:
    return Capacity.HOST if host_of(str(template)) == str(part) else Capacity.LABEL


def placed_values(template: Template) -> Iterator[PlacedValue]:
    """Give the values of an address in order, with their capacities."""
    return (part for part in address_parts(template) if isinstance(part, PlacedValue))


def has_open_host(template: Template) -> bool:
    """Whether the host of an address depends on a value, so that it is only known when the value is."""
    return any(one.capacity is not Capacity.SEGMENT for one in placed_values(template))


def host_of(address: str) -> str:
    """Give the host of an https address as it is written, with its values; `` where a value is the address or its origin."""
    return address.removeprefix(SCHEME).partition("/")[0] if address.startswith(SCHEME) else ""
