"""`habeas package build|approve|release|verify|key`: from the words of the command line to the package of a case, and what is said."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from engine.case.build import build
from engine.case.folder import open_case, user
from engine.case.person import read_person
from engine.case.regimes import office
from engine.case.release import approve, built_package, record_release, refusals, release, to_release, told_size
from engine.case.signer import own_signers, signers_line
from engine.cli.case import now
from engine.cli.formatting import print_json, print_text
from engine.connection.digest_key import digest_key
from engine.connection.signing_key import SigningKey, signing_key
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.errors import Exit, UsageError
from engine.language.text.mistakes import counted
from engine.package.seal import SealKind
from engine.package.verify_bag import verify

MOST_SHOWN = 20


def _key() -> SigningKey:
    return signing_key(Vault(home()))


def build_command(reference: str, *, as_json: bool) -> None:
    """Build a package. Raises as `build`."""
    where = home()
    case = open_case(where, reference)
    person = read_person(Vault(where).keys, case.folder)
    found = build(case, person, digest_key(where), _key(), where)
    told = found.built
    if as_json:
        print_json({"package": told.sha256, "folder": str(found.bag), **{name: getattr(told, name) for name in told.__struct_fields__[1:]}})
        return
    print_text(f"Built: {found.bag}, {told_size(found.bag)}; package {told.sha256}.")
    print_text(
        f"It gives {counted(told.records, 'record')} and {counted(told.files, 'file')}; {counted(told.withheld, 'place')}, "
        f"{counted(told.held, 'whole record')} and {counted(told.held_files or 0, 'file')} are withheld."
    )
    print_text(
        "Searched for what was withheld: "
        + ("something of it stands in it all the same, see below" if told.elsewhere else "none of it was found")
        + (f" ({counted(told.whole, 'short or common value')} compared as whole values only)" if told.whole else "")
        + ". Not searched for: what was left out only because it is told elsewhere, is not personal or was not asked for."
    )
    _tell_elsewhere(told.elsewhere)
    if told.opaque:
        print_text(f"Not searched, being no text in UTF-8: {counted(told.opaque, 'file')} of those handed over. Look there yourself.")
    if not office(where).controller:
        print_text(f"It names nobody who answers: write `controller: ...` into {where / 'office.yaml'}, and build again.")
    print_text(f"Look at it: {found.bag / 'index.html'}")
    print_text(f"Then: habeas package approve {reference}" + (" --also-given, if it may stand there" if told.elsewhere else ""))


def _tell_elsewhere(places: tuple[str, ...]) -> None:
    if places:
        why = "as was decided, since it is the person's own, or since the package, or a field, is called so"
        print_text(f"Withheld at one place, and there at another: {why}:")
    for place in places[:MOST_SHOWN]:
        print_text(f"  {place}")
    if len(places) > MOST_SHOWN:
        print_text(f"  and {len(places) - MOST_SHOWN} more")


def approve_command(reference: str, package: str | None, *, also_given: bool) -> Exit:
    """Approve the package that was built. Gives the exit code. Raises UsageError, SpecError, DiskError, OutputError."""
    case = open_case(home(), reference)
    found = built_package(case)
    if package is not None and (len(package) < 8 or not found.built.sha256.startswith(package)):
        message = f"--package {package}: the package that was built is {found.built.sha256}; nothing was approved"
        raise UsageError(message)
    lacking = [*refusals(case, found, user())]
    if lacking:
        for block in lacking:
            print_text(f"{block.what}: {block.mend}")
        print_text("Nothing was approved.")
        return Exit.INCOMPLETE
    if found.built.elsewhere and not also_given:
        _tell_elsewhere(found.built.elsewhere)
        print_text("Nothing was approved: if they may stand there, say so with --also-given; else decide on those places, and build again.")
        return Exit.INCOMPLETE
    approve(case, found, now(), also_given=also_given)
    print_text(f"Approved: package {found.built.sha256}, by {user()}.")
    print_text(f"Then: habeas package release {reference}")
    return Exit.COMPLETE


def release_command(reference: str, form: str | None) -> None:
    """Release the approved package. Raises UsageError, Refused, NotConnected, DiskError, OutputError."""
    case = open_case(home(), reference)
    found = to_release(case)
    key = _key()
    made = release(case, found, key, cast("SealKind | None", form))
    record_release(case, found, made, now())
    print_text(f"Signed by {key.fingerprint}." + ("" if made.passphrase else " It is not sealed: whoever has it can read it."))
    print_text(f"Hand over: {made.path}, {told_size(made.path)}.")
    if made.passphrase:
        print_text(f"\n    {made.passphrase}\n")
        print_text("This passphrase opens it. It is shown once and kept nowhere: tell it the person another way than the package goes.")
    print_text(f'Then: habeas case delivered {reference} --how "..." writes the letter with the fingerprint.')


def verify_command(path: Path, signers: Path | None, *, as_json: bool) -> Exit:
    """Verify a package. Gives the exit code. Raises UsageError."""
    verdict = verify(path, signers, () if signers else own_signers(home()))
    if as_json:
        print_json(verdict)
    else:
        for line in verdict.lines():
            print_text(line)
    return verdict.exit_code


def key_command(*, as_json: bool) -> None:
    """Show the key. Raises NotConnected, DiskError, OutputError."""
    key = _key()
    if as_json:
        print_json({"allowed_signers": signers_line(home(), key), "fingerprint": key.fingerprint})
        return
    print_text(signers_line(home(), key))
    print_text(f"Fingerprint: {key.fingerprint}", err=True)
