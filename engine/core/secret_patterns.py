"""What a secret looks like: names that one stands under, and tokens known by how they begin. Opens no file, sends nothing.

`check` reports what these patterns find in a cassette, `record` removes it before a cassette is written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
LISTED = re.compile(r"\S+")
STAND_IN = re.compile(r"removed(?:-[0-9]{1,6})?|\[removed\]|<removed>|\*\*\*|null|true|false|")

WHOLE_NAMES = re.compile(
    r"(?:access|refresh|id|auth|bearer|session|security|csrf|xsrf|device|push|oauth)[_-]?token|(?:[a-z0-9]{1,20}[_-])?secret|"
    r"(?:client|app|consumer|signing|webhook|shared)[_-]?secret|(?:secret|api|private|access|host)[_-]?key|"
    r"(?:[a-z0-9]{1,20}_){0,3}pass(?:word|code|phrase|wd)|pwd|credentials?|authorization|cookie|j?session_?id|otp|pin_?code|token|"
    r"zak|zpk|sig|signature|x-amz-(?:signature|credential|security-token)",
    re.IGNORECASE,
)
WORDS = frozenset(
    LISTED.findall(
        """
    secret token password passwd passwort passcode passphrase pwd authorization cookie cookies signature sig
    credential credentials apikey jwt nonce otp
    """
    )
)
PAIRS = frozenset(
    {
        *(("api", "key"), ("access", "key"), ("private", "key"), ("host", "key"), ("auth", "key")),
        *(("session", "id"), ("pin", "code"), ("pass", "phrase"), ("pass", "code"), ("pass", "word")),
    }
)
PAGING = frozenset({"page", "next", "prev", "previous", "cursor", "continuation", "sync", "after", "before"})
DESCRIBING = frozenset(
    LISTED.findall(
        """
    at by count counts created date days default enabled expired expires expiration expiry for format hint id ids
    in kind last length max min name policy protected required requirement requirements requires require size status total type updated uri
    url version without
    """
    )
)


@lru_cache(maxsize=4096)
def pieces(name: str) -> tuple[str, ...]:
    """Split a name as programs write them into its words, in lower case: `hostKey_2` into host, key, 2."""
    return tuple(word.casefold() for word in PIECES.findall(name))


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what stands under a name may let somebody in: `accessToken`, `X-Api-Key`, `zak`; not `next_page_token`."""
    if WHOLE_NAMES.fullmatch(name):
        return True
    words = pieces(name)
    if PAGING & set(words):
        return False
    return bool(WORDS & set(words)) or not PAIRS.isdisjoint(pairwise(words))


@lru_cache(maxsize=4096)
def describes_a_secret(name: str) -> bool:
    """Whether a secret's name only tells about one: `token_count`, `credential_type`, `require_password_for_meetings`."""
    if WHOLE_NAMES.fullmatch(name):
        return False
    words = pieces(name)
    paired = {word for pair in pairwise(words) if pair in PAIRS for word in pair}
    return not DESCRIBING.isdisjoint({*words} - paired)


class TokenForm(Struct, frozen=True):
    """How one kind of token is written. `telling`: its beginning alone is enough to know it, whatever follows."""

    beginning: str
    rest: str
    telling: bool = True


TOKEN_FORMS = (
    TokenForm("xox[a-z]-", "[A-Za-z0-9-]{8,}"),
    TokenForm("xapp-", "[A-Za-z0-9-]{8,}"),
    TokenForm(r"hooks\.slack\.com/(?:services|workflows)/", "[A-Za-z0-9/]{8,}", telling=False),
    TokenForm("gh[a-z]_", "[A-Za-z0-9]{16,}"),
    TokenForm("github_pat_", "[A-Za-z0-9_]{16,}"),
    TokenForm("glpat-", "[A-Za-z0-9_-]{16,}"),
    TokenForm("shp[a-z]{2}_", "[A-Fa-f0-9]{16,}"),
    TokenForm("pat-", r"[a-z]{2}\d-[0-9a-f-]{16,}"),
    TokenForm("", r"[0-9a-f]{32}-us\d{1,2}(?![0-9])", telling=False),
    TokenForm("", "00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{16,}", telling=False),
    TokenForm("[spr]k_", "(?:live|test)_[A-Za-z0-9]{16,}"),
    TokenForm("[sp]k-", "[A-Za-z0-9_-]{20,}"),
    TokenForm("whsec_", "[A-Za-z0-9]{16,}"),
    TokenForm("(?:AKIA|ASIA)", "[A-Z0-9]{16}(?![A-Za-z0-9])"),
    TokenForm("AIza", "[A-Za-z0-9_-]{30,}"),
    TokenForm(r"ya29\.", "[A-Za-z0-9_-]{16,}"),
    TokenForm("1//0", "[A-Za-z0-9_-]{16,}", telling=False),
    TokenForm(r"SG\.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    TokenForm("key-", "[0-9a-f]{32}", telling=False),
    TokenForm("npm_", "[A-Za-z0-9]{30,}", telling=False),
    TokenForm("lin_(?:api|oauth)_", "[A-Za-z0-9]{16,}"),
    TokenForm("ntn_", "[A-Za-z0-9]{16,}", telling=False),
    TokenForm("secret_", "[A-Za-z0-9]{30,}", telling=False),
    TokenForm("ATATT3", "[A-Za-z0-9_=-]{16,}"),
    TokenForm("sq0[a-z]{3}-", "[A-Za-z0-9_-]{16,}"),
    TokenForm("dop_v1_", "[0-9a-f]{32,}"),
    TokenForm("pypi-", "[A-Za-z0-9_-]{16,}", telling=False),
)
TOKENS = "|".join(one.beginning + one.rest for one in TOKEN_FORMS)
TOKEN = re.compile(rf"(?<![A-Za-z0-9])(?:{TOKENS})")
SCHEME = re.compile(r"[Bb](?<!\w.)(?i:earer|asic)[ \t]+(?P<it>[A-Za-z0-9._~+/=-]{16,})")
JWT = re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}")
KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY")
BEGINS_AS_TOKEN = re.compile(
    rf"(?:Bearer |Basic |eyJ|-----BEGIN|{'|'.join(one.beginning for one in TOKEN_FORMS if one.telling)})(?s:.{{8,}})"
)
WHOLE_TOKEN = re.compile("|".join(one.pattern for one in (BEGINS_AS_TOKEN, TOKEN, SCHEME, JWT)))


def is_token(text: str) -> bool:
    """Whether a whole value is a token. Judged by its beginning where that tells: a value that is removed in vain harms nobody."""
    return WHOLE_TOKEN.fullmatch(text) is not None
