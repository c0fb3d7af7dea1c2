"""Many people at one vendor with many accounts: who they are, what each has, and the spec. All of it hangs on names alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

VENDOR = "crowd"
MARK = "quokka"  # stands in whatever names somebody or was said of them, and nowhere else
ALLOWED = "240/30s"  # by each account
SPEC = """
spec: 1
vendor: crowd
base_url: https://api.crowd.example/v1
hosts: [api.crowd.example, crowd.example]
auth:
  oauth2:
    authorization_url: https://crowd.example/authorize
    token_url: https://crowd.example/token
    redirect_uri: http://127.0.0.1:8917/callback
verify: {get: /me, records: people}
%s
refusals: {code: code, message: message}
gaps: none
pagination: {cursor: next, param: after, size: {size: 4}, total: total}
discover:
  own: {get: /own, pagination: none, capture: {TEAM: id}}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}, refusals: {rules: [{status: 404, means: absent}]}}
  endpoints:
    settings: {get: /people/<USER_ID>/settings}
    projects: {for: {STATE: [open, closed]}, get: /people/<USER_ID>/projects, params: {state: <STATE>}, records: items}
    tasks: {get: /projects/<projects.id>/tasks, records: items}
    notes: {get: /teams/<TEAM>/people/<USER_ID>/notes, records: items}
"""
LONGEST = {"projects": 2, "tasks": 6, "notes": 10}


def write_spec(folder: Path, *, limited: bool = True) -> Path:
    """Write the spec, without limits for who shall be left in peace."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{VENDOR}.yaml"
    path.write_text(SPEC % (f"rate_limits: {{all: {ALLOWED}}}" if limited else ""), "utf-8")
    return path


def email(number: int) -> str:
    """Give somebody's address."""
    return f"p{number:04d}.{MARK}@people.example"


def known(number: int) -> bool:
    """Whether the vendor knows somebody: not everybody."""
    return number % 25 != 24


def connection(number: int, connections: int) -> str:
    """Give at which connection somebody is asked for; the first two have thrice as many as the others, so that their limit is met."""
    slot = number % (connections + 4)
    return f"c{slot // 3 if slot < 6 else slot - 4}"


def write_people(folder: Path, people: int, connections: int) -> Path:
    """Write the CSV."""
    path = folder / "people.csv"
    rows = (f"R-{number:04d},{email(number)},{connection(number, connections)}\n" for number in range(people))
    path.write_text("request,email,connection\n" + "".join(rows), "utf-8")
    return path


def items(kind: str, name: str) -> list[dict[str, Any]]:
    """Give a list that is the same each time: how long it is, and what stands in it, hangs on its name alone."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
    text = f"{MARK} {name} " + "ü" * (number % 50)
    return [{"id": f"{kind}-{number}-{index}", "text": f"{text}{index}"} for index in range(number % (LONGEST[kind] + 1))]


def answered(path: str, query: dict[str, str]) -> dict[str, Any] | None:
    """Give what the vendor holds under a path; None where it holds nothing."""
    _, _, kind, *rest = path.split("/")
    if kind in ("me", "own"):
        return {"id": "t1", "people": [{"id": "somebody"}]}
    if kind == "people" and len(rest) == 1:
        number = int(rest[0][1:5])
        return {"id": f"u{number}{MARK}", "email": rest[0]} if known(number) else None
    if rest[-1] == "settings":
        return {"id": "s", "theme": f"{MARK} blue"}
    found, size, at = items(rest[-1], path + query.get("state", "")), int(query["size"]), int(query.get("after", "0"))
    return {"items": found[at : at + size], "total": len(found), "next": str(at + size) if at + size < len(found) else None}
