"""What comes next in a case, and where in the portal it is done: an address and the words of its link."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from engine.case.fold import ENDED, Case
from engine.case.folder import OpenCase
from engine.case.release import built_package
from engine.case.words import Blocked
from engine.errors import HabeasError
from engine.spec_files import packaged, vendor_line


class NextPlace(NamedTuple):
    """Where something is settled, below the address of its case, and the words of the link."""

    place: str
    words: str


WAYS: Mapping[str, NextPlace] = {
    "identity": NextPlace("#identity", "Say how it was shown who asks"),
    "fetch": NextPlace("/run", "Fetch it"),
    "files": NextPlace("/run", "Fetch its files, or accept the gap"),
    "owner": NextPlace("/contacts", "See the letter"),
    "unasked": NextPlace("/contacts", "Ask its owner"),
    "gaps": NextPlace("#gaps", "Accept the gap, or fetch again"),
    "declined": NextPlace("#gaps", "Accept that nothing is had of it"),
    "identifier": NextPlace("/person", "Choose another identifier there, then fetch again"),
    "unseen": NextPlace("/values", "Have it looked through"),
    "values": NextPlace("/values", "Decide what waits"),
}
NO_INTERFACE = NextPlace("/contacts", "Ask its owner, or add its file")


def described() -> Collection[str]:
    """Name the services that can be fetched from: those with a spec."""
    return {vendor_line(path)[0] for path in packaged()}


def is_fetched_from(case: OpenCase) -> bool:
    """Whether something can be fetched for a case: no service was chosen yet, or one of them has a spec."""
    specs = described()
    return not case.case.vendors or any(name in specs or part.run is not None for name, part in case.case.vendors.items())


def way_of(block: Blocked, specs: Collection[str]) -> NextPlace:
    """Say where something that blocks a release is settled."""
    return NO_INTERFACE if block.part == "fetch" and block.vendor is not None and block.vendor not in specs else WAYS[block.part]


def next_way(case: OpenCase, blocked: Sequence[Blocked], specs: Collection[str], *, may_approve: bool = True) -> NextPlace | None:
    """Say what comes next in a case, for somebody who may approve packages or may not; None where nothing does."""
    if case.case.phase in ENDED:
        return None
    if blocked:
        return way_of(blocked[0], specs)
    if case.case.phase == "released":
        return _after(case.case)
    if case.opened.right == "deletion":
        return NextPlace("#conclude", "Write the letter that says what was deleted")
    if case.case.phase == "approved":
        return NextPlace("/package", "Release the package")
    with suppress(HabeasError):  # none was built, or not of what is decided now
        built_package(case)
        return NextPlace("/package", "Look at the package, then approve it" if may_approve else "Somebody else approves the package")
    return NextPlace("/package", "Make the package")


def _after(case: Case) -> NextPlace:
    return NextPlace("#deliver", "Say that the package is on its way") if case.delivered is None else NextPlace("#close", "Close the case")


def unblocked_words(case: Case) -> str:
    """Say how a case stands in which nothing is in the way."""
    if case.phase == "released":
        return "Next: tell the person" if case.delivered is None else "Next: the case can be closed"
    return "Every owner has answered" if case.opened is not None and case.opened.right == "deletion" else "Nothing blocks the release"
