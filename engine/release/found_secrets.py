"""Find what lets somebody in: in addresses by its name, tokens by their form, and what follows a word like `passcode`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.core.secret_patterns import JWT, KEY_BLOCK, SCHEME, TOKEN
from engine.release.hit import Hit
from engine.release.never import OPENING, is_secret_field

NAMED = re.compile(r"(?<=[?&;#])(?P<name>[\w.~-]{1,64})=(?P<it>[^&;#\s\"'<>]+)")
USER_INFO = re.compile(r"(?<=://)[^\s/?#@:]{0,256}:(?P<it>[^\s/?#@]{1,256})@")
LONG_RUN = re.compile(r"[A-Za-z0-9_.+/=-]{12}")
HINTS = (
    "pass",
    "pin",
    "pwd",
    "kenn",
    "zugang",
    "contra",
    "senha",
    "wacht",
    "hasł",
    "lösen",
    "clave",
    "código",
    "codice",
    "paro",
    "パス",
    "密",
    "暗証",
)
WORDS = (
    r"pass ?(?:word|code|phrase)|passwd|pwd|pin(?:[ -]?code)?|access code|host key|"
    r"pass?wort|kennwort|zugangscode|mot de passe|code d['\u2019]accès|contraseña|clave|código de acceso|senha|"
    r"wachtwoord|toegangscode|hasło|lösenord|parola|codice di accesso|パスワード|パスコード|暗証番号|密码|密碼"
)
NOTHING = (
    r"(?:required|needed|none|no|yes|true|false|null|changed|reset|expired|enabled|disabled|optional|unknown|hidden|sent|set|here|below|"
    r"removed|protected|erforderlich|keine?s?|siehe|aucun|requis|ninguna?|obligatori[ao]|geen|nenhuma|brak|inget|nessuna?|https?)(?!\w)|[*•xX.]+(?!\S)"
)
IS = r"(?:is|ist|lautet|est|es|\u00e9|\u00e8|to|jest|\u00e4r)"
BETWEEN = rf"[ \t]{{0,8}}(?:(?:{IS}[ \t]{{1,4}})?[:=][ \t]*|(?:{IS}[ \t]+|(?<=[ \t]))(?=\S*\d))"
QUOTED = r"[\"'`«„“](?P<quoted>[^\"'`»”\n]{3,64})"
PLAIN = rf"(?!{NOTHING})(?P<it>[^\s\"'`«„“<>][^\s\"<>]{{2,127}})"
JAPANESE = r"(?<=パスワード|パスコード)(?:は|\uff1a)(?P<ja>[!-~]{4,64})"
BESIDE_WORD = re.compile(rf"(?<![\w?&;#])(?:{WORDS}){BETWEEN}(?:{QUOTED}|{PLAIN})|{JAPANESE}", re.IGNORECASE)
BETWEEN_WORDS = (" ", "=", "\t", "\n")
BETWEEN_CHARACTERS = ("は", "\uff1a")
DIGITS_ONLY = re.compile(r"\(?(?P<it>\d+)[.,;:!?)\]]*$")


def secrets(text: str, *, tokens: bool = True) -> Iterator[Hit]:
    """Give secrets of each form; the values are as they stand there. Where it is known that no token begins in it, `tokens` is false."""
    if "=" in text:
        for found in NAMED.finditer(text):
            if found["name"].lower() in OPENING or is_secret_field(found["name"]):
                yield Hit("secrets", *found.span("it"), found["it"])
    if "://" in text and "@" in text:
        yield from (Hit("secrets", *found.span("it"), found["it"]) for found in USER_INFO.finditer(text))
    if (tokens or "eyJ" in text or " " in text or "\t" in text) and LONG_RUN.search(text):
        yield from _tokens(text)
    if text.count(":") > text.count("://") or _in_words(text):
        lower = text.lower()
        if any(hint in lower for hint in HINTS):
            yield from _beside_words(text)


def _in_words(text: str) -> bool:
    """Whether something can stand behind a word in a text."""
    for sign in BETWEEN_WORDS:  # a loop, since this is asked of every address
        if sign in text:
            return True
    return not text.isascii() and any(char in text for char in BETWEEN_CHARACTERS)


def _tokens(text: str) -> Iterator[Hit]:
    for found in TOKEN.finditer(text):
        yield Hit("secrets", *found.span(), found[0])
    if "eyJ" in text:
        yield from (Hit("secrets", *found.span(), found[0]) for found in JWT.finditer(text))
    if " " in text or "\t" in text:
        yield from (Hit("secrets", *found.span("it"), found["it"]) for found in SCHEME.finditer(text))
        begun = KEY_BLOCK.search(text) if "-----BEGIN" in text else None
        if begun is not None:
            yield Hit("secrets", begun.start(), len(text), text[begun.start() :])


def _beside_words(text: str) -> Iterator[Hit]:
    for found in BESIDE_WORD.finditer(text):
        name = found.lastgroup or "it"
        number = DIGITS_ONLY.match(found[name])
        start, it = (found.start(name) + number.start("it"), number["it"]) if number else (found.start(name), found[name].rstrip(",;"))
        if len(it) >= 3 and it.strip():
            yield Hit("secrets", start, start + len(it), it)
