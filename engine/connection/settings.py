"""Settings: a connection's values that are no secret, such as a shop's name. Which are needed, and whether a value fits.

They are typed by a person, set in the environment, or read from the token answer. One that becomes part of a host decides
where the credential goes, so it is checked before anything is stored or sent. No message repeats a value.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.connection.outside_secret import from_environment
from engine.connection.stored import StoredConnection
from engine.core.chain import Chain, Unresolved
from engine.core.identity import unfit
from engine.core.oauth import NOTHING, WantedFromToken
from engine.core.rendering import address_of
from engine.errors import NotConnected
from engine.language.effective import Row, Vendor
from engine.language.expressions.address_places import Capacity, fits, has_open_host, placed_values
from engine.language.expressions.template import Template, parse_template
from engine.net.hosts import Hosts


class Setting(Struct, frozen=True):
    """A value that `connect` asks for, with the spec's help text; `optional` if `discover` can find it too."""

    name: str
    help: str
    optional: bool


def needed(vendor: Vendor, way: str) -> tuple[Setting, ...]:
    """Give the settings that a way to connect (oauth2, headers, basic) needs and the token answer does not supply."""
    oauth2 = vendor.auth.oauth2 if way == "oauth2" else None
    supplied = frozenset(oauth2.capture) if oauth2 is not None else frozenset()
    early = frozenset(hole.name for one in _oauth_addresses(vendor, way) for hole in one.holes())
    names, found = _used(vendor) | early, _discovered(vendor)
    return tuple(
        Setting(name, words, optional=name in found and name not in early)
        for name, words in vendor.settings.items()
        if name in names and name not in supplied
    )


def fault(vendor: Vendor, way: str, name: str, value: str) -> str | None:
    """Say why a value does not fit in the places where the spec uses its name; None if it does."""
    wrong = unfit(value)
    if wrong is not None:
        return wrong
    requests = tuple(vendor.requests())
    if not value.isascii() and any(hole.name == name for one in requests for _, header in one.headers for hole in header.holes()):
        return "stands in a header: ASCII characters only"
    for template in (*(one.address for one in requests), *_oauth_addresses(vendor, way)):
        for placed in placed_values(template):
            wrong = _misplaced(vendor, placed.capacity, value) if placed.value.name == name else None
            if wrong is not None:
                return wrong
    return None


def _misplaced(vendor: Vendor, capacity: Capacity, value: str) -> str | None:
    """Say why a value does not fit its capacity, or is a host that the spec's `hosts` do not cover."""
    covers, under = Hosts(vendor.hosts).covers, ", ".join(vendor.hosts)
    fitting = fits(capacity, value)
    if capacity is Capacity.LABEL and not fitting:
        return "stands in the name of a host: letters, digits and - only, no dot"
    if capacity is Capacity.HOST and not (fitting and covers(f"https://{value.lower()}/")):
        return f"is no host under {under}"
    if capacity is Capacity.ORIGIN and not (fitting and covers(value)):
        return f"is no https address of a host under {under}"
    if capacity is Capacity.ADDRESS and not (fitting and covers(value)):
        return f"is no https address under {under}"
    return None


def filled(vendor: Vendor, address: str, settings: Mapping[str, str]) -> str:
    """Fill the settings into an OAuth address, to which the client secret will be sent. Raises NotConnected if one does not fit."""
    template = parse_template(address)
    try:
        found = address_of(template, Chain(vendor.verify, tuple(settings.items())))
    except Unresolved as error:
        raise NotConnected(str(error)) from None
    if has_open_host(template) and not Hosts(vendor.hosts).covers(found):
        message = "an address of `oauth2` with this connection's settings is not under the spec's `hosts`"
        raise NotConnected(message)
    return found


def from_outside(vendor: Vendor, environ: Mapping[str, str]) -> dict[str, str]:
    """Read from the environment the settings that a token of the environment needs, by name. Raises NotConnected if one is missing."""
    settings, lacking = {}, []
    for name in (one for one in vendor.given if one in _used(vendor)):
        text = from_environment(variable(vendor, name), environ)
        if text is not None:
            settings[name] = checked(vendor, "", name, text, variable(vendor, name))
        elif name not in _discovered(vendor):
            lacking.append(name)
    if lacking:
        words = "; ".join(f"{variable(vendor, one)}{_words(vendor, one)}" for one in lacking)
        message = f"a token of the environment does not say which account is meant: set {words}"
        raise NotConnected(message)
    return settings


def checked(vendor: Vendor, way: str, name: str, value: str, place: str) -> str:
    """Give the value back if it fits. Raises NotConnected, which names where it came from (`place`)."""
    wrong = fault(vendor, way, name, value)
    if wrong is None:
        return value
    message = f"{place} {wrong}"
    raise NotConnected(message)


def variable(vendor: Vendor, name: str) -> str:
    """Give the environment variable of a setting, such as HABEAS_SHOPIFY_SHOP."""
    return f"HABEAS_{vendor.name.upper()}_{name}"


def _words(vendor: Vendor, name: str) -> str:
    return f" ({vendor.settings[name]})" if name in vendor.settings else ""


def wanted(vendor: Vendor) -> WantedFromToken:
    """Give what the spec says of token answers: which values are read besides the tokens, and what refusals mean."""
    oauth2 = vendor.auth.oauth2
    if oauth2 is None:
        return NOTHING
    return WantedFromToken(oauth2.capture, lambda name, value: fault(vendor, "oauth2", name, value) is None, oauth2.refusals)


def given(vendor: Vendor, record: StoredConnection) -> Row:
    """Give a connection's values for requests, by name. A value from the token answer replaces a setting of the same name."""
    values = {**record.settings, **dict(from_token(vendor, record))}
    return tuple((name, values[name]) for name in vendor.given if name in values)


def from_token(vendor: Vendor, record: StoredConnection) -> Row:
    """Give the values that came with the token in use, as far as the spec still reads them."""
    oauth2, tokens = vendor.auth.oauth2, record.tokens
    return tuple((name, value) for name, value in tokens.captured if name in oauth2.capture) if tokens and oauth2 else ()


def check_given(vendor: Vendor, record: StoredConnection, again: str) -> None:
    """Refuse a connection that lacks a value the spec needs now, or has one that no longer fits. Raises NotConnected."""
    values = dict(given(vendor, record))
    names = [one.name for one in needed(vendor, record.way) if not one.optional]
    oauth2 = vendor.auth.oauth2 if record.way == "oauth2" else None
    names += [name for name in (oauth2.capture if oauth2 is not None else ()) if name in _used(vendor)]
    lacking = [f"<{name}>" for name in dict.fromkeys(names) if name not in values]
    if lacking:
        message = f"this connection was made without {' and '.join(lacking)}, which the spec needs: {again}"
        raise NotConnected(message)
    for name, value in values.items():
        wrong = fault(vendor, record.way, name, value)
        if wrong is not None:
            message = f"<{name}> of this connection {wrong}: {again}"
            raise NotConnected(message)


def _used(vendor: Vendor) -> frozenset[str]:
    return frozenset(hole.name for one in vendor.requests() for hole in one.holes())


def _discovered(vendor: Vendor) -> frozenset[str]:
    return frozenset(name for one in vendor.discover.values() for name, _ in one.capture)


def _oauth_addresses(vendor: Vendor, way: str) -> tuple[Template, ...]:
    oauth2 = vendor.auth.oauth2 if way == "oauth2" else None
    if oauth2 is None:
        return ()
    written = (oauth2.token_url, oauth2.authorization_url, oauth2.revocation_url)
    return tuple(parse_template(one) for one in written if one is not None)
