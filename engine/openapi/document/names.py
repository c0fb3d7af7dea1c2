"""Word lists: which names in a document mean a person, an identifier, a page; and how such a name is written in a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

PERSONS = {"user": 3, "person": 3, "contact": 3, "customer": 3, "member": 3, "subscriber": 3, "employee": 3, "profile": 2, "lead": 1}
PERSONS |= {"agent": 1, "student": 2, "patient": 2, "recipient": 1, "guest": 1, "staff": 1, "candidate": 2, "requester": 1, "worker": 2}
EMAILS = ("email", "emailaddress", "primaryemail", "useremail", "mail", "workemail", "contactemail", "primaryemailaddress", "login")
USERNAMES = ("username", "login", "loginname", "userlogin", "screenname", "handle", "nickname", "name")
PHONES = ("phone", "phonenumber", "mobile", "mobilephone", "msisdn", "mobilenumber", "primaryphone")
PROOFS = {"EMAIL": EMAILS, "USERNAME": USERNAMES, "PHONE": PHONES}
IDS = ("id", "uuid", "gid", "uid", "guid", "sid", "key", "identifier")
TENANTS = (
    "account",
    "org",
    "organization",
    "organisation",
    "workspace",
    "tenant",
    "company",
    "domain",
    "site",
    "enterprise",
    "subdomain",
    "realm",
)
ROLES = (
    *("requester", "user", "customer", "contact", "member", "person", "subscriber", "author", "owner", "creator", "reporter", "submitter"),
    *("assignee", "organizer", "organiser", "host", "sender", "recipient", "participant", "attendee", "createdby", "ownedby"),
)
SEARCHES = ("q", "query", "search", "filter", "term", "filterterm", "searchterm", "keyword", "keywords", "searchquery", "searchtext")
SIZES = (
    *("pagesize", "perpage", "limit", "maxresults", "size", "maxitems", "recordsperpage", "itemsperpage", "top", "pagelimit", "take"),
    *("max", "resultsperpage", "count", "numresults", "pageperpage", "maxpagesize", "pagecount", "length", "first"),
)
CURSORS = (
    *("cursor", "nextpagetoken", "pagetoken", "nexttoken", "nextcursor", "pagecursor", "after", "startingafter", "continuationtoken"),
    *("continuation", "scrollid", "bookmark", "marker", "nextmarker", "paginationtoken", "pageafter", "next", "startafter"),
)
PAGES = ("page", "pagenumber", "pageno", "pageindex", "pagenum", "currentpage", "p")
OFFSETS = ("offset", "skip", "startat", "startindex", "start", "from", "firstresult", "startposition", "startrow", "pageoffset")
SPARSE = ("fields", "optfields", "expand", "select", "include", "includes", "embed", "projection")
RESERVED = ("lookup", "verify", "manifest", "discover", "none")
IRREGULAR = {"people": "person", "persons": "person", "staff": "staff", "status": "status", "addresses": "address", "series": "series"}


@lru_cache(maxsize=20_000)
def norm(text: str) -> str:
    """Reduce a name to lower-case letters and digits: `User-Id`, `userId` and `user_id` all give `userid`."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def words(text: str) -> list[str]:
    """Split a name at capitals, dots, dashes and underscores: `userId` gives user, id."""
    return [one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", text[:300])]


def singular(word: str) -> str:
    """Give the singular of an English word, by its ending."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    for end, instead in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x"), ("ss", "ss"), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + 1:
            return word[: -len(end)] + instead
    return word


@lru_cache(maxsize=20_000)
def person_in(text: str) -> str | None:
    """Find the kind of person in a path or name: `/orgs/{org}/members` gives member. The last one counts."""
    found = [one for one in map(singular, words(text)) if one in PERSONS]
    return found[-1] if found else None


def role_of(name: str) -> int | None:
    """Rank a name that means a person by another word, such as `requester_id`: 0 is the likeliest, None is no person."""
    short = norm(name)
    return next((rank for rank, role in enumerate(ROLES) if short in {role, *(role + end for end in IDS)}), None)


def spec_name(parts: Iterable[str], taken: Iterable[str] = ()) -> str:
    """Make the name of an endpoint: a-z, 0-9 and _, at most 50 characters, none that is taken."""
    steps = [one for part in parts for one in words(part)]
    name = re.sub(r"_+", "_", "_".join(steps)).strip("_")[:50] or "endpoint"
    name = f"x_{name}" if not name[0].isalpha() else name
    used, number, full = {*taken, *RESERVED}, 2, name
    while full in used:
        full, number = f"{name}_{number}", number + 1
    return full


def value_name(parts: Iterable[str], last: str = "") -> str:
    """Make the NAME of a value: `user` with the end _ID gives USER_ID."""
    name = "_".join([one for part in parts for one in words(part)])[:50].strip("_").upper() + last
    return name if name[:1].isalpha() else f"X_{name}" if name else "VALUE"


def kind_of(name: str, about: str, form: str) -> tuple[str, str | None, int] | None:
    """Say which identifier a parameter takes: EMAIL, USERNAME or PHONE, its form (md5), and what says so.

    3: its name, 2: its description, 1: it takes whatever is searched for.
    """
    short, told = norm(name), about.lower()
    mail = "email" in told or "e-mail" in told
    if mail and "md5" in told:
        return "EMAIL", "md5", 3
    if short in EMAILS[:-1] or short.endswith(("email", "emailaddress")) or form == "email":
        return "EMAIL", None, 3
    if short in USERNAMES[:-1]:
        return ("EMAIL", None, 2) if mail else ("USERNAME", None, 3)
    if short in PHONES:
        return "PHONE", None, 3
    if short in SEARCHES:
        return "EMAIL", None, 1
    if mail and (short in IDS or short.endswith(("id", "key", "identifier")) or person_in(name)):
        return "EMAIL", None, 2
    return None
