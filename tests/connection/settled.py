"""A vendor whose addresses come from a connection: a login host and an organisation that are asked for, an instance that is told."""

from __future__ import annotations

import time

from aiohttp import web

from engine.connection.credential import bound
from engine.connection.stored import StoredConnection
from engine.core.oauth import Tokens
from engine.simulate.authorization_server import Grant
from tests.connection.vendor import Acme, spec

OAUTH = """  oauth2:
    authorization_url: https://<LOGIN_HOST>/authorize
    token_url: https://<LOGIN_HOST>/token
    revocation_url: https://<LOGIN_HOST>/revoke
    redirect_uri: http://127.0.0.1:8917/callback
    capture: {INSTANCE: instance_url, SITE: "sites[0].number"}
"""
SETTLED = f"""
spec: 1
vendor: acme
base_url: <INSTANCE>/v1/<ORG>
hosts: [acme.example, .acme.example]
settings: {{LOGIN_HOST: login.acme.example or your own, ORG: the organisation's name}}
auth:
{OAUTH}
verify: {{get: /<SITE>/me}}
access:
  lookup: {{get: /<SITE>/people/<EMAIL>, match: email, capture: {{USER_ID: id}}, refusals: {{rules: [{{status: 404, means: absent}}]}}}}
  endpoints:
    files: {{get: /<SITE>/people/<USER_ID>/files, records: files}}
"""
KEYED = """
spec: 1
vendor: acme
base_url: https://<SHOP>.acme.example/v1
hosts: [.acme.example]
settings: {SHOP: the part before .acme.example, DC: your data centre, HIDDEN: never needed}
auth: {headers: {X-Key: <SECRET>}}
discover: {metadata: {get: /metadata, capture: {DC: dc}}}
verify: {get: /<DC>/me}
access:
  lookup: {get: /<DC>/people/<EMAIL>, match: email, capture: {USER_ID: id}, refusals: {rules: [{status: 404, means: absent}]}}
  endpoints:
    files: {get: /<DC>/people/<USER_ID>/files, records: files}
"""
SETTINGS = {"LOGIN_HOST": "login.acme.example", "ORG": "acme-1"}
ENVIRON = {f"HABEAS_ACME_{name}": value for name, value in SETTINGS.items()}
TOLD = {"instance_url": "https://eu1.acme.example", "sites": [{"number": 7}]}
CAPTURED = (("INSTANCE", "https://eu1.acme.example"), ("SITE", "7"))


def settled(told: dict[str, object] | None = None) -> Acme:
    """Give the vendor, with what it tells in every token answer."""
    acme = Acme()
    acme.provider.extra = told if told is not None else TOLD  # type: ignore[assignment]
    return acme


def record(acme: Acme, life: float = 3600.0, captured: tuple[tuple[str, str], ...] = CAPTURED) -> StoredConnection:
    """Give a connection as `connect` would have made it."""
    said, now = acme.provider.issue(Grant(acme.provider.scope)), time.time()
    tokens = Tokens(str(said["access_token"]), now, str(said["refresh_token"]), now + life, str(said["scope"]), captured)
    made = bound(spec(SETTLED), acme.address, "oauth2", SETTINGS)
    return StoredConnection(
        "acme", "oauth2", made, now, grant="authorization_code", client=acme.client(), tokens=tokens, settings=dict(SETTINGS)
    )


def keyed(seen: list[str]) -> Acme:
    """Give a vendor that takes one key, and tells the data centre."""
    acme = Acme()

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        if request.headers.get("X-Key") != "K-1":
            return web.json_response({}, status=401)
        return web.json_response({"dc": "us9"} if request.path.endswith("/metadata") else {"id": 1})

    acme.api = answer  # type: ignore[method-assign]
    return acme
