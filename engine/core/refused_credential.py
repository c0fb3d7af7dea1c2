"""Decide what happens when the vendor refuses a credential (401), or when it is about to expire: renew, go on, or end every run over it.

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
JUDGED = 3600.0
ONLY_THIS = "the vendor refuses the credential for this request, though not for others"

Purpose = Literal["due", "refused", "file"]


class CredentialState(Struct, frozen=True):
    """What is known of a credential, by all runs over its connection. Moments are seconds of the event loop's clock.

    `generation` counts renewals; `asked`: this process got the credential in use from the vendor, another one did not.
    `failed`: the generation whose renewal failed, with the reason; `failed_at`: when. `end`: why nothing more is sent. `lives`: for
    each endpoint that was refused, whether `verify` was answered with the same credential; `judged_at`: when that was asked.
    `file_renewal`: when the credential was last renewed for a file, and the result.
    """

    generation: int = 0
    asked: bool = True
    failed: tuple[int, GiveUp] | None = None
    failed_at: float = 0.0
    end: GiveUp | None = None
    lives: Mapping[str, bool] = field(default_factory=dict)
    judged_at: Mapping[str, float] = field(default_factory=dict)
    file_renewal: tuple[float, str] | None = None

    def alive(self, endpoint: str, now: float) -> bool | None:
        """Whether the credential lives though an endpoint was refused with it; None where that is not known, or not any more."""
        return self.lives.get(endpoint) if now < self.judged_at.get(endpoint, now) + JUDGED else None


class Renew(Struct, frozen=True):
    """Renew the credential, then ask `renewed`."""


class AskVerify(Struct, frozen=True):
    """Send `verify`, then ask `judge` again with `noted`."""


class Usable(Struct, frozen=True):
    """Go on with the credential in use. `asked` as in CredentialState; None where it is about to expire and could not be renewed."""

    asked: bool | None


def before_renewal(
    state: CredentialState, generation: int, purpose: Purpose, now: float, *, due: bool = False, endpoint: str = ""
) -> Renew | Usable | GiveUp:
    """Decide whether the credential of `generation` is renewed: only once for all requests that were sent with it.

    `due`: it is about to expire. Refused files renew at most once in LATELY seconds, however many are refused; a renewal that
    failed is not tried again as long. An `endpoint` that was refused though the credential lives renews nothing: each of many
    people would else use up a refresh token.
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
    if state.failed is not None and state.failed[0] == generation and (now < state.failed_at + LATELY or state.failed[1].dead):
        return state.failed[1]
    return GiveUp(ONLY_THIS, final=True) if purpose == "refused" and state.alive(endpoint, now) else Renew()


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
    return replace(state, failed=(state.generation, end), failed_at=now), end


def judge(
    state: CredentialState, refused: GiveUp, endpoint: str, words: str, now: float = 0.0
) -> tuple[CredentialState, GiveUp | AskVerify]:
    """Decide what a credential that stays refused ends: only this endpoint where `verify` is answered with it, else every run.

    `words`, which say how to mend the connection, replace the bare "the vendor refuses the credential".
    """
    if state.end is not None:
        return state, state.end
    alive = state.alive(endpoint, now)
    if alive is None:
        return state, AskVerify()
    if alive:
        return state, GiveUp(ONLY_THIS, final=True)
    end = replace(refused, words=words) if refused.words == REFUSED else refused
    return replace(state, end=end), end


def noted(state: CredentialState, endpoint: str, *, lives: bool, now: float = 0.0) -> CredentialState:
    """Note whether `verify` was answered with the credential that `endpoint` was refused with."""
    return replace(state, lives={**state.lives, endpoint: lives}, judged_at={**state.judged_at, endpoint: now})
