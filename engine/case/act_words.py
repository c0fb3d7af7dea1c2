"""What an act of a case is called, in the order of a sentence; on the terminal and in the portal alike. Nothing personal."""

from __future__ import annotations

import msgspec

from engine.case.acts import LogLine, Target

SHOWN_DIGITS = 8
WORDS = {  # where the word of the log alone would mislead
    "asked": "vendor to ask:",
    "named": "what is known of the person changed",
    "taken": "taken in:",
    "ruled": "policy in force:",
}
OUTDATED = "taken in, and does not count, since a later run found the person:"
BY_HAND = "written, to be sent by hand:"  # nobody knows that it was sent
TOLD = (
    "vendor",
    "purpose",
    "answer",
    "late",
    "endpoint",
    "folder",
    "act",
    "operation",
    "target",
    "what",
    "because",
    "how",
    "kept",
    "why",
    "say",
    "letter",
    "note",
)


def did(line: LogLine) -> str:
    """Say what was done, in the order of a sentence: `decided mask value:65c8ad01 third_party`."""
    body = msgspec.to_builtins(line.act)
    target = getattr(line.act, "target", None)
    told = {**body, "target": _target(target) if target is not None else None, "what": ", ".join(body.get("what", ()))}
    asked_by = f"vendor to ask by the chosen {body['by_kind']}:" if body.get("by_kind") else None
    word = BY_HAND if body.get("by_hand") else OUTDATED if body.get("later") else asked_by or WORDS.get(body["did"], body["did"])
    return " ".join([word, *(str(told[name]) for name in TOLD if told.get(name))])


def _target(target: Target) -> str:
    """Write what a decision is about, as it may be typed; a record by its digest, since its line may be another one in the next run."""
    if target.value is not None:
        return f"value:{target.value[:SHOWN_DIGITS]}"
    if target.file is not None:
        return f"{target.vendor}/{target.file}"
    record = f" record {target.record[:SHOWN_DIGITS]}{target.pointer or ''}" if target.record else ""
    return f"{target.vendor}/{target.endpoint}{f'.{target.field}' if target.field else ''}{record}"
