"""What follows when the vendor refuses the credential of a run, or when it is due: renew it, go on, or end the run.

Pure: engine/runner/client.py renews and sends; this says whether to, and what each result means. A 401 arrives here by
way of engine/core/retry.py (`Refresh`, then `GiveUp(dead=True)`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.core.oauth import NotRenewed, Renewed
from engine.core.retry import REFUSED, GiveUp

LATELY = 300.0
ONLY_THIS = "the vendor refuses the credential for this request, though not for others"

Purpose = Literal["due", "refused", "file"]


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What a run knows of its credential.

    `generation` counts renewals; `asked`: the vendor gave the present one (not another process). `failed` is what renewing
    the generation named with it came to. `end` is why nothing more is asked. `lives` says, by endpoint that was refused,
    whether `verify` was answered all the same. `file_renewal`: the second and result of the last renewal for a file.
    """

    generation: int = 0
    asked: bool = True
    failed: tuple[int, GiveUp] | None = None
    end: GiveUp | None = None
    lives: Mapping[str, bool] = field(default_factory=dict)
    file_renewal: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Renew:
    """Renew the credential, then ask `renewed`."""


@dataclass(frozen=True, slots=True)
class AskVerify:
    """Send `verify`, then ask `judge` again with `noted`."""


@dataclass(frozen=True, slots=True)
class Usable:
    """Ask with the credential in use; `asked` as in CredentialState, None where a renewal that was only due did not succeed."""

    asked: bool | None


def before_renewal(state: CredentialState, generation: int, purpose: Purpose, now: float, *, due: bool = False) -> Renew | Usable | GiveUp:
    """Say whether who asked with the credential of `generation` renews it: once for all who used the same one.

    `due`: its time is nearly over. A file that is refused renews at most once in LATELY seconds: a list of refused files
    must not renew for each of them.
    """
    if purpose == "file":
        if state.end is not None:
            return state.end
        if generation != state.generation:
            return Usable(state.asked)
        recent = state.file_renewal is not None and now < state.file_renewal[0] + LATELY
        return GiveUp(state.file_renewal[1]) if recent and state.file_renewal is not None else Renew()
    if generation != state.generation or state.end is not None or (purpose == "due" and not due):
        return Usable(state.asked)
    if state.failed is not None and state.failed[0] == generation:
        return state.failed[1]
    return Renew()


def renewed(state: CredentialState, found: Renewed | NotRenewed, purpose: Purpose, now: float) -> tuple[CredentialState, Usable | GiveUp]:
    """Take in what a renewal came to.

    One that was only due and failed is used until the vendor refuses it, unless it is known to be dead. A file ends no
    run: a vendor may refuse one file to a credential that is good for all the rest.
    """
    if purpose == "file":
        state = replace(state, file_renewal=(now, found.words if isinstance(found, NotRenewed) else REFUSED))
    if isinstance(found, Renewed):
        return replace(state, generation=state.generation + 1, asked=found.asked), Usable(found.asked)
    end = GiveUp(found.words, dead=found.dead)
    if purpose == "due":
        return (replace(state, end=end) if found.dead else state), Usable(None)
    if purpose == "file":
        return state, end
    return replace(state, failed=(state.generation, end)), end


def judge(state: CredentialState, refused: GiveUp, endpoint: str, words: str) -> tuple[CredentialState, GiveUp | AskVerify]:
    """Say what a credential that stays refused means: the end of one endpoint where `verify` is answered, else of the run.

    `words` tell how the connection is mended; they stand for the bare "the vendor refuses the credential".
    """
    if state.end is not None:
        return state, state.end
    if endpoint not in state.lives:
        return state, AskVerify()
    if state.lives[endpoint]:
        return state, GiveUp(ONLY_THIS, final=True)
    end = replace(refused, words=words) if refused.words == REFUSED else refused
    return replace(state, end=end), end


def noted(state: CredentialState, endpoint: str, *, lives: bool) -> CredentialState:
    """Take in whether `verify` showed that a credential lives which `endpoint` was refused with."""
    return replace(state, lives={**state.lives, endpoint: lives})
