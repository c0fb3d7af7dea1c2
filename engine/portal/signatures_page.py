"""`/signatures`: the key that packages are signed with, to be published; and to check a package that anybody made."""

from __future__ import annotations

from engine.case.signer import key_here, own_signers, signers_line
from engine.connection.signing_key import signing_key
from engine.connection.vault import Vault
from engine.errors import Exit, HabeasError, UsageError
from engine.package.verify_bag import PackageVerdict, verify
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.forms import LARGEST_UPLOAD
from engine.portal.sent_files import told_as

NAME = "package.zip"  # what is said of it calls it so


def show_signatures(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the key, and the form that takes a package."""
    return _shown(asked, error, None)


def _shown(asked: AskedPage, error: HabeasError | None, verdict: PackageVerdict | None) -> Portrayed:
    line = mark = fault = None
    try:
        key = key_here(asked.home)
        if key is not None:
            line, mark = signers_line(asked.home, key), key.fingerprint
    except HabeasError as broken:
        fault = str(broken)
    return portray(
        "signatures.html",
        asked,
        error,
        here="/signatures",
        line=line,
        fingerprint=mark,
        key_fault=fault,
        lines=verdict.lines() if verdict is not None else (),
        well=verdict is not None and verdict.exit_code is Exit.COMPLETE,
        largest=f"{LARGEST_UPLOAD >> 30} GB",
    )


def do_signatures(asked: AskedPage) -> str | Portrayed:
    """Make the key, or check what was sent; nothing of that is kept. Raises UsageError, NotConnected, DiskError, OutputError."""
    if asked.said("do") == "key":
        signing_key(Vault(asked.home))
        return "/signatures"
    if asked.said("do") != "verify":
        message = "the form names no act: open the page again; nothing was written"
        raise UsageError(message)
    sent, signers = asked.files.get("file", ()), asked.files.get("signers", ())
    if len(sent) != 1:
        message = "choose one package, as the zip that it came in; nothing was checked"
        raise UsageError(message)
    trusted, package = signers[0].path if signers else None, sent[0].path.rename(sent[0].path.with_name(NAME))
    with told_as(package, "What was sent"):
        return _shown(asked, None, verify(package, trusted, () if trusted else own_signers(asked.home)))
