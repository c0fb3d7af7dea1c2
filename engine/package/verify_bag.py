"""Verify a package that anybody made: its sums, its signature, and whether it holds what it says.

`verify` gives a `PackageVerdict`, whatever was given to it: nothing a hostile bag does ends it, and it writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from engine.connection.signing_key import NAMESPACE
from engine.errors import Exit, UsageError
from engine.language.text.mistakes import counted
from engine.package.bag_check import check_bag, read_bounded
from engine.package.bag_names import SIGNATURE, TAG_MANIFEST, shown
from engine.package.bag_source import BagFault, BagSource, opened_bag
from engine.package.content_check import check_contents, read_contents
from engine.package.records import Completeness
from engine.package.signature import AllowedSigner, NoSignature, parse_signature, parse_signers, signer_of

MOST_SIGNERS = 1 << 20
MOST_SHOWN = 100


class Signed(msgspec.Struct, frozen=True):
    """By whom a package is signed: `known` is the only state in which that is proven. `text` is a sentence."""

    state: Literal["known", "unknown", "refused", "bad", "none"]
    text: str
    fingerprint: str | None = None
    principal: str | None = None


class PackageVerdict(msgspec.Struct, frozen=True):
    """What was found about a package. `sha256` is that of its tag manifest, which stands for all of it."""

    reference: str | None
    simulated: bool
    sha256: str | None
    files: int
    size: int
    completeness: Completeness | None
    signed: Signed
    faults: tuple[BagFault, ...]

    @property
    def exit_code(self) -> Exit:
        """Give 0 only where nothing is wrong and the signer is known."""
        return Exit.INCOMPLETE if self.faults or self.signed.state != "known" else Exit.COMPLETE

    def lines(self) -> list[str]:
        """Say it in words, one sentence a line."""
        name = shown(self.reference) if self.reference else "This package"
        simulated = ", of a simulated person" if self.simulated else ""
        lines = [
            f"{name}: {counted(self.files, 'file')}, {counted(self.size, 'byte')}{simulated}"
            + (f"; sha256 {self.sha256}" if self.sha256 else "")
        ]
        lines += [f"{fault.text}." for fault in self.faults[:MOST_SHOWN]]
        if len(self.faults) > MOST_SHOWN:
            lines.append(f"and {len(self.faults) - MOST_SHOWN} more.")
        if self.faults:
            lines.append(f"It is not as it was packed, or does not hold what it says: {counted(len(self.faults), 'fault')}.")
        elif self.completeness is not None:
            kinds = [kind for service in self.completeness.services for kind in service.kinds]
            lines.append(f"It is as it was packed, and holds what it says: {counted(sum(kind.given for kind in kinds), 'record')}.")
        return [*lines, self.signed.text]


def verify(path: Path, signers: Path | None = None, known: Iterable[AllowedSigner] = (), now: datetime | None = None) -> PackageVerdict:
    """Verify a folder or a zip. `signers` is an `allowed_signers` file, `known` are further signers, such as this installation itself.

    Raises UsageError where there is no such folder or zip, where it is sealed, or where the file of signers cannot be read.
    """
    allowed = [*known, *(read_signers(signers) if signers else ())]
    with opened_bag(path) as source:
        sha256 = check_bag(source)
        broken = tuple(source.faults)
        contents = read_contents(source)
        check_contents(source, contents)
        signed = _signed(source, allowed, now or datetime.now(UTC))
        faults = broken or tuple(dict.fromkeys(source.faults))  # what a broken bag holds says nothing
        return PackageVerdict(
            reference=contents.head.reference if contents.head else None,
            simulated=contents.head is not None and contents.head.simulated,
            sha256=sha256,
            files=len(source.files),
            size=source.size,
            completeness=contents.completeness,
            signed=signed,
            faults=faults,
        )


def read_signers(path: Path) -> list[AllowedSigner]:
    """Read an `allowed_signers` file. Raises UsageError."""
    try:
        with path.open("rb") as stream:
            return list(parse_signers(stream.read(MOST_SIGNERS).decode()))
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    except UnicodeDecodeError:
        message = f"{path} is no allowed_signers file: it is not UTF-8"
        raise UsageError(message) from None
    except ValueError as error:
        message = f"{path}:{error}"
        raise UsageError(message) from None


def _signed(source: BagSource, signers: list[AllowedSigner], now: datetime) -> Signed:
    if source.closed:
        return Signed("none", "Its signature was not read.")
    if SIGNATURE not in source.files:
        return Signed("none", f"It is not signed: {SIGNATURE} is missing, so nobody says that this is what they gave.")
    text, covered = read_bounded(source, SIGNATURE), read_bounded(source, TAG_MANIFEST)
    try:
        signature = parse_signature(text or b"")
    except NoSignature as error:
        return Signed("bad", f"The signature is bad: {SIGNATURE} {error}.")
    key = f"key {signature.fingerprint}"
    if signature.namespace != NAMESPACE:
        return Signed("bad", f"The signature is bad: it was made for `{shown(signature.namespace)}`, and not for {NAMESPACE}.")
    if covered is None or not signature.covers(covered):
        return Signed("bad", f"The signature is bad: {key} signed something else than this {TAG_MANIFEST}.", signature.fingerprint)
    signer, refusal = signer_of(signature, signers, now)
    what = "The list of its files" if source.faults else "It"
    if signer is None:
        told = "compare it with the fingerprint in the letter that came another way, or name whom you trust with --signers FILE"
        return Signed("unknown", f"{what} is signed by an unknown key, {signature.fingerprint}: {told}.", signature.fingerprint)
    if refusal is not None:
        return Signed("refused", f"The signature does not count: {shown(refusal)}.", signature.fingerprint, signer.principal)
    return Signed("known", f"{what} is signed by {shown(signer.principal)}, {key}.", signature.fingerprint, signer.principal)
