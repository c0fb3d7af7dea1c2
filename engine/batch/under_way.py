"""Go on with a person's run that a process left when it was stopped or killed, where the row still asks for the same.

What cannot be gone on from is deleted, and the person asked for from the start: that is always right, only slower.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC

import msgspec

from engine.assembly import Order
from engine.batch.batch_folder import swept
from engine.errors import HabeasError
from engine.replaced import replace
from engine.resuming import ResumeArguments, resumed_order
from engine.run_head import RunHead, read_head
from engine.runner import Session
from engine.runner.manifest import manifest_head


async def going_on(order: Order, person: Iterable[tuple[str, str]], session: Session) -> Order:
    """Give the order that goes on from what lies in its folder; else the order as it is, its folder gone. Raises DiskError, OutputError.

    A run that had ended, and was not put in its place, goes on too: its lists are believed by their digests, none is asked again.
    """
    folder = order.out / order.vendor.name
    if folder.is_dir():
        with suppress(HabeasError):
            head = read_head(folder)
            wanted = manifest_head(session, order.options, head.started.astimezone(UTC), (), ())
            if _asked(msgspec.convert(wanted, RunHead)) == _asked(head):
                arguments = ResumeArguments(person=tuple(person), ended=True, digests=order.digests)
                return replace(order, earlier=(await resumed_order(folder, head, order.vendor, arguments, order.chosen)).earlier)
    swept(order.out)
    return order


def _asked(head: RunHead) -> tuple[object, ...]:
    """Give what two runs at one vendor share that ask for the same."""
    return head.reference, head.connection.name, head.simulated, head.excluded, head.fields, head.narrowed, head.options
