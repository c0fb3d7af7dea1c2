"""Where an API lives and how one connects to it, as `habeas new` asks for it."""

from __future__ import annotations

import re

from engine.cli.asker import Asker, as_word, one_of
from engine.openapi.draft import Block
from engine.spec import words as w

WAYS = ("oauth2", "key", "basic")


def base_address(text: str) -> str:
    """Take the address behind which every request line is put."""
    as_word(w.RequestLine)(as_word(w.OpenAddress)(text))
    return text.rstrip("/")


def hosts(text: str) -> list[str]:
    """Take hosts, with commas or blanks between them."""
    return [as_word(w.Host)(one) for one in re.split(r"[,\s]+", text)]


def auth(asker: Asker) -> Block:
    """Ask how to connect."""
    block, way = Block(), asker.ask(f"How to connect: {', '.join(WAYS)}", one_of(WAYS), "key")
    if way == "oauth2":
        inner = Block()
        inner.add("authorization_url", asker.ask("Where the person who connects gives consent, https://...", as_word(w.OpenAddress)))
        inner.add("token_url", asker.ask("Where tokens are got, https://...", as_word(w.OpenAddress)))
        inner.add(
            "redirect_uri",
            asker.ask("Redirect address, as registered with the vendor", as_word(w.Redirect), "http://127.0.0.1:8917/callback"),
        )
        inner.add("scopes", asker.ask("Scopes, with blanks between them", str.split, ""))
        block.add("oauth2", inner)
    elif way == "basic":
        block.add("basic", asker.ask("user:password, with <SECRET> for the key", as_word(w.UserPassword), "<SECRET>:"))
    else:
        block.add("headers", asker.ask("The header of the key, with <SECRET> for it", key_header, "Authorization: Bearer <SECRET>"))
    return block


def key_header(text: str) -> dict[str, str]:
    """Take a header with <SECRET> in it, as the vendor prints it."""
    name, colon, value = text.partition(":")
    if not colon:
        message = "write it as `Name: value`"
        raise ValueError(message)
    return {as_word(w.KeyHeader)(name.strip()): as_word(w.Keyed)(value.strip())}
