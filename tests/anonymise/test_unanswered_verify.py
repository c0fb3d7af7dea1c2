"""A run that ends before its `verify` was answered is recorded with that answer all the same."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.cassettes.check import check_cassettes
from engine.catalogue import load_file

SPEC = """
spec: 1
vendor: acme
base_url: https://<SHOP>.acme.example/v1
hosts: [.acme.example]
settings: {SHOP: the shop's name}
auth: {headers: {X-Key: <SECRET>}}
verify: {get: /me}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints: {notes: {get: /people/<USER_ID>/notes, records: items}}
"""


@pytest.fixture
def slow():
    """Serve a vendor whose first answer to /me never comes, while everything else is answered at once."""
    ended, asked = threading.Event(), []

    class Vendor(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if asked.count("/v1/me") == 1 and self.path == "/v1/me":
                ended.wait(60)
                self.close_connection = True
                return
            person = self.path.endswith("x.io")
            body = json.dumps({"id": "u1", "email": "ada@x.io"} if person else {"items": [{"id": "n1"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    ended.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_verify_is_asked_with_the_connections_own_values(habeas, slow, tmp_path):
    """The shop's name stands in its address: a copy of the request without it would be a defect of ours."""
    address, asked = slow
    (tmp_path / "specs").mkdir()
    spec = tmp_path / "specs" / "acme.yaml"
    spec.write_text(SPEC)
    done = habeas(
        "record",
        str(spec),
        "--email",
        "ada@x.io",
        "--at",
        address,
        "--cassette",
        "whole",
        HABEAS_ACME_SECRET="k" * 12,
        HABEAS_ACME_SHOP="north",
    )
    assert (done.returncode, done.stderr) == (0, "notes: complete, 1 record\n")
    assert asked.count("/v1/me") == 2
    found = check_cassettes(load_file(spec), spec, "acme")
    assert [(replayed.unknown, replayed.unused) for replayed in found.replays] == [((), ())]
    assert any("verify" in path.name for path in found.folder.joinpath("whole").iterdir())
