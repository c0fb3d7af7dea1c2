"""The first page of a package: what was found, what not, what is withheld and why, whom to ask, how to check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from engine.package.cell import as_html
from engine.package.content import CaseAnswer, Service
from engine.package.found_table import found_table
from engine.package.missing import Missing, by_reason, limits, missing
from engine.package.summary import WithheldTotal, files_of, kinds, records_found, was_found, withheld
from engine.pages.environment import environment
from engine.pages.languages import listed
from engine.pages.texts import PageTexts
from engine.release.reasons import IN_SHORT, PERSON, SENTENCES, WITHHELD

INFORMATION = ("purpose", "categories", "recipients", "retention", "source", "transfers", "automated_decisions")
COMMANDS = (
    "sha256sum --check --quiet manifest-sha256.txt tagmanifest-sha256.txt",
    'ssh-keygen -Y verify -f signers.txt -I "$(cut -d" " -f1 signers.txt)" -n habeas-package \\',
    "  -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt",
)
GDPR = ("gdpr", "general data protection regulation", "dsgvo", "datenschutz-grundverordnung")  # as titles of laws say it


class FirstSentences(msgspec.Struct):
    """What the page says first, each as HTML."""

    lead: Markup
    found: Markup
    nothing: Markup
    missing: Markup
    withheld: Markup
    questions: Markup


def index(answer: CaseAnswer, t: PageTexts) -> str:
    """Give the whole page."""
    return (
        environment("engine.package")
        .get_template("index.html")
        .render(
            t=t,
            language=answer.language,
            root="",
            answer=answer,
            **_who(answer, t),
            said=first_sentences(answer, t),
            found=found_table(answer, t),
            nobody=[(service.title, _how(service, t)) for service in nobody_at(answer)],
            missing=by_reason(missing(answer, t) + limits(answer, t)),
            withheld=_withheld(answer, t),
            information=_information(answer, t),
            gdpr=under_gdpr(answer),
            commands=COMMANDS,
            example=WITHHELD[t.language].format(IN_SHORT["third_party"][t.language]),
            alias=PERSON[t.language].format(3),
        )
    )


def under_gdpr(answer: CaseAnswer) -> bool:
    """Whether the law is one that has the articles of the GDPR."""
    return any(name in answer.law.lower() for name in GDPR) or answer.law.lower() == "uk"


def _who(answer: CaseAnswer, t: PageTexts) -> dict[str, Any]:
    person = Markup(", ").join(map(as_html, filter(None, (answer.name, *answer.identifiers))))
    return {
        "sender": t("index.from", controller=answer.sender.controller) if answer.sender.controller else t("index.no_sender"),
        "person": t("index.to", person=person) if person else "",
        "contact": answer.sender.contact,
    }


def nobody_at(answer: CaseAnswer) -> list[Service]:
    """Give the services that said that they know nobody with the person's details."""
    return [service for service in answer.services if service.subject == "no_match"]


def _how(service: Service, t: PageTexts) -> Markup | str:
    told = t("nothing.how_asked", asked=service.asked) if service.asked is not None else t("nothing.how")
    return service.how or told


def first_sentences(answer: CaseAnswer, t: PageTexts) -> FirstSentences:
    """Say the answer in one sentence a question."""
    gaps, left = missing(answer, t), limits(answer, t)
    return FirstSentences(
        lead=Markup(" ").join((t(f"index.{lead(answer, gaps, left)}"), *_searched(answer, t))),
        found=_found(answer, t),
        nothing=_nothing(answer, t),
        missing=_missing(answer, gaps, left, t),
        withheld=_withheld_words(answer, t),
        questions=t("rights.write", contact=answer.sender.contact, reference=answer.reference)
        if answer.sender.contact
        else t("rights.no_contact", reference=answer.reference),
    )


def lead(answer: CaseAnswer, gaps: Sequence[Missing], left: Sequence[Missing]) -> str:
    """Name the answer to the question whether data are held: the name of its text."""
    found = sum(records_found(service) + sum(map(was_found, files_of(service))) for service in answer.services)
    given = sum(kind.given for _, kind in kinds(answer)) + sum(
        file.source is not None for service in answer.services for file in files_of(service)
    )
    if not answer.services:
        return "empty"
    if found:
        return "withheld_all" if not given else "some" if gaps or left or withheld(answer) else "all"
    if any(service.subject == "matched" for service in answer.services):
        return "known_gaps" if gaps else "known"
    return "unknown" if gaps else "no"


def _searched(answer: CaseAnswer, t: PageTexts) -> list[Markup]:
    """Say how many services were searched; where no run asked all of them, that some were asked in another way, or none if left out."""
    told = [service for service in answer.services if service.asked is not None or service.files or service.why is None]
    every = all(service.asked is not None for service in told)
    return [t("index.searched" if every else "index.searched_or_asked", n=len(told))] if told else []


def _counted(records: int, files: int, t: PageTexts) -> Markup:
    """Write records and files; what there is none of is left out, unless it is both."""
    told = [t("words.records", n=records)] if records or not files else []
    return listed([*told, *([t("words.files", n=files)] if files else [])], t.language)


def _found(answer: CaseAnswer, t: PageTexts) -> Markup:
    told, given, found = [], [0, 0], [0, 0]
    for service in answer.services:
        records, files = records_found(service), sum(map(was_found, files_of(service)))
        found = [found[0] + records, found[1] + files]
        given[0] += sum(kind.given for kind in service.kinds)
        given[1] += sum(file.source is not None for file in files_of(service))
        if records or files:
            told.append(t("found.sum", service=service.title, what=_counted(records, files, t)))
    if not told:
        return t("found.nothing")
    if given == found:
        places = sum(sum(kind.places.values()) for _, kind in kinds(answer))
        here = t("found.given_but", n=places) if places else t("found.given_all")
    elif not any(given):
        here = t("found.given_none")
    else:
        here = t("found.given", n=sum(given), what=_counted(given[0], given[1], t))
    return Markup(" ").join((Markup("; ").join(told) + ".", here))


def _nothing(answer: CaseAnswer, t: PageTexts) -> Markup:
    services = [service.title for service in nobody_at(answer)]
    return t("nothing.some", services=listed(services, t.language)) if services else t("nothing.no")


def _missing(answer: CaseAnswer, gaps: Sequence[Missing], left: Sequence[Missing], t: PageTexts) -> Markup:
    if not answer.services:
        return t("missing.no_service")
    if not gaps:
        return t("missing.only_limits") if left else t("missing.no")
    told = Markup("; ").join(one.what for one in gaps) + "."
    return Markup(" ").join((told, t("missing.and_limits"))) if left else told


def _withheld_words(answer: CaseAnswer, t: PageTexts) -> Markup:
    counts = withheld(answer)
    sums = {name: sum(getattr(count, name) for count in counts.values()) for name in ("places", "records", "files")}
    names = {"places": "words.places", "records": "words.whole_records", "files": "words.files"}
    told = [t(names[name], n=number) for name, number in sums.items() if number]
    twice = counts.get("duplicate", WithheldTotal())
    repeated = twice.places + twice.records + twice.files
    same = [t("withheld.elsewhere", n=repeated)] if repeated else []
    return Markup(", ").join([listed(told, t.language), *same]) + "." if told else t("withheld.no")


def _withheld(answer: CaseAnswer, t: PageTexts) -> dict[str, Any]:
    counts = withheld(answer)
    rows = [
        [_capital(IN_SHORT[because][t.language]), *_numbers(count.places, count.records, count.files, t), SENTENCES[because][t.language]]
        for because, count in counts.items()
    ]
    sums = [sum(getattr(count, name) for count in counts.values()) for name in ("places", "records", "files")]
    return {"rows": rows, "total": [t("withheld.total"), *_numbers(*sums, t), ""]}


def _numbers(*numbers: Any) -> list[Markup]:
    *counts, t = numbers
    return [t("words.number", n=number) if number else t("words.none") for number in counts]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _information(answer: CaseAnswer, t: PageTexts) -> list[tuple[Markup, Markup]]:
    """Say what the data are used for, by what must be told; what nobody wrote down is named as missing."""
    used = [service for service in answer.services if service.subject == "matched" or service.kinds or any(files_of(service))]
    used = [service for service in used if service.subject != "no_match"]
    told = []
    for name in INFORMATION if used else ():
        said = [t("words.colon", name=service.title, said=text) for service in used if (text := service.information.get(name))]
        silent = [service.title for service in used if not service.information.get(name)]
        lack = (
            [Markup('<span class="bad">{}</span>').format(t("information.missing", services=listed(silent, t.language)))] if silent else []
        )
        told.append((t(f"information.{name}"), Markup("<br>").join([*said, *lack])))
    return told
