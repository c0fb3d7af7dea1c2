"""The interview of `habeas new` without a document: from answers to the text of a first spec.

After each answer the spec that there would be now is loaded, with stand-ins for what was not asked yet: a wrong answer is told at once.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from typing import Any, TextIO

from msgspec import Struct, field

from engine.cli.formatting import tell
from engine.cli.new.questions import (
    AnswerReader,
    Back,
    Questions,
    ask_auth,
    ask_pagination,
    checked_as,
    one_of,
    optional,
    read_base_address,
    read_hosts,
    read_records_path,
)
from engine.language.expressions.template import IDENTIFIERS
from engine.language.load import check
from engine.language.model import words as w
from engine.language.text.mistakes import SpecError
from engine.openapi.document.names import spec_name
from engine.openapi.draft.access import hosts_of
from engine.openapi.draft.yaml_text import DraftBlock, render

UNKNOWN_PAGES = "pagination: how does a list go on? Without an answer here, what is behind its first page is not fetched"
NAMES = re.compile(r"<([A-Z][A-Z0-9_]*)>")


class DraftAnswers(Struct):
    """What was answered so far. `head` is the first line of the file, which names the schema."""

    vendor: str
    head: str
    top: DraftBlock = field(default_factory=DraftBlock)
    verify: dict[str, Any] = field(default_factory=dict)
    lookup: DraftBlock = field(default_factory=DraftBlock)
    endpoints: DraftBlock = field(default_factory=DraftBlock)
    pagination: dict[str, Any] | None = None  # None: not known; {}: there are no pages

    def text(self) -> str:
        """Write the spec, with stand-ins for what was not asked yet."""
        block, access, endpoints = DraftBlock(list(self.top.entries)), DraftBlock(), DraftBlock(list(self.endpoints.entries))
        if not endpoints.entries:
            endpoints.add("stand_in", {"get": "/"})
        block.say("")
        block.add("verify", self.verify or {"get": "/"})
        block.say("")
        block.say("TODO rate_limits: what the vendor allows, such as {all: 100/min}")
        block.add("pagination", self.pagination, UNKNOWN_PAGES if self.pagination is None else "")
        block.say("TODO refusals: where a refusal has its code and message, and what it means")
        block.say("TODO gaps: what this API cannot give, or is not asked; `none` where nothing is left out")
        block.say("")
        access.add("lookup", self.lookup if self.lookup.entries else {"get": "/<EMAIL>", "match": "email"})
        access.say("")
        access.add("endpoints", endpoints)
        block.add("access", access)
        return "\n".join([self.head, "", *render(block)]) + "\n"

    def check(self) -> None:
        """Load the spec as it would be now. Raises ValueError with every mistake and its hint."""
        try:
            check(self.text().encode(), "")
        except SpecError as error:
            raise ValueError("; ".join(f"{fault.message}{f' ({fault.hint})' if fault.hint else ''}" for fault in error.mistakes)) from None


def interview(vendor: str, head: str, source: TextIO | None = None, *, again: bool | None = None) -> str:
    """Ask for what a first spec needs and give its text; `again`: a person is there who can correct an answer.

    Raises UsageError where the answers end too early, or a wrong one comes from a pipe.
    """
    source = source or sys.stdin
    questions = Questions(source, source.isatty() if again is None else again)
    tell("A few questions about the vendor's API. Values are written <EMAIL>, <USER_ID>; Ctrl-C leaves nothing behind.\n")
    tell("With < or back you return to the question before.\n" if questions.again else "")
    while True:
        answers = DraftAnswers(vendor, head)
        try:
            for ask in (_top, _lookup, _pages, _endpoints):
                ask(questions, answers)
        except Back:
            questions.back()
        except KeyboardInterrupt:
            tell("\nInterrupted: nothing was written.\n")
            raise
        else:
            return answers.text()


def _top(questions: Questions, answers: DraftAnswers) -> None:
    """Ask for the vendor's names and addresses, for `auth`, and for the call that verifies a connection."""
    top = answers.top
    top.add("spec", 1)
    top.add("vendor", answers.vendor)
    top.add("title", questions.ask("The vendor's name for people", str, answers.vendor.capitalize()))
    base = questions.ask("Base address of the API, https://..., with <NAME> where it differs by account", read_base_address)
    settings = {
        name: questions.ask(f"What is <{name}>, for whoever connects", checked_as(w.Text)) for name in dict.fromkeys(NAMES.findall(base))
    }
    held = hosts_of(base)
    if settings and not held:
        held = questions.ask("Hosts to which the key may go, such as .acme.com", read_hosts)
    docs = questions.ask("Address of its documentation", optional(checked_as(w.Address)), "")
    top.add("docs", docs) if docs else top.say("TODO docs: where the facts come from, https://...")
    top.add("base_url", base)
    wide = [f"hosts: the key may go to every host below {one}; is that the vendor's alone?" for one in held if one.startswith(".")]
    top.add("hosts", held, *wide)
    top.add("settings", settings)
    top.say("")
    top.add("auth", ask_auth(questions))
    try:
        answers.check()
    except ValueError as error:
        questions.refuse("these answers do not hold together", error)
        raise Back from None
    answers.verify = questions.ask(
        "A call that every connection may make, best the list of people, such as /users", _request(answers, "verify")
    )
    asked = "Where the people stand in its answer; @: the answer is their list (Enter: it lists no people)"
    people = questions.ask(asked, read_records_path, None)
    answers.verify.update({"records": people} if people else {})


def _request(answers: DraftAnswers, place: str) -> AnswerReader[dict[str, Any]]:
    """Read a request line, GET unless it says POST; what stands behind `?` becomes `params`."""

    def read(text: str) -> dict[str, Any]:
        method, _, rest = text.partition(" ")
        word = method.lower() if method.upper() in ("GET", "POST") else "get"
        line, _, query = (rest.strip() if method.upper() in ("GET", "POST") else text).partition("?")
        made: dict[str, Any] = {word: checked_as(w.RequestLine)(line)}
        for pair in filter(None, query.split("&")):
            name, _, value = pair.partition("=")
            made.setdefault("params", {})[checked_as(w.Text)(name)] = checked_as(w.Value)(value)
        if place == "verify":
            answers.verify = made
            answers.check()
        return made

    return read


def _lookup(questions: Questions, answers: DraftAnswers) -> None:
    """Ask how the person is found, and what is captured of them."""

    def for_somebody(made: dict[str, Any]) -> dict[str, Any]:
        if not any(f"<{one}" in str(made) for one in IDENTIFIERS):
            message = "the look-up asks for nobody: put <EMAIL>, <PHONE> or <USERNAME> into it"
            raise ValueError(message)
        _try_lookup(answers, {**made, "match": "email"})
        return made

    def read(text: str) -> dict[str, Any]:
        made = _request(answers, "lookup")(text)
        return made if "post" in made else for_somebody(made)

    made = questions.ask("The look-up's request line, such as /users/<EMAIL>, /users?email=<EMAIL> or POST /search", read)
    if "post" in made:
        made = questions.ask(
            'What it sends, as JSON, such as {"email": "<EMAIL>"}', lambda text: for_somebody({**made, "body": _json(text)})
        )
    text = str(made)
    kind = next(one for one in IDENTIFIERS if f"<{one}" in text)
    question = "Where the persons stand in its answer; @: the answer is their list (Enter: the answer is the person)"
    records = questions.ask(question, read_records_path, None)
    made.update({"records": records} if records else {})
    match = questions.ask(f"What in a person repeats the <{kind}>", checked_as(w.JMESPath), kind.lower())
    made["match"] = match

    def captured(text: str) -> dict[str, str]:
        found = {}
        for pair in re.split(r"[,\s]+", text):
            name, equals, path = pair.partition("=")
            if not equals:
                message = f"`{pair}`: write NAME=path, such as USER_ID=id"
                raise ValueError(message)
            found[checked_as(w.ValueName)(name)] = checked_as(w.JMESPath)(path)
        _try_lookup(answers, {**made, "capture": found})
        return found

    made["capture"] = questions.ask("What is captured of the person, NAME=path", captured, "USER_ID=id")
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
    """Take a look-up into the answers. Raises ValueError where the spec would not load with it; the one before is kept then."""
    kept, answers.lookup = answers.lookup, DraftBlock()
    for key, value in made.items():
        answers.lookup.add(key, value)
    try:
        answers.check()
    except ValueError:
        answers.lookup = kept
        raise


def _pages(questions: Questions, answers: DraftAnswers) -> None:
    """Ask how lists go on: the look-up's own where it is a `post`, and the default of all requests."""
    entries = {entry.key: entry.value for entry in answers.lookup.entries}
    if "post" not in entries:
        answers.pagination = ask_pagination(questions, "How lists go on")
        if answers.pagination and "records" in entries:
            paged = questions.ask("Does the look-up's list go on in the same way? yes, no", one_of(("yes", "no")), "yes")
            answers.lookup.add("pagination", "none" if paged == "no" else None)
        return
    while "records" in entries:
        body = copy.deepcopy(entries["body"])
        own = ask_pagination(questions, "How the look-up's list goes on", body)
        try:
            _try_lookup(answers, {**entries, "body": body, **({"pagination": own} if own else {})})
            answers.lookup.add("pagination", None, UNKNOWN_PAGES if own is None else "")
            break
        except ValueError as error:
            questions.refuse("How the look-up's list goes on", error)
    answers.pagination = ask_pagination(questions, "How the lists of other requests go on")
    if answers.pagination and not any(entry.key == "pagination" for entry in answers.lookup.entries):
        answers.lookup.add("pagination", "none")  # what stands at the top is about parameters, and not about places in a body


def _endpoints(questions: Questions, answers: DraftAnswers) -> None:
    """Ask for one endpoint after the other, until there is no more."""
    questions.say("Now what is fetched for the person, one request after the other.\n")
    while True:
        more = bool(answers.endpoints.entries)
        question = "Request line, such as /users/<USER_ID>/meetings" + (" (Enter: that was all)" if more else "")
        made = questions.ask(question, _endpoint_line(answers, more=more), None)
        if made is None:
            return
        literal = [part for part in str(made["get"]).split("/") if "<" not in part and part]
        taken = [entry.key for entry in answers.endpoints.entries]
        name = questions.ask("Its name", _endpoint_name(taken), spec_name(literal[-2:] or ["person"], taken))
        records = questions.ask(
            "Where its records stand; @: the answer is the list (Enter: the answer is one record)", read_records_path, None
        )
        made.update({"records": records} if records else {})
        if records and answers.pagination:
            paged = questions.ask("Does it go on in pages? yes, no", one_of(("yes", "no")), "yes")
            made.update({"pagination": "none"} if paged == "no" else {})
        block = DraftBlock()
        for key, value in made.items():
            block.add(key, value)
        answers.endpoints.add(name, block)
        try:
            answers.check()
        except ValueError as error:
            answers.endpoints.entries.pop()
            questions.refuse(f"The request {name}", error)


def _endpoint_line(answers: DraftAnswers, *, more: bool) -> AnswerReader[dict[str, Any] | None]:
    """Read an endpoint's request line; None for Enter, once there is an endpoint."""

    def read(text: str) -> dict[str, Any] | None:
        if not text and more:
            return None
        made = _request(answers, "endpoint")(text)
        if "post" in made:
            message = "only the look-up is asked for here with POST: write other searches into the file afterwards"
            raise ValueError(message)
        answers.endpoints.add("trial_of_this", {**made})
        try:
            answers.check()
        finally:
            answers.endpoints.entries.pop()
        return made

    return read


def _endpoint_name(taken: list[str]) -> AnswerReader[str]:
    def read(text: str) -> str:
        name = checked_as(w.Name)(text)
        if name in taken or name in ("lookup", "verify", "manifest"):
            message = f"`{name}` is taken"
            raise ValueError(message)
        return name

    return read
