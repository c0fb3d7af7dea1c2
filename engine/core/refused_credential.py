"""Decide what happens when the vendor refuses a run's credential (401), or when it is about to expire: renew, go on, or end the run.

Pure functions over a `CredentialState`; engine/runner/client.py renews and sends. A 401 is first judged by core/retry.py, which
gives `Refresh`, and after a useless renewal `GiveUp(dead=True)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from engine.core.oauth import NotRenewed, Renewed
from engine.core.retry import REFUSED, GiveUp
from engine.replaced import replace

LATELY = 300.0
ONLY_THIS = "the vendor refuses the credential for this request, though not for others"

Purpose = Literal["due", "refused", "file"]


class CredentialState(Struct, frozen=True):
    """What a run knows of its credential.

    `generation` counts renewals; `asked`: this process got the credential in use from the vendor, another one did not.
    `failed`: the generation whose renewal failed, with the reason. `end`: why the run sends nothing more. `lives`: for each
    endpoint that was refused, whether `verify` was answered with the same credential. `file_renewal`: when the credential was
    last renewed for a file (seconds of the event loop's clock), and the result.
    """

    generation: int = 0
    asked: bool = True
    failed: tuple[int, GiveUp] | None = None
    end: GiveUp | None = None
    lives: Mapping[str, bool] = field(default_factory=dict)
    file_renewal: tuple[float, str] | None = None


class Renew(Struct, frozen=True):
    """Renew the credential, then ask `renewed`."""


class AskVerify(Struct, frozen=True):
    """Send `verify`, then ask `judge` again with `noted`."""


class Usable(Struct, frozen=True):
    """Go on with the credential in use. `asked` as in CredentialState; None where it is about to expire and could not be renewed."""

    asked: bool | None


def before_renewal(state: CredentialState, generation: int, purpose: Purpose, now: float, *, due: bool = False) -> Renew | Usable | GiveUp:
    """Decide whether the credential of `generation` is renewed: only once for all requests that were sent with it.

    `due`: it is about to expire. `now`: seconds of the event loop's clock. Refused files renew at most once in LATELY seconds,
    however many are refused.
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
    """Note the result of a renewal, and say how to go on.

    A credential that was about to expire and could not be renewed is used until the vendor refuses it, unless it is known to
    be dead. A refused file never ends the run: the vendor may refuse one file and allow all others.
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
    """Decide what a credential that stays refused ends: only this endpoint where `verify` is answered with it, else the run.

    `words`, which say how to mend the connection, replace the bare "the vendor refuses the credential".
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
    """Note whether `verify` was answered with the credential that `endpoint` was refused with."""
    return replace(state, lives={**state.lives, endpoint: lives})
