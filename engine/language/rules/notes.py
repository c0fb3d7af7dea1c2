"""Lint notes (the exit code stays 0): unused scopes, filters that nothing proves, titles that are steps, comments that were text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.language.expressions.template import IDENTIFIERS
from engine.language.model import spec as m
from engine.language.rules.lint_context import Scene
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, Position

SCHEMA = "# yaml-language-server: $schema="
STEP = re.compile(r"(?:get|list|retrieve|find|search)\s+(?=\S)", re.IGNORECASE)
KEEPS_ALIVE = ("refresh_token", "offline_access", "offline")


def scope_notes(scene: Scene) -> Iterator[Mistake]:
    """Notes: scopes nothing uses, scopes nothing lists, families that leave a request without one."""
    families = scene.vendor.families
    listed = {scope for family in families.values() for scope in family}
    place: Path = ("auth", "oauth2", "scopes")
    used = {scope for _, one, _ in scene.requests() for entry in one.granted_by for scope in entry}
    for family, scopes in families.items():
        for index, scope in enumerate(scopes):
            if scope not in used and scope not in KEEPS_ALIVE:
                where = (*place, family, index) if family else (*place, index)
                hint = "name it in the `granted_by` of the request that needs it, or leave it out"
                yield scene.note(f"no request is granted by `{scope}`", where, hint)
    written: Path | None = ("granted_by",) if scene.spec.granted_by else None
    written = written or next(((*path, "granted_by") for path, _, own in scene.requests() if own.granted_by), None)
    if written and scene.vendor.auth.ways == ("basic",):
        yield scene.note("`granted_by` says nothing here: a user and a password have no scopes", written, "leave it out")
    for where, scope in _unlisted(scene, listed) if families else ():
        yield scene.note(f"`{scope}` is not listed under `scopes`", where, "list it there, else no app has it")
    for path, endpoint, _ in scene.requests():
        if not families or not endpoint.granted_by:
            continue
        for family, scopes in families.items():
            if not any(entry <= set(scopes) for entry in endpoint.granted_by):
                label = f"the family `{family}`" if family else "`scopes`"
                hint = "an app that holds no other scopes is refused there: add the one that grants it"
                yield scene.note(f"no scope of {label} grants `{endpoint.name}`", (*path, "granted_by"), hint)


def _unlisted(scene: Scene, listed: set[str]) -> dict[tuple[Path, str], None]:
    """Find the scopes that no family lists, each once where it is written."""
    return {
        ((*path, "granted_by") if own.granted_by else ("granted_by",), scope): None
        for path, endpoint, own in scene.requests()
        for scope in sorted({scope for entry in endpoint.granted_by for scope in entry} - listed)
    }


def proof_notes(scene: Scene) -> Iterator[Mistake]:
    """Notes: filters that nothing proves, and refusals that would hide a wrong path."""
    for path, endpoint, own in scene.requests():
        if not isinstance(own, m.EndpointSpec):
            continue
        names = {*scene.captured, *IDENTIFIERS}
        filters = {hole.name for _, values in endpoint.params for one in values for hole in one.holes()} & names
        if filters and not endpoint.match and not endpoint.echo and endpoint.fields is not None:
            hint = "add `match` or `echo`: a vendor that ignores the parameter answers with everybody"
            yield scene.note(f"nothing proves that endpoint `{path[-1]}` is filtered by <{min(filters)}>", path, hint)
        for index, rule in enumerate(own.refusals.rules):
            if rule.means == "absent" and 404 in rule.status and not rule.code and not rule.message:
                place = (*path, "refusals", "rules", index)
                yield scene.note("a bare 404 that means absent would hide a wrong path", place, "add `code` or `message`")


def title_notes(scene: Scene) -> Iterator[Mistake]:
    """Notes: titles of requests that are steps; pages and tables name with them what was fetched."""
    for path, _, own in scene.requests():
        title = own.title if isinstance(own, (m.EndpointSpec, m.DiscoverSpec)) else None
        step = STEP.match(title or "")
        if title and step:
            hint = f"name what comes: `{title[step.end() :]}`"
            yield scene.note(f"the title of `{path[-1]}` begins with what is done, `{step[0].rstrip()}`", (*path, "title"), hint)


def text_notes(scene: Scene) -> Iterator[Mistake]:
    """Notes on the text itself: no schema for the editor, and comments that may have been meant as text."""
    lines = scene.document.lines
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    if not any(line.startswith(SCHEMA) for line in lines[:first]):
        hint = f"begin with `{SCHEMA}habeas.schema.json`, and put there what habeas schema prints"
        yield Mistake("no schema is named, so an editor cannot complete this spec", Position(1, 1, len(lines[0])), hint, "note")
    for at in scene.document.cut:
        yield Mistake("what follows ` #` is a comment, no text", at, "put the text in quotes, or two blanks before the comment", "note")
