"""The questions of `habeas new` without a document. Each answer is checked at once, by the language's own rules and words."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from engine.cli.formatting import tell
from engine.cli.new.questions import Back, Questions, as_word, auth, base_address, hosts, one_of, or_none, pages, records_path
from engine.language.expressions.template import IDENTIFIERS
from engine.language.load import check
from engine.language.model import words as w
from engine.language.text.mistakes import SpecError
from engine.openapi.document.names import spec_name
from engine.openapi.draft.access import hosts_of
from engine.openapi.draft.yaml_text import Block, render

NAMES = re.compile(r"<([A-Z][A-Z0-9_]*)>")


@dataclass
class DraftAnswers:
    """What was answered so far: the spec as it would be written now."""

    vendor: str
    head: str
    top: Block = field(default_factory=Block)
    verify: dict[str, Any] = field(default_factory=dict)
    lookup: Block = field(default_factory=Block)
    endpoints: Block = field(default_factory=Block)
    pagination: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Write the spec; what was not asked yet is stood in for."""
        block, access, endpoints = Block(list(self.top.entries)), Block(), Block(list(self.endpoints.entries))
        if not endpoints.entries:
            endpoints.add("stand_in", {"get": "/"})
        block.say("")
        block.add("verify", self.verify or {"get": "/"})
        block.say("")
        block.say("TODO rate_limits: what the vendor allows, such as {all: 100/min}")
        block.add("pagination", self.pagination)
        block.say("TODO refusals: where a refusal has its code and message, and what it means")
        block.say("TODO gaps: what this API cannot give")
        block.say("")
        access.add("lookup", self.lookup if self.lookup.entries else {"get": "/<EMAIL>", "match": "email"})
        access.say("")
        access.add("endpoints", endpoints)
        block.add("access", access)
        return "\n".join([self.head, "", *render(block)]) + "\n"

    def tried(self) -> None:
        """See that what was answered holds together. Raises ValueError with the language's own words."""
        try:
            check(self.text().encode(), "")
        except SpecError as error:
            raise ValueError("; ".join(f"{one.message}{f' ({one.hint})' if one.hint else ''}" for one in error.mistakes)) from None


def interview(vendor: str, head: str, source: TextIO | None = None, *, again: bool | None = None) -> str:
    """Ask for what a first spec needs and give its text. Raises UsageError where the answers end too early."""
    source = source or sys.stdin
    asker = Questions(source, source.isatty() if again is None else again)
    tell("A few questions about the vendor's API. Values are written <EMAIL>, <USER_ID>; Ctrl-C leaves nothing behind.\n")
    tell("With < or back you return to the question before.\n" if asker.again else "")
    while True:
        answers = DraftAnswers(vendor, head)
        try:
            for ask in (_top, _lookup, _pages, _endpoints):
                ask(asker, answers)
        except Back:
            asker.back()
        except KeyboardInterrupt:
            tell("\nInterrupted: nothing was written.\n")
            raise
        else:
            return answers.text()


def _top(asker: Questions, answers: DraftAnswers) -> None:
    top = answers.top
    top.add("spec", 1)
    top.add("vendor", answers.vendor)
    top.add("title", asker.ask("The vendor's name for people", str, answers.vendor.capitalize()))
    base = asker.ask("Base address of the API, https://..., with <NAME> where it differs by account", base_address)
    settings = {name: asker.ask(f"What is <{name}>, for whoever connects", as_word(w.Text)) for name in dict.fromkeys(NAMES.findall(base))}
    held = hosts_of(base)
    if settings and not held:
        held = asker.ask("Hosts to which the key may go, such as .acme.com", hosts)
    docs = asker.ask("Address of its documentation", or_none(as_word(w.Address)), "")
    top.add("docs", docs) if docs else top.say("TODO docs: where the facts come from, https://...")
    top.add("base_url", base)
    wide = [f"hosts: the key may go to every host below {one}; is that the vendor's alone?" for one in held if one.startswith(".")]
    top.add("hosts", held, *wide)
    top.add("settings", settings)
    top.say("")
    top.add("auth", auth(asker))
    try:
        answers.tried()
    except ValueError as error:
        asker.refuse("these answers do not hold together", error)
        raise Back from None
    answers.verify = asker.ask(
        "A call that every connection may make, best the list of people, such as /users", _request(answers, "verify")
    )


def _request(answers: DraftAnswers, place: str) -> Callable[[str], dict[str, Any]]:
    """Read a request line, GET unless it says POST; what stands behind `?` becomes `params`."""

    def read(text: str) -> dict[str, Any]:
        method, _, rest = text.partition(" ")
        word = method.lower() if method.upper() in ("GET", "POST") else "get"
        line, _, query = (rest.strip() if method.upper() in ("GET", "POST") else text).partition("?")
        made: dict[str, Any] = {word: as_word(w.RequestLine)(line)}
        for pair in filter(None, query.split("&")):
            name, _, value = pair.partition("=")
            made.setdefault("params", {})[as_word(w.Text)(name)] = as_word(w.Value)(value)
        if place == "verify":
            answers.verify = made
            answers.tried()
        return made

    return read


def _lookup(asker: Questions, answers: DraftAnswers) -> None:
    def asks(made: dict[str, Any]) -> dict[str, Any]:
        if not any(f"<{one}" in str(made) for one in IDENTIFIERS):
            message = "the look-up asks for nobody: put <EMAIL>, <PHONE> or <USERNAME> into it"
            raise ValueError(message)
        _try_lookup(answers, {**made, "match": "email"})
        return made

    def read(text: str) -> dict[str, Any]:
        made = _request(answers, "lookup")(text)
        return made if "post" in made else asks(made)

    made = asker.ask("The look-up's request line, such as /users/<EMAIL>, /users?email=<EMAIL> or POST /search", read)
    if "post" in made:
        made = asker.ask('What it sends, as JSON, such as {"email": "<EMAIL>"}', lambda text: asks({**made, "body": _json(text)}))
    text = str(made)
    kind = next(one for one in IDENTIFIERS if f"<{one}" in text)
    question = "Where the persons stand in its answer; @: the answer is their list (Enter: the answer is the person)"
    records = asker.ask(question, records_path, None)
    made.update({"records": records} if records else {})
    match = asker.ask(f"What in a person repeats the <{kind}>", as_word(w.Path), kind.lower())
    made["match"] = match

    def captured(text: str) -> dict[str, str]:
        found = {}
        for pair in re.split(r"[,\s]+", text):
            name, equals, path = pair.partition("=")
            if not equals:
                message = f"`{pair}`: write NAME=path, such as USER_ID=id"
                raise ValueError(message)
            found[as_word(w.ValueName)(name)] = as_word(w.Path)(path)
        _try_lookup(answers, {**made, "capture": found})
        return found

    made["capture"] = asker.ask("What is captured of the person, NAME=path", captured, "USER_ID=id")
    _try_lookup(answers, made)


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and found:
        return found
    message = 'write a JSON object on one line, such as {"email": "<EMAIL>"}'
    raise ValueError(message)


def _try_lookup(answers: DraftAnswers, made: dict[str, Any]) -> None:
    kept, answers.lookup = answers.lookup, Block()
    for key, value in made.items():
        answers.lookup.add(key, value)
    try:
        answers.tried()
    except ValueError:
        answers.lookup = kept
        raise


def _pages(asker: Questions, answers: DraftAnswers) -> None:
    entries = {entry.key: entry.value for entry in answers.lookup.entries}
    if "post" not in entries:
        answers.pagination = pages(asker, "How lists go on")
        if answers.pagination and "records" in entries:
            paged = asker.ask("Does the look-up's list go on in the same way? yes, no", one_of(("yes", "no")), "yes")
            answers.lookup.add("pagination", "none" if paged == "no" else None)
        return
    while "records" in entries:
        body = copy.deepcopy(entries["body"])
        own = pages(asker, "How the look-up's list goes on", body)
        try:
            _try_lookup(answers, {**entries, "body": body, **({"pagination": own} if own else {})})
            break
        except ValueError as error:
            asker.refuse("How the look-up's list goes on", error)
    answers.pagination = pages(asker, "How the lists of other requests go on")
    if answers.pagination and not any(entry.key == "pagination" for entry in answers.lookup.entries):
        answers.lookup.add("pagination", "none")  # what stands at the top is about parameters, and not about places in a body


def _endpoints(asker: Questions, answers: DraftAnswers) -> None:
    asker.say("Now what is fetched for the person, one request after the other.\n")
    while True:
        more = bool(answers.endpoints.entries)
        question = "Request line, such as /users/<USER_ID>/meetings" + (" (Enter: that was all)" if more else "")
        made = asker.ask(question, _endpoint_line(answers, more=more), None)
        if made is None:
            return
        literal = [part for part in str(made["get"]).split("/") if "<" not in part and part]
        taken = [entry.key for entry in answers.endpoints.entries]
        name = asker.ask("Its name", _endpoint_name(taken), spec_name(literal[-2:] or ["person"], taken))
        records = asker.ask("Where its records stand; @: the answer is the list (Enter: the answer is one record)", records_path, None)
        made.update({"records": records} if records else {})
        if records and answers.pagination:
            paged = asker.ask("Does it go on in pages? yes, no", one_of(("yes", "no")), "yes")
            made.update({"pagination": "none"} if paged == "no" else {})
        block = Block()
        for key, value in made.items():
            block.add(key, value)
        answers.endpoints.add(name, block)
        try:
            answers.tried()
        except ValueError as error:
            answers.endpoints.entries.pop()
            asker.refuse(f"The request {name}", error)


def _endpoint_line(answers: DraftAnswers, *, more: bool) -> Callable[[str], dict[str, Any] | None]:
    def read(text: str) -> dict[str, Any] | None:
        if not text and more:
            return None
        made = _request(answers, "endpoint")(text)
        if "post" in made:
            message = "only the look-up is asked for here with POST: write other searches into the file afterwards"
            raise ValueError(message)
        answers.endpoints.add("trial_of_this", {**made})
        try:
            answers.tried()
        finally:
            answers.endpoints.entries.pop()
        return made

    return read


def _endpoint_name(taken: list[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        name = as_word(w.Name)(text)
        if name in taken or name in ("lookup", "verify", "manifest"):
            message = f"`{name}` is taken"
            raise ValueError(message)
        return name

    return read
