"""What a case answers, from its log and the manifests of its runs: who asks, who answers, and of each service all but the records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import msgspec

import engine
from engine.case import acts
from engine.case.acts import EARLIER, OTHERS, LogLine
from engine.case.answer_words import WORDS, how_searched
from engine.case.fold import NEXT, VendorPart
from engine.case.folder import OpenCase
from engine.case.in_force import InReview
from engine.case.manifest_check import contradicted
from engine.case.other_identifiers import NOBODY
from engine.case.person import Person
from engine.case.regimes import Office, regime_of
from engine.case.taken_run import PERIOD, TakenRun, read_run
from engine.catalogue import spec_title
from engine.errors import Refused, UsageError
from engine.package.content import CaseAnswer, RecordKind, Sender, Service
from engine.package.summary import WHOLE
from engine.pages.languages import day_words
from engine.release.labels import Labels, laid_over
from engine.release.load_labels import load_labels
from engine.release.policy import Information
from engine.replaced import replace
from engine.sink import MANIFEST
from engine.spec_files import contents, labels_beside, spec_path

LOOKUP = "lookup"
NOT_SURELY = (OTHERS, EARLIER)  # gaps that speak against it that nobody is known
CHANGING = tuple(one for one in acts.KINDS.values() if NEXT[one].get("approved") == "gathering" or one in (acts.CaseOpened, acts.Named))


class ToldRun(msgspec.Struct, frozen=True):
    """A run of a case as its manifest tells it: checked against the log."""

    run: TakenRun
    body: Mapping[str, Any]

    def sha256_of(self, name: str) -> str | None:
        """Give the sha256 that a file of the run must have."""
        told = self.run.written.get(name, {}).get("sha256")
        return told if isinstance(told, str) else None


def told_run(folder: Path, proof: str) -> ToldRun:
    """Read the manifest of a run that was taken in. Raises UsageError, Refused where it is another one than the log says."""
    run = read_run(folder)
    raw = (folder / MANIFEST).read_bytes()
    if hashlib.sha256(raw).hexdigest() != proof or run.sha256 != proof:
        message = f"{folder / MANIFEST} is not the one that was taken in (another sha256): put a copy back; nothing was built"
        raise Refused(message)
    why = contradicted(run.endpoints)
    if why is not None:
        message = f"{folder / MANIFEST} contradicts itself: {why}: fetch it anew; nothing was built"
        raise Refused(message)
    body = msgspec.json.decode(raw)
    known = {*run.endpoints, *([LOOKUP] if "lines" in (body.get("lookup") or {}) else [])}
    stray = sorted(name for name in run.written if name.count(".") == 1 and name.removesuffix(".jsonl") not in known)
    if stray:
        message = f"{folder / stray[0]} holds records of which the manifest beside it says nothing: fetch it anew; nothing was built"
        raise Refused(message)
    return ToldRun(run, body)


def stands_on(case: OpenCase) -> LogLine:
    """Give the last act after which a package is another one: a decision, a run, an excuse; what follows approves, signs or tells."""
    return next(one for one in reversed(case.lines) if isinstance(one.act, CHANGING) and not acts.is_outdated(one.act))


def case_answer(case: OpenCase, person: Person, told: Office, services: tuple[Service, ...]) -> CaseAnswer:
    """Put the answer together. Raises UsageError."""
    opened, last = case.opened, stands_on(case)
    return CaseAnswer(
        reference=case.reference,
        language=language_of(case),
        law=regime_of(opened.regime).titled(opened.language),
        received=opened.received,
        made=last.at,
        log=(last.n, last.sha256),
        engine=engine.__version__,
        simulated=opened.simulated,
        name=person.name,
        address=person.address,
        identifiers=tuple(value for values in person.identifiers.values() for value in values),
        sender=Sender(controller=told.controller, contact=told.contact, signature=told.signature, authority=told.authority),
        services=services,
    )


def language_of(case: OpenCase) -> Literal["en", "de"]:
    """Give the language of a case."""
    return cast("Literal['en', 'de']", case.opened.language)


def service_of_run(case: OpenCase, part: VendorPart, review: InReview, told: ToldRun) -> Service:
    """Say all of a service but its records, from the manifest of its run."""
    body, run, language = told.body, told.run, language_of(case)
    outcome = str(run.subject.get("outcome"))
    proof, labels = run.subject.get("proof"), labels_of(run.vendor, language)
    searched = how_searched(language, outcome, run.subject.get("identified_by") or (), proof)
    return Service(
        vendor=run.vendor,
        title=str(body.get("title") or run.vendor),
        subject=subject_of(part, outcome),
        asked=date.fromisoformat(str(body["finished"])[:10]),
        how=_joined(searched, *dict.fromkeys(excuse(part, one) for one in (LOOKUP, *NOT_SURELY))),
        kinds=tuple(_kinds(part, told, language, labels)),
        not_asked=(*_not_asked(part, run, language), *(labels.gaps.get(str(one), str(one)) for one in body.get("gaps") or ())),
        information=information_in(review.policy.information, language),
        labels=labels,
        spec=body.get("spec", {}).get("sha256"),
        policy=review.sha256,
    )


def subject_of(part: VendorPart, outcome: str) -> Literal["matched", "no_match", "unproven", "none"]:
    """Say who was found: that nobody was is unproven where a gap speaks against it, accepted or not."""
    doubted = any(gap.endpoint in NOT_SURELY for gap in part.gaps)
    return "unproven" if doubted and outcome == NOBODY else cast("Literal['matched', 'no_match', 'unproven', 'none']", outcome)


def _kinds(part: VendorPart, told: ToldRun, language: str, labels: Labels) -> list[RecordKind]:
    lookup = told.body.get("lookup") or {}
    found = []
    if lookup.get("lines"):
        found.append(
            RecordKind(endpoint=LOOKUP, title=WORDS[language]["lookup"], outcome="complete", found=lookup["lines"], given=0),
        )
    here = {name: {**one, "file": f"{name}.jsonl" in told.run.written} for name, one in told.run.endpoints.items()}
    titled = {name: {**one, **({"title": labels.titles[name]} if name in labels.titles else {})} for name, one in here.items()}
    return [*found, *(_kind(part, name, one) for name, one in titled.items() if not is_only_a_way(one))]


def is_only_a_way(told: Mapping[str, Any]) -> bool:
    """Whether an endpoint was read in full and delivers nothing by its spec (`fields: none`): it leads to the records of others."""
    return bool(told.get("records")) and not told.get("file") and told.get("outcome") in WHOLE


def _kind(part: VendorPart, name: str, told: Mapping[str, Any]) -> RecordKind:
    covered = told.get("covered")
    return RecordKind(
        endpoint=name,
        title=str(told.get("title") or name),
        outcome=str(told["outcome"]),
        found=int(told.get("records") or 0) if told.get("file") else 0,
        given=0,
        expected=expected_of(told),
        covered=(_day(covered["from"]), _last_day(covered["to"])) if covered else None,
        why=excuse(part, name),
    )


def expected_of(told: Mapping[str, Any]) -> int | None:
    """Give the vendor's total of the person's records: lists that share a day tell some twice, and lists of several people tell others'.

    The total of one list never counts what came twice in it, since a record moved there while it was read: another may be missing then.
    """
    announced: int | None = told.get("expected")
    if announced is None:
        return None
    total: int = announced - (told.get("others") or 0)
    twice = (told.get("duplicates") or 0) if told.get("covered") else 0
    return max(0, total - twice, min(announced, told.get("records") or 0))


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _last_day(end: str) -> date:
    """Give the last day that lies before a moment."""
    return (datetime.fromisoformat(end) - timedelta(seconds=1)).date()


def excuse(part: VendorPart, name: str) -> str | None:
    """Give what the operator says of a gap: of it alone, else of all that the vendor did not give."""
    outcome = next((gap.outcome for gap in part.gaps if gap.endpoint == name), None)
    if outcome is None:
        return None
    accepted = part.excused.get(name)
    return accepted.say if accepted is not None and accepted.outcome == outcome else part.left_out


def _joined(*texts: str | None) -> str:
    return " ".join(text for text in texts if text)


def _not_asked(part: VendorPart, run: TakenRun, language: str) -> Iterator[str]:
    """Say that only a part of the time was asked for, where the run was told so."""
    if run.narrowed:
        since = _day(str(run.narrowed["since"]))
        yield _joined(WORDS[language]["since"].format(day=day_words(since, language)), excuse(part, PERIOD))


def service_without_run(case: OpenCase, vendor: str, part: VendorPart) -> Service:
    """Say what is known of a system that no run asked: its owner sent something, or it was accepted as missing."""
    language = language_of(case)
    nothing = part.contact == "answered_none" and not part.files
    how = WORDS[language]["received"] if part.files else WORDS[language]["nothing"] if nothing else ""
    subject: Literal["no_match", "none"] = "no_match" if nothing else "none"
    title = part.title or spec_title(vendor) or vendor
    return Service(vendor=vendor, title=title, subject=subject, how=how, why=part.left_out, information=information_in(None, language))


def information_in(told: Information | None, language: str) -> Mapping[str, str | None]:
    """Give what Art. 15(1) asks for in a language, else as it is written; None where it is not."""
    found: dict[str, str | None] = {}
    for name in Information.model_fields:
        texts: Mapping[str, str] = (getattr(told, name) if told is not None else None) or {}
        found[name] = texts.get(language) or texts.get("") or next(iter(texts.values()), None)
    return found


def labels_of(vendor: str, language: str = "en") -> Labels:
    """Give the labels beside a vendor's spec, those of a language over the English ones; none where there are none. Raises SpecError."""
    try:
        spec = spec_path(vendor)
    except UsageError:
        return Labels()
    found = Labels()
    for written in dict.fromkeys(("en", language)):
        path = labels_beside(spec, vendor, written)
        if path is not None:
            found = laid_over(load_labels(contents(path), str(path), vendor), found)
    return found


def with_kind(service: Service, kind: RecordKind) -> Service:
    """Put a kind of record in the place of the one of its name."""
    return replace(service, kinds=tuple(kind if one.endpoint == kind.endpoint else one for one in service.kinds))
