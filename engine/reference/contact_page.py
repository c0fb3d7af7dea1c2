"""Write the table of docs/contact.md from the code: what each event makes of a question."""

from __future__ import annotations

from engine.contact.steps import EVENTS, STATES, TABLE

MEANS = {
    "send": "`contact send`",
    "again": "`contact send --again`",
    "remind": "a reminder is due",
    "took": "the server took the mail, or the file was written",
    "not_taken": "the server refused it",
    "lost": "nobody knows whether the server took it",
    "data": "answered DATA, with files",
    "none": "answered NONE",
    "text": "answered something to be read",
    "deleted": "answered DELETED",
    "declined": "declined",
    "bounced": "the mail came back",
    "skip": "late, and `late: skip`",
    "block": "late, and `late: block`",
    "stop": "`contact stop`",
}
REMINDED = {"took": "reminded", "not_taken": "sent"}


def steps() -> str:
    """Write one row per event: the states that it is possible in, by what they become; elsewhere it changes nothing."""
    rows = [f"| {MEANS[event]} | {'; '.join(_cells(event))} |" for event in EVENTS if event != "tick"]
    return "\n".join(["| what happens | what the question becomes |", "| --- | --- |", *rows])


def _cells(event: str) -> list[str]:
    row = TABLE[event]  # type: ignore[index]
    found = []
    for after in dict.fromkeys(row.values()):
        before = [state for state in STATES if row.get(state) == after]
        others = [state for state in STATES if state not in row]
        if len(before) == len(STATES):
            words = "any"
        elif len(before) > len(STATES) // 2 and len(dict.fromkeys(row.values())) == 1:
            words = f"any but {', '.join(others)}"
        elif len(before) > len(STATES) // 2:
            words = "any other"
        else:
            words = ", ".join(before)
        reminded = REMINDED.get(event)
        found.append(f"{words} → **{after}**" + (f", of a reminder **{reminded}**" if reminded else ""))
    return sorted(found, key=lambda one: one.startswith("any"))
