"""What opens the door is in no cassette: `habeas record` hunts for the secrets of its own connection, also for those it got on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from engine.replaced import replace
from engine.simulate.authorization_server import Grant
from tests.connection.commands import Command
from tests.connection.vendor import NAME, Acme, vault

WORDS = ("record", "acme", "--email", "her@acme.example", "--cassette", "echo", "--out")
ORDINARY = "meeting-settings"  # in a record it would stay: it tells of nobody


class Echo(Acme):
    """A vendor whose records hold a word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    async def api(self, request: web.Request) -> web.Response:
        answer = await super().api(request)
        name = request.path.rsplit("/", 1)[1]
        return (
            web.json_response({name: [{"id": "1", "kind": self.word}]}) if answer.status == 200 and name in ("files", "notes") else answer
        )


def written(folder: Path) -> str:
    """Everything that was written of a cassette."""
    return "".join(path.read_text("utf-8") for path in sorted((folder / "echo").rglob("*")) if path.is_file())


async def test_a_mere_word_stays_in_a_cassette(tmp_path):
    """What tells of nobody is kept, if it opens nothing."""
    async with Echo(ORDINARY).up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        done = await Command(tmp_path, acme)(*WORDS, str(tmp_path))
        assert (done.code, ORDINARY in written(tmp_path)) == (0, True), done


@pytest.mark.parametrize(
    "what", ["access", "refresh", "client id", "client secret", "access in the run", "refresh in the run", "ended in the run"]
)
async def test_a_word_that_is_a_secret_of_the_connection_is_in_no_cassette(what, tmp_path):
    """Where a vendor repeats it in a record, nothing is written, whichever secret it is, and if it had it for a moment only."""
    async with Echo(ORDINARY).up() as acme:
        record = acme.record(life=-1 if "in the run" in what else 3600.0)
        tokens, client, access = record.tokens, record.client, acme.provider.access
        if what in ("access", "ended in the run"):
            access[ORDINARY] = access.pop(tokens.access)
            tokens = replace(tokens, access=ORDINARY)
        elif what == "refresh":
            tokens = replace(tokens, refresh=ORDINARY)
        elif what == "access in the run":
            access[ORDINARY] = access[tokens.access]
            acme.says.append(web.json_response({"access_token": ORDINARY, "token_type": "bearer", "expires_in": 3600}))
        elif what == "refresh in the run":
            acme.says.append(web.json_response({**acme.provider.issue(Grant(acme.provider.scope)), "refresh_token": ORDINARY}))
        else:
            acme.provider.client_id = "somebody-else"
            client = replace(client, **{what.removeprefix("client "): ORDINARY})
        vault(tmp_path).write(NAME, replace(record, tokens=tokens, client=client))
        done = await Command(tmp_path, acme)(*WORDS, str(tmp_path))
        assert (done.code, "nothing was written" in done.err) == (5, True), done
        assert ORDINARY not in done.out + done.err
        assert not (tmp_path / "echo").exists()
