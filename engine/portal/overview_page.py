"""`/case/X`: what is in the way of an answer, what each service gave, and the acts of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, cast, get_args

import msgspec

from engine.case import acts
from engine.case.act_sentences import found_words
from engine.case.acting import WantedLetter, do_with_letter, excuses, pause
from engine.case.acts import EARLIER, FILES, OTHERS
from engine.case.answer import LOOKUP, is_only_a_way
from engine.case.deadlines import Deadlines
from engine.case.fold import RUNNING, Case, VendorPart
from engine.case.folder import OpenCase
from engine.case.guards import refusal
from engine.case.letters import conclusion, is_address_in_doubt
from engine.case.person import kind_words, read_person
from engine.case.received import received_files
from engine.case.regimes import due, regime_of
from engine.case.review import waiting
from engine.case.taken_run import MISSING, TakenRun, read_run
from engine.case.words import OVER, Called, blocks, too_late
from engine.connection.vault import Vault
from engine.errors import HabeasError, UsageError
from engine.owners.book import title_of
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.contacts_page import kept_words, question_state
from engine.portal.log_page import timeline
from engine.portal.run_page import errand_of
from engine.portal.titles import reason_words, system_titles
from engine.portal.ways import described, next_way, unblocked_words, way_of
from engine.replaced import replace

LATEST = 12
TO_ACCEPT, SAID_OTHERWISE = ("what", "say"), ("again", "instead")  # fields of the form: which gap, and the sentence about it
GROUND_NAMES: tuple[acts.Ground, ...] = get_args(acts.Ground)
GROUNDS = {
    "unverified": "who asks was not shown to be the person",
    "not_entitled": "who asks has no such right",
    "exempt": "the law exempts it",
    "other": "another reason",
}


class ServiceRow(msgspec.Struct, frozen=True):
    """What a service gave: how its answer reads, how many kinds of record came whole, how many did not, how many records.

    They are counted as a package counts them: with who the person is to the service, without what only leads to the records of others.
    `not_asked` names the kinds for which the connection lacks an optional permission.
    """

    vendor: str
    answer: str
    complete: int = 0
    missing: int = 0
    excused: int = 0
    records: int = 0
    files: int = 0
    fault: str | None = None
    not_asked: tuple[str, ...] = ()


class GapRow(msgspec.Struct, frozen=True):
    """Something that was not obtained, as `case excuse` names it, what it is, and the sentence it was accepted with, if it was.

    `why`: what the manifest says of it. `early`: it may still come, so that to accept it is not what comes next.
    `typed`: the sentence of a form that was refused.
    """

    name: str
    what: str
    said: str | None = None
    why: str | None = None
    early: bool = False
    typed: str = ""


def show_case(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show a case."""
    case = asked.case
    told, law = due(case.case, asked.home), regime_of(case.opened.regime)
    undecided, fault = _waiting(asked, case)
    called = system_titles(asked.home, case)
    blocked, specs = list(blocks(case.case, case.reference, undecided, called)), described()
    return portray(
        "overview.html",
        asked,
        error,
        **case_head(asked, case, ""),
        case=case.case,
        law=law.title,
        received=short_day(case.opened.received, LANGUAGE),
        kinds=_known_by(asked, case),
        simulated=case.opened.simulated,
        acknowledge=_to_acknowledge(case.case, told, asked.today),
        acknowledged=short_day(case.case.acknowledged, LANGUAGE) if case.case.acknowledged else None,
        extend_by=short_day(told.extend_by, LANGUAGE) if told.extend_by else None,
        extended_to=_day(due(replace(case.case, extended=asked.today), asked.home).answer),
        extended=_day(case.case.extended),
        under_way=_is_fetching(case),
        released=_released(case),
        to_send=_letter_to_send(case),
        in_doubt=is_address_in_doubt(case.case),
        blocked=[(block.what, block.why, way_of(block, specs)) for block in blocked],
        way=next_way(case, blocked, specs, may_approve=asked.may_approve),
        nothing_blocks=unblocked_words(case.case),
        review_fault=fault,
        over=case.case.state in OVER,
        services=[_service(case, vendor, part) for vendor, part in case.case.vendors.items()],
        can=(can := _can(case, told, asked)),
        **_gap_form(asked, case, called, may=can["excuse"]),
        no_longer=too_late(law, told, asked.today, _day) if law.extension is not None and case.case.extended is None else None,
        lines=timeline(asked.home, case, LATEST),
        strays=case.strays(),
        letters=sum(getattr(line.act, "letter", None) is not None for line in case.lines),
        grounds=GROUNDS,
    )


def _day(day: date | None) -> str | None:
    return short_day(day, LANGUAGE) if day is not None else None


def _to_acknowledge(case: Case, told: Deadlines, today: date) -> str | None:
    """Say until when it has to be said that the request arrived; None where no law wants that, or it was said."""
    if told.acknowledge is None or case.acknowledged is not None:
        return None
    return f"{_day(told.acknowledge)}{', a day that has passed' if told.acknowledge < today else ''}"


def _is_fetching(case: OpenCase) -> bool:
    errand, _ = errand_of(case, "run")
    return errand is not None and errand.lives


def _released(case: OpenCase) -> str | None:
    """Say when a package left, where the case was opened again since."""
    left = [line.at.date() for line in case.lines if isinstance(line.act, acts.Released)]
    return _day(left[-1]) if left and case.case.phase in RUNNING and case.case.phase != "released" else None


def _letter_to_send(case: OpenCase) -> str | None:
    """Name the letter that was written last, as long as nothing was done since: nobody but who sends it knows whether it left."""
    letter = getattr(case.lines[-1].act, "letter", None)
    return f"{letter}.eml" if letter is not None else None


def _waiting(asked: AskedPage, case: OpenCase) -> tuple[int | None, str | None]:
    try:
        return waiting(case, asked.home, asked.now), None
    except HabeasError as error:
        return None, str(error)


def _known_by(asked: AskedPage, case: OpenCase) -> str:
    """Say by which kinds of identifier the person is known; where the sealed file cannot be opened, that."""
    if "person" in case.case.purged:
        return "no longer kept here"
    try:
        return f"known by {kind_words(read_person(Vault(asked.home).keys, case.folder))}"
    except HabeasError as error:
        return str(error)


def _service(case: OpenCase, vendor: str, part: VendorPart) -> ServiceRow:
    """Count what a service gave, from the manifest of its run."""
    if part.run is None:
        answer = "left out" if part.left_out is not None else _asked(part) or ("files taken in" if part.files else _nothing(part))
        return ServiceRow(vendor, answer, missing=0 if part.here else 1, files=_received(case, part))
    try:
        run = read_run(case.folder / part.run.folder)
    except HabeasError as error:
        return ServiceRow(vendor, found_words(part.run.subject), fault=str(error))
    told = [one for one in _kinds(run).values() if not is_only_a_way(one)]
    return ServiceRow(
        vendor,
        found_words(part.run.subject),
        complete=sum(one.get("outcome") == "complete" for one in told),
        missing=len(part.open_gaps),
        excused=len(part.gaps) - len(part.open_gaps),
        records=sum(number for one in told if isinstance(number := one.get("records"), int)),
        files=_received(case, part) + _files(run),
        not_asked=tuple(_not_asked(part, run)),
    )


def _nothing(part: VendorPart) -> str:
    return "nobody was asked yet" if part.right == "deletion" else "nothing taken in"


def _kinds(run: TakenRun) -> dict[str, Mapping[str, Any]]:
    """Give every kind of record of a run, with who the person is to the service, and whether it has a file."""
    lookup = (run.lookup or {}).get("lines")
    first = {LOOKUP: {"outcome": "complete", "records": lookup, "file": True}} if lookup else {}
    return {**first, **{name: {**one, "file": f"{name}.jsonl" in run.written} for name, one in run.endpoints.items()}}


def _not_asked(part: VendorPart, run: TakenRun) -> Iterator[str]:
    """Name what was not had and is no gap, not asked for or refused: it wants a permission that the connection need not have."""
    gaps = {gap.endpoint for gap in part.gaps}
    for name, told in run.endpoints.items():
        if told.get("outcome") == "excluded" and name not in gaps:
            yield str(told.get("title") or name)


def _received(case: OpenCase, part: VendorPart) -> int:
    """Count the files that came otherwise: a mail is one act, and may bring several."""
    return sum(1 for taken in part.files for _ in received_files(case.folder / taken.folder))


def _asked(part: VendorPart) -> str | None:
    if part.right not in part.contacts:
        return None
    return question_state(part.contacts[part.right]) + (", but for what is kept" if kept_words(part, part.right) else "")


def _files(run: TakenRun) -> int:
    every = Counter[str]()
    for told in run.endpoints.values():
        counts = told.get("files")
        every.update({name: number for name, number in counts.items() if isinstance(number, int)} if isinstance(counts, dict) else {})
    return every["downloaded"]


def _gap_form(asked: AskedPage, case: OpenCase, called: Called, *, may: bool) -> dict[str, Any]:
    """Give the gaps with what was written about them in a form that was refused, and how many `may` be accepted still."""
    waiting, accepted = _sentences(asked, *TO_ACCEPT), _sentences(asked, *SAID_OTHERWISE)
    every = (gap for vendor, part in case.case.vendors.items() for gap in _gaps(vendor, part, called))
    gaps = [replace(gap, typed=(waiting if gap.said is None else accepted).get(gap.name, "")) for gap in every]
    return {"gaps": gaps, "sentences": {**waiting, **accepted}, "to_accept": sum(gap.said is None for gap in gaps) if may else 0}


def _gaps(vendor: str, part: VendorPart, called: Called) -> list[GapRow]:
    if part.left_out is not None or not part.here:
        return [GapRow(vendor, "the whole service", part.left_out, early=part.contact != "declined")]
    return [_gap(vendor, part, gap, called) for gap in part.gaps]


def _gap(vendor: str, part: VendorPart, gap: acts.Gap, called: Called) -> GapRow:
    why = reason_words(gap.why, vendor, called) if gap.why is not None else None
    return GapRow(f"{vendor}/{gap.endpoint}", _gap_words(vendor, gap, called), _accepted(part, gap), why)


def _accepted(part: VendorPart, gap: acts.Gap) -> str | None:
    return None if gap in part.open_gaps else part.excused[gap.endpoint].say


def _gap_words(vendor: str, gap: acts.Gap, called: Called) -> str:
    name = called(vendor, gap.endpoint.removesuffix(FILES))
    if gap.endpoint == OTHERS:
        return f"nobody was found: {gap.outcome}"
    if gap.endpoint == EARLIER:
        return gap.outcome
    if gap.endpoint.endswith(FILES):
        return f"files of {name}: {gap.outcome}"
    return f"{name}: {gap.outcome}" + (" by the service" if gap.outcome == MISSING[0] else "")


def _can(case: OpenCase, told: Deadlines, asked: AskedPage) -> dict[str, bool]:
    """Say which acts can be done now: what would be refused is no button."""
    law = regime_of(case.opened.regime)
    tried: dict[str, acts.Act] = {
        "identified": acts.Identified(how=""),
        "acknowledge": acts.Acknowledged(),
        "extend": acts.Extended(why=""),
        "deny": acts.Denied(why=""),
        "deliver": acts.Delivered(how=""),
        "conclude": acts.Concluded(),
        "pause": acts.Paused(why=""),
        "resume": acts.Resumed(),
        "withdraw": acts.Withdrawn(),
        "close": acts.Closed(),
        "excuse": acts.Excused(vendor=next(iter(case.case.vendors), ""), say=""),
    }
    may = {name: _may(case.case, act) for name, act in tried.items()}
    late = too_late(law, told, asked.today) is not None
    return {**may, "extend": may["extend"] and not late, "pause": may["pause"] and law.pause}


def _may(case: Case, act: acts.Act) -> bool:
    return refusal(case, act) is None


def _sentences(asked: AskedPage, gap: str, sentence: str) -> dict[str, str]:
    """Give what was written about gaps, by their names: each field of the form has its gap before it."""
    fields = zip(asked.form.get(gap, ()), asked.form.get(sentence, ()), strict=False)
    return {what: say.strip() for what, say in fields if say.strip()}


def _excuse(asked: AskedPage, case: OpenCase) -> None:
    """Accept every gap that has a sentence, and give accepted ones another that was written; all of it, or nothing.

    A button for each gap alone would leave what was written about the others in no log and on no page. Raises UsageError, Stale, DiskError,
    OutputError.
    """
    sentences = {**_sentences(asked, *TO_ACCEPT), **_sentences(asked, *SAID_OTHERWISE)}
    if not sentences and asked.said("replace"):
        asked.wanted("instead", "what the person will read instead")
    elif not sentences:
        asked.wanted("say", "what the person will read")
    case.acts([act for what, say in sentences.items() for act in excuses(case, what, say)], asked.now)


def _letter(kind: str, what: str | None) -> Callable[[AskedPage, OpenCase], None]:
    """Make an act that comes with a letter; `what` names what has to be written with it."""

    def act(asked: AskedPage, case: OpenCase) -> None:
        why = asked.wanted("why", what) if what is not None else None
        do_with_letter(case, asked.home, WantedLetter(kind, why), asked.today, lambda: asked.now)

    return act


def _deny(asked: AskedPage, case: OpenCase) -> None:
    ground = asked.said("ground") or "other"
    if ground not in GROUNDS:
        message = f"{ground}: there are {', '.join(GROUNDS)}; nothing was written"
        raise UsageError(message)
    why = asked.wanted("why", "the reason, as the person reads it")
    told: acts.Ground = GROUND_NAMES[GROUND_NAMES.index(cast("acts.Ground", ground))]  # the very constant: it is left out where it is usual
    do_with_letter(case, asked.home, WantedLetter("deny", why, ground=told), asked.today, lambda: asked.now)


def _conclude(asked: AskedPage, case: OpenCase) -> None:
    more = conclusion(case, lambda vendor: title_of(asked.home, vendor, case.case))
    do_with_letter(case, asked.home, WantedLetter("conclude", None, more), asked.today, lambda: asked.now)


ACTS: Mapping[str, Callable[[AskedPage, OpenCase], object]] = {
    "identified": lambda asked, case: case.act(acts.Identified(how=asked.wanted("why", "by which evidence")), asked.now),
    "acknowledge": _letter("acknowledge", None),
    "extend": _letter("extend", "the reason, as the person reads it"),
    "deny": _deny,
    "deliver": _letter("deliver", "by which way"),
    "conclude": _conclude,
    "pause": lambda asked, case: pause(case, asked.wanted("why", "what the person is asked"), asked.now),
    "resume": lambda asked, case: case.act(acts.Resumed(), asked.now),
    "withdraw": lambda asked, case: case.act(acts.Withdrawn(), asked.now),
    "close": lambda asked, case: case.act(acts.Closed(), asked.now),
    "excuse": _excuse,
}


def do_in_case(asked: AskedPage) -> str:
    """Do what a form of the page asks for; gives where it leads. Raises Stale, UsageError, NotConnected, DiskError, OutputError."""
    act = ACTS.get(asked.said("do"))
    if act is None:
        message = "the form names no act: open the page again; nothing was written"
        raise UsageError(message)
    case = asked.seen_case()
    act(asked, case)
    return f"/case/{case.reference}"
