"""`habeas run --files`: what is said where a file is doubted or stopped, and what the manifest counts."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.core.file_check import LARGEST_FILE
from engine.errors import UsageError
from tests.net.servers import answer, serving

SPEC = """
spec: 1
vendor: acme
title: Acme
base_url: https://api.acme.example
hosts: [api.acme.example]
auth: {headers: {Authorization: "Bearer <SECRET>"}}
verify: {get: /me}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
    calls: {get: /people/<USER_ID>/calls, records: items, pagination: none, files: url}
    mails: {get: /people/<USER_ID>/mails, records: "@", pagination: none, files: {each: "attached[]", address: url, size: size}}
"""
BASE = "https://api.acme.example/f/"
LISTS = {
    "/people/u1/calls": {"items": [{"id": number, "url": f"{BASE}{name}"} for number, name in enumerate(("good", "refused", "long"))]},
    "/people/u1/mails": [{"id": 1, "attached": [{"url": f"{BASE}{name}", "size": 10} for name in ("good", "long")]}],
}
FILES = {"good": b"0123456789", "refused": b'{"error": "forbidden"}', "long": b"x" * 3_000_000}


async def vendor(head, writer):
    path = head.split(b" ")[1].decode()
    if path.startswith("/f/"):
        writer.write(answer(body=FILES[path[3:]], Content_Type="audio/mpeg"))
    else:
        writer.write(answer(body=json.dumps(LISTS.get(path, {"id": "u1", "email": "ada@x.io"})).encode()))


async def test_a_run_says_which_files_it_stopped_and_which_it_doubts(habeas, tmp_path):
    """Without an announced size at `--largest-file`, with one soon after it; doubted files lie there, stopped ones do not."""
    (tmp_path / "acme.yaml").write_text(SPEC)
    words = ("run", str(tmp_path / "acme.yaml"), "--email", "ada@x.io", "--out", str(tmp_path / "out"), "--files", "--largest-file", "2MB")
    async with serving(vendor) as server:
        done = await asyncio.to_thread(habeas, *words, "--at", server.address, HABEAS_ACME_TOKEN="t")
    assert done.returncode == 3, done.stderr
    reasons = [line.split("  ")[-1].strip() for line in done.stdout.splitlines() if line.startswith(("calls ", "mails "))]
    assert [set(reason.split("; ")) for reason in reasons] == [
        {
            "1 of 3 files is kept in doubt: JSON came in its place",
            "1 of 3 files failed: it is larger than 2.0 MB and was stopped: see --largest-file",
        },
        {"1 of 2 files failed: it is larger than announced, and was stopped"},
    ]
    assert "\n2 files downloaded, 20 bytes, 3 missing or in doubt\n" in done.stdout
    endpoints = json.loads((tmp_path / "out/acme/manifest.json").read_text())["endpoints"]
    assert [(one["outcome"], one["files"]["downloaded"], one["files"]["failed"]) for one in endpoints.values()] == [
        ("partial", 1, 2),
        ("partial", 1, 1),
    ]
    kept = sorted(path.relative_to(tmp_path / "out/acme/files").as_posix() for path in tmp_path.glob("out/acme/files/*/*"))
    assert kept == ["calls/000001-1.mp3", "calls/000002-1.mp3", "mails/000001-1.mp3"]


@pytest.mark.parametrize("size", ["0", "ten", "1.5GB", "-1"])
def test_a_largest_file_that_is_no_size_is_refused(size, habeas, tmp_path):
    """Before anything is sent."""
    done = habeas("run", "zoom", "--email", "ada@x.io", "--out", str(tmp_path / "out"), "--largest-file", size)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "error: --largest-file is a number of bytes, kB, MB, GB or TB, such as 10GB",
    )


async def test_a_program_says_it_in_bytes(tmp_path, monkeypatch):
    """`largest_file` of `run`; 0 is none."""
    import engine

    assert LARGEST_FILE == 10**10
    (tmp_path / "acme.yaml").write_text(SPEC)
    async with serving(vendor) as server:
        report = await engine.run(
            tmp_path / "acme.yaml", email="ada@x.io", token="t", at=server.address, out=tmp_path / "out", files=True, largest_file=2_999_999
        )
        assert report.endpoints["calls"].files["failed"] == 2
        with pytest.raises(UsageError, match="largest file is a number of bytes above 0"):
            await engine.run(tmp_path / "acme.yaml", email="ada@x.io", token="t", at=server.address, out=tmp_path / "no", largest_file=0)
