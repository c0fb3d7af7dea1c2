"""Credentials: from a stored connection, or a token of the environment, to request headers; and whether a spec may use them."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from engine.connection.outside_secret import from_environment
from engine.connection.settings import filled, from_outside
from engine.connection.stored import Bound, StoredConnection
from engine.core.oauth import Tokens
from engine.errors import NotConnected
from engine.language.effective import Vendor
from engine.language.expressions.template import Template
from engine.net.transport import Credential

BEARER = "Bearer "
NONE: Mapping[str, str] = {}


def bound(vendor: Vendor, at: str | None, way: str = "oauth2", settings: Mapping[str, str] = NONE) -> Bound:
    """Give the hosts and addresses that a connection made now is bound to. Raises NotConnected if a setting does not fit an address."""
    oauth2 = vendor.auth.oauth2
    if oauth2 is None or way != "oauth2":
        return Bound(vendor.hosts, at=at)
    written = (oauth2.token_url, oauth2.authorization_url, oauth2.revocation_url)
    token, authorization, revocation = (one and filled(vendor, one, settings) for one in written)
    return Bound(vendor.hosts, token, authorization, revocation, at)


def check_bound(vendor: Vendor, record: StoredConnection, at: str | None, again: str) -> None:
    """Refuse a spec that would send the credential to other hosts than the connection is bound to. Raises NotConnected.

    `again` is the command that makes the connection again.
    """
    try:
        now, then = bound(vendor, at, record.way, record.settings), record.bound
    except NotConnected as error:
        message = f"{error}: {again}"
        raise NotConnected(message) from None
    if (now.at is None) != (then.at is None):
        made, asked = ("with --at, for a simulator", "without it") if then.at else ("without --at", "with it")
        mend = "add --at URL; for the real account" if then.at else "leave --at out; for a simulator"
        message = f"this connection was made {made}, and is used {asked}: {mend}: {again}"
        raise NotConnected(message)
    names = sorted(set(now.hosts) - set(then.hosts))
    if record.way == "oauth2":
        pairs = ((now.token_url, then.token_url), (now.authorization_url, then.authorization_url))
        names += [one for one, other in pairs if one is not None and one != other]
        if any(one is None and other is not None for one, other in pairs):
            names.append("another way to connect")
    if names:
        message = f"the spec names what this connection was not made for: reconnect to allow {', '.join(names)} ({again})"
        raise NotConnected(message)


def credential(vendor: Vendor, record: StoredConnection, again: str) -> Credential:
    """Give a connection's request headers. Raises NotConnected, with the command `again`, if the spec now connects in another way."""
    auth = vendor.auth
    if record.way == "oauth2" and auth.oauth2 is not None and record.tokens is not None:
        headers = [(name, _filled(value, record.tokens.access)) for name, value in auth.oauth2.headers.items()]
        return Credential(tuple(headers) or (("Authorization", BEARER + record.tokens.access),))
    if record.way == "headers" and auth.headers and record.secret is not None:
        return Credential(tuple((name, _filled(value, record.secret)) for name, value in auth.headers.items()))
    if record.way == "basic" and auth.basic is not None and record.secret is not None:
        pair = base64.b64encode(_filled(auth.basic, record.secret).encode()).decode()
        return Credential((("Authorization", f"Basic {pair}"),))
    message = f"the spec connects in another way than this connection does: {again}"
    raise NotConnected(message)


def _filled(template: Template, secret: str) -> str:
    return "".join(part if isinstance(part, str) else secret for part in template.parts)


def checked_secret(secret: str, way: str, name: str) -> str:
    """Refuse a secret that cannot stand in a header; `name` is where it comes from. Raises NotConnected."""
    fit = secret.isprintable() and (way == "basic" or secret.isascii())
    if not fit or not secret:
        message = f"{name} is empty, or holds characters that no header can carry: that is no {'token' if way == 'oauth2' else 'key'}"
        raise NotConnected(message)
    if way == "oauth2" and " " in secret:
        message = f"{name} holds blanks: that is no access token"
        raise NotConnected(message)
    return secret


def environment_record(vendor: Vendor, environ: Mapping[str, str], at: str | None) -> StoredConnection | None:
    """Make a connection of HABEAS_<VENDOR>_TOKEN or, for a key, HABEAS_<VENDOR>_SECRET; None if neither is set.

    It is never stored and never renewed. Raises NotConnected.
    """
    ways, upper = vendor.auth.ways, vendor.name.upper()
    for way in ways:
        token, secret = f"HABEAS_{upper}_TOKEN", f"HABEAS_{upper}_SECRET"
        for name in (token,) if way == "oauth2" else (secret,) if "oauth2" in ways else (secret, token):
            text = from_environment(name, environ)
            if text is not None:
                return unstored(vendor, way, checked_secret(text, way, name), environ, at)
    return None


def token_record(vendor: Vendor, token: str, environ: Mapping[str, str], at: str | None) -> StoredConnection:
    """Make a connection of an access token, or of a key where the vendor has no OAuth. Raises NotConnected where it cannot be one."""
    way = "oauth2" if "oauth2" in vendor.auth.ways else vendor.auth.ways[0]
    return unstored(vendor, way, checked_secret(token, way, "the token"), environ, at)


def unstored(vendor: Vendor, way: str, secret: str, environ: Mapping[str, str], at: str | None) -> StoredConnection:
    """Make a connection that is never stored; the settings it needs come from the environment. Raises NotConnected."""
    tokens = Tokens(secret, 0.0) if way == "oauth2" else None
    settings = from_outside(vendor, environ)
    # its addresses are never asked for a token, so none has to be known
    return StoredConnection(
        vendor.name, way, Bound(vendor.hosts, at=at), 0.0, secret=None if tokens else secret, tokens=tokens, settings=settings
    )
