"""Commands that write a letter or a mail, killed between any two steps to the disk: the next call goes on, or says that it was done."""

from __future__ import annotations

import email
import json
import sys
from email.policy import SMTP

import pytest

from tests.contact.conftest import desk
from tests.forked import run
from tests.moments import few
from tests.process import environment

__all__ = ["desk"]

# Runs a command, and kills it with SIGKILL before the n-th call of the system by which something gets onto the disk, or gets a name.
KILLER = """
import os, signal, sys
left = int(sys.argv[1])
def counted(name, real):
    def step(*words, **more):
        global left
        if name != "open" or (len(words) > 1 and words[1] & (os.O_WRONLY | os.O_RDWR)):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    setattr(os, name, step)
for name in ("open", "write", "ftruncate", "fsync", "mkdir", "rename", "replace", "link", "unlink"):
    counted(name, getattr(os, name))
sys.argv = ["habeas", *sys.argv[2:]]
from engine.cli import main
main()
"""
SEND = ("contact", "send", "DSR-17", "zoom")
COMMANDS = {
    "acknowledged": ("access", [("case", "acknowledge", "DSR-17")]),
    "extended": ("access", [("case", "extend", "DSR-17", "--why", "There is much.")]),
    "denied": ("access", [("case", "deny", "DSR-17", "--why", "You did not show who you are.", "--ground", "unverified")]),
    "concluded": (
        "deletion",
        [(*SEND, "deletion"), ("contact", "answer", "DSR-17", "zoom", "deleted"), ("case", "conclude", "DSR-17")],
    ),
    "sending": ("access", [(*SEND, "access")]),
    "sending again": ("access", [(*SEND, "access"), (*SEND, "access", "--again")]),
}
REPEATED = ("acknowledged", "sending again")  # another letter can be written whenever somebody says so
MOST = 24  # such calls of one command
MOMENTS = few(
    [(name, moment) for name in COMMANDS for moment in range(1, MOST + 1)],
    *[("acknowledged", 4), ("extended", 9), ("denied", 14), ("concluded", 21), ("sending", 6), ("sending again", 9)],
)


def state(desk) -> dict:
    """Give the case as a program reads it."""
    return json.loads(desk("case", "show", "DSR-17", "--json"))


def untold(desk, acts: list) -> list[str]:
    """Give the letters and mails in the case that no act names."""
    folder = desk.home / "cases/DSR-17"
    told = {act.get(name) for act in acts for name in ("letter", "mail")}
    found = [one.relative_to(folder) for where in ("letters", "mails") for one in folder.glob(f"{where}/*")]
    return sorted(str(one) for one in found if not {str(one), str(one.with_suffix(""))} & told)


@pytest.mark.parametrize("at", MOMENTS, ids="{0[0]} {0[1]}".format)
def test_a_letter_that_a_killed_command_left_stops_nothing(desk, at):
    """What no act tells of is named, to be deleted; the same command then writes its letter whole, or says that it was done before."""
    name, moment = at
    right, (*before, words) = COMMANDS[name]
    desk.open(right)
    for one in before:
        desk(*one)
    acts = state(desk)["acts"]
    command = [sys.executable, "-c", KILLER, str(moment), *words]
    done = run(command, env=environment(desk.home), input="", text=True, capture_output=True, check=False)
    assert (done.returncode in (0, -9), done.stderr) == (True, "")
    now = state(desk)
    assert now["acts"][: len(acts)] == acts
    assert now["strays"] == untold(desk, now["acts"])
    assert all(f"{one} lies in the case and no act tells of it" in desk("case", "show", "DSR-17") for one in now["strays"])
    known = len(now["acts"]) > len(acts)
    overtaken = bool(moment % 2) and not known  # by somebody's act: the letter has another number then
    if overtaken:
        desk("case", "name", "DSR-17", stdin="email: mara.second@example.com\n")
    again = desk.habeas(*words)
    done_before = known and name not in REPEATED
    assert (again.returncode, "nothing was" in again.stderr) == ((2, True) if done_before else (0, False)), again.stderr
    last = state(desk)
    assert last["strays"] == untold(desk, last["acts"])
    assert last["strays"] == (now["strays"] if overtaken else [])
    (told,) = [act.get("letter") or act.get("mail") for act in last["acts"][len(acts) :] if act["did"] == name.split()[0]][-1:]
    folder = desk.home / "cases/DSR-17"
    mail = email.message_from_bytes((folder / told).with_suffix(".eml").read_bytes(), policy=SMTP)
    body = mail.get_content().replace("\r\n", "\n")
    assert (
        body.endswith("privacy@office.example\n")
        or (folder / f"{told}.txt").read_text().rstrip() == f"{mail['Subject']}\n\n{body}".rstrip()
    )
    desk("case", "check-log", "DSR-17")
    if desk.habeas("case", "identified", "DSR-17", "--how", "by letter").returncode == 0:
        assert not list(folder.rglob("*.part"))
