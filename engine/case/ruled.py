"""The policies of a case: what lies there for each vendor, packaged or an operator's own, is checked and put in force, which is an act."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from engine.case.acts import Ruled
from engine.case.folder import OpenCase
from engine.case.in_force import InReview
from engine.connection.private_files import prepare, read_private, write_private
from engine.errors import UsageError
from engine.release.load_policy import load_policy
from engine.release.policy import Policy
from engine.spec_files import POLICIES, spec_folders

PLAIN = "policy: 1\nvendor: {vendor}\n"  # for a vendor of one's own: secrets are masked, what is found in texts is asked about


def put_in_force(case: OpenCase, now: datetime) -> None:
    """Put in force what lies in the case as the policy of each run: that is an act. Whoever looks is not kept from it by what others do."""
    while True:
        parts = {vendor: part for vendor, part in case.case.vendors.items() if part.run is not None}
        kept = {vendor: _kept(case, vendor) for vendor in parts}
        ruled = [Ruled(vendor=vendor, policy=one) for vendor, raw in kept.items() if (one := _sha256(raw)) != parts[vendor].policy]
        for act in ruled:
            _checked(case, act.vendor, kept[act.vendor], _policy_file(case, act.vendor))
        if not ruled or case.acts_if_unchanged(ruled, now):
            return


def _kept(case: OpenCase, vendor: str) -> bytes:
    """Give the policy for a vendor that lies in the case; the packaged one is copied there first. Raises as `review`."""
    path = _policy_file(case, vendor)
    raw = read_private(path)
    if raw is None:
        raw = _packaged(vendor)
        prepare(path.parent)
        write_private(path, raw)
    return raw


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _checked(case: OpenCase, vendor: str, raw: bytes, path: Path) -> Policy:
    """Read a policy that comes into force; one that was changed by hand is held against the vendor's spec and what was recorded.

    Raises SpecError with every mistake, UsageError where it is another vendor's.
    """
    from engine.cassettes.recorded import known_of  # noqa: PLC0415  it brings the network, of which a package needs nothing

    run = case.case.vendors[vendor].run
    known = known_of(vendor, case.folder / run.folder)[0] if run is not None and raw != _packaged(vendor) else None
    policy, _ = load_policy(raw, str(path), known)
    if policy.vendor != vendor:
        message = f"{path} is a policy for {policy.vendor}, and this is the run at {vendor}; nothing was looked at"
        raise UsageError(message)
    return policy


def _policy_file(case: OpenCase, vendor: str) -> Path:
    return case.folder / "policies" / f"{vendor}.yaml"


def _packaged(vendor: str) -> bytes:
    """Give the policy beside a vendor's spec, in HABEAS_SPECS too, else one that asks about everything that is found."""
    found = (one / POLICIES / f"{vendor}.yaml" for one in reversed(spec_folders()))
    path = next((one for one in found if one.is_file()), None)
    return path.read_bytes() if path is not None else PLAIN.format(vendor=vendor).encode()


def _in_review(case: OpenCase) -> Iterator[InReview]:
    """Give the runs of a case with the policies in force for them."""
    for vendor, part in case.case.vendors.items():
        if part.run is not None:
            raw = _kept(case, vendor)
            policy = _read_policy(raw, str(_policy_file(case, vendor)))
            yield InReview(vendor, case.folder / part.run.folder, part.run.proof, policy, _sha256(raw))


@lru_cache(maxsize=16)
def _read_policy(raw: bytes, where: str) -> Policy:
    """Read a policy; the same bytes are the same policy, which each page of a portal asks for again. Raises SpecError."""
    return load_policy(raw, where)[0]


def in_review(case: OpenCase) -> tuple[InReview, ...]:
    """Give every run of a case with the policy that it was looked through by. Raises UsageError where a policy is not that one."""
    if not all_in_force(case):
        message = f"a policy was changed, or its run was not looked through yet: habeas review list {case.reference} does it"
        raise UsageError(message)
    return tuple(_in_review(case))


def all_in_force(case: OpenCase) -> bool:
    """Whether every policy is the one that stands in the log: to look at a case writes nothing into it."""
    runs = {vendor: part for vendor, part in case.case.vendors.items() if part.run is not None}
    raw = {vendor: read_private(_policy_file(case, vendor)) for vendor in runs}
    return all(told is not None and _sha256(told) == runs[vendor].policy for vendor, told in raw.items())


@cache
def of_nobody() -> Policy:
    """Give the policy for what no vendor is known of: everything is asked about."""
    return load_policy(PLAIN.format(vendor="unknown").encode(), "no policy")[0]
