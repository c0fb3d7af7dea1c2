"""Sealed packages: opened by programs that are not ours, and by nobody who lacks the passphrase."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import OutputError, UsageError
from engine.package import seal as seal_module
from engine.package import seal_page
from engine.package.seal import ALPHABET, ENDS, new_passphrase, seal, seal_for
from engine.package.verify_bag import verify
from tests.connection.killed import child, count
from tests.package.bags import NOW
from tests.package.bags import SEALED_WORDS as WORDS
from tests.package.test_bag import bytes_of, said

PASSPHRASE = "ABCDE-FGHJK-LMNPQ-RSTUV"


def head_of(page: str) -> dict:
    """Give what the page's script reads."""
    found = re.search(r'<script type="application/json" id="head">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def opened(page: str, passphrase: str = PASSPHRASE) -> bytes:
    """Open a sealed page as docs/package.md describes it, by no code of the engine."""
    head = head_of(page)
    key = AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), base64.b64decode(head["salt"]), 600_000, 32))
    chunks = [head["check"], *re.findall(r'<script type="text/plain" id="c\d+">(.*?)</script>', page)]
    assert len(chunks) == head["count"] + 1
    told = [f"habeas page 1: {number} of {head['count']}, {head['size']}".encode() for number in range(len(chunks))]
    plain = [key.decrypt(number.to_bytes(12, "big"), base64.b64decode(one), told[number]) for number, one in enumerate(chunks)]
    assert plain[0] == b""
    return b"".join(plain)


@pytest.mark.parametrize("chunk", [1000, 4 << 20])
def test_a_page_holds_the_zip_of_the_bag(chunk, bag, monkeypatch, tmp_path):
    """The same zip as without a seal, in one chunk or in several; a wrong passphrase opens nothing."""
    monkeypatch.setattr(seal_page, "CHUNK", chunk)
    seal(bag, tmp_path / "DSR-17.html", "page", "en", PASSPHRASE)
    seal(bag, tmp_path / "DSR-17.zip", "none", "en")
    page, plain = (tmp_path / "DSR-17.html").read_text(), (tmp_path / "DSR-17.zip").read_bytes()
    assert opened(page) == plain
    assert head_of(page)["count"] == -(-len(plain) // chunk)
    with pytest.raises(InvalidTag):
        opened(page, PASSPHRASE[:-1] + "W")
    assert PASSPHRASE not in page
    assert "Planning" not in page


@pytest.mark.parametrize(("shorter", "count"), [(0, 1), (1, 2)])
def test_a_page_ends_with_its_last_byte(shorter, count, bag, monkeypatch, tmp_path):
    """A zip of just a chunk's size is one chunk, with no empty one behind it; one byte more is a chunk of its own."""
    monkeypatch.setattr(seal_page, "ITERATIONS", 1)
    seal(bag, tmp_path / "DSR-17.zip", "none", "en")
    monkeypatch.setattr(seal_page, "CHUNK", (tmp_path / "DSR-17.zip").stat().st_size - shorter)
    seal(bag, tmp_path / "DSR-17.html", "page", "en", PASSPHRASE)
    page = (tmp_path / "DSR-17.html").read_text()
    assert (head_of(page)["count"], len(re.findall(r' id="c\d+"', page))) == (count, count)


def test_nothing_of_what_is_sealed_stands_outside_of_it(bag, tmp_path):
    """But for the reference and how many bytes there are, pages of different packages differ in what is encrypted alone."""
    pages = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        seal(bag, tmp_path / name / "DSR-17.html", "page", "en", PASSPHRASE)
        page = (tmp_path / name / "DSR-17.html").read_text()
        head = {key: value for key, value in head_of(page).items() if key not in ("salt", "check", "size", "count")}
        page = re.sub(r'<script type="text/plain" id="c\d+">.*?</script>\n', "", page)
        pages.append((head, re.sub(r'(?<=id="head">).*?(?=</script>)', "", page)))
        for inside in ("data/zoom/meetings.json", "index.html", "data/completeness.json"):
            (bag / inside).write_text(f"Tomas Okoye, passcode 4711, {inside}" * 100)
        (bag / "data/okoye.txt").write_text("another file")
    assert pages[0] == pages[1]
    assert sorted(pages[0][0]) == ["chunk", "iterations", "name", "words"]
    assert "DSR-17" not in pages[0][1].replace("DSR-17.zip", "")


def test_two_pages_of_one_passphrase_have_different_keys(bag, tmp_path):
    """Each has a salt of its own: the nonces count from 1 in every page."""
    pages = []
    for name in ("a", "b"):
        seal(bag, tmp_path / f"{name}.html", "page", "en", PASSPHRASE)
        pages.append(head_of((tmp_path / f"{name}.html").read_text()))
    assert pages[0]["salt"] != pages[1]["salt"]
    assert pages[0]["check"] != pages[1]["check"]


def test_a_plain_zip_is_the_same_each_time(bag, signers, tmp_path):
    """Its files in one folder, stored; outside judges find nothing wrong, and it verifies as the folder does."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        seal(bag, tmp_path / name / "DSR-17.zip", "none", "en")
    path = tmp_path / "a/DSR-17.zip"
    assert path.read_bytes() == (tmp_path / "b/DSR-17.zip").read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert said(["unzip", "-qt", str(path)], tmp_path).returncode == 0
    assert said(["7z", "t", str(path)], tmp_path).returncode == 0
    with zipfile.ZipFile(path) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(tmp_path / "out")
    assert bytes_of(tmp_path / "out/DSR-17") == bytes_of(bag)
    assert verify(path, signers, now=NOW).exit_code == 0


def test_an_encrypted_zip_is_opened_by_7_zip(bag, tmp_path):
    """With the passphrase, to the same files; without it, not at all."""
    path = tmp_path / "DSR-17.zip"
    seal(bag, path, "zip", "en", PASSPHRASE)
    assert b"Planning" not in path.read_bytes()
    assert said(["7z", "t", f"-p{PASSPHRASE}", str(path)], tmp_path).returncode == 0
    assert said(["7z", "t", "-pABCDE", str(path)], tmp_path).returncode != 0
    assert said(["7z", "x", f"-p{PASSPHRASE}", f"-o{tmp_path / 'out'}", str(path)], tmp_path).returncode == 0
    assert bytes_of(tmp_path / "out/DSR-17") == bytes_of(bag)
    with pytest.raises(UsageError, match="is sealed: unpack it with its passphrase"):
        verify(path)


def test_a_passphrase_can_be_read_out():
    """Four groups of five signs, none of which is taken for another: 100 bits, another one each time."""
    found = {new_passphrase() for _ in range(1000)}
    assert len(found) == 1000
    assert all(re.fullmatch(f"(?:[{ALPHABET}]{{5}}-){{3}}[{ALPHABET}]{{5}}", one) for one in found)
    assert len(set(ALPHABET)) == 32
    assert not set("01IO") & set(ALPHABET)
    assert set("".join(found)) == {*ALPHABET, "-"}


def test_what_is_too_big_for_a_page_is_sealed_as_a_zip(bag, monkeypatch, tmp_path):
    """By itself; asked for a page it says why not, and what instead."""
    assert seal_for(bag) == "page"
    monkeypatch.setattr(seal_module, "LARGEST_PAGE", 100)
    assert seal_for(bag) == "zip"
    with pytest.raises(UsageError, match=r"browsers open a page of 100: seal it as zip"):
        seal(bag, tmp_path / "DSR-17.html", "page", "en", PASSPHRASE)
    assert not (tmp_path / "DSR-17.html").exists()


def test_the_name_of_a_page_is_no_markup_in_it(bag, tmp_path):
    """A name that would end the script or begin another one stands there as its escape."""
    path = tmp_path / "a<!--<script>b.html"
    seal(bag, path, "page", "en", PASSPHRASE)
    page = path.read_text()
    assert "<!--<script>" not in page
    assert "a\\u003c!--\\u003cscript>b.zip" in page


def test_in_a_zip_every_file_is_the_persons_alone(bag, tmp_path):
    """Unpacked by whom it was given to, nobody else on that system reads it."""
    seal(bag, tmp_path / "it.zip", "none", "en")
    with zipfile.ZipFile(tmp_path / "it.zip") as zipped:
        assert {(entry.create_system, oct(entry.external_attr >> 16)) for entry in zipped.infolist()} == {(3, "0o100600")}


def test_the_largest_page_is_a_page_still(bag, monkeypatch, tmp_path):
    """A package of just that size, not of one byte more."""
    size = sum(path.stat().st_size for path in bag.rglob("*") if path.is_file())
    monkeypatch.setattr(seal_module, "LARGEST_PAGE", size)
    assert seal_for(bag) == "page"
    seal(bag, tmp_path / "DSR-17.html", "page", "en", PASSPHRASE)
    monkeypatch.setattr(seal_module, "LARGEST_PAGE", size - 1)
    assert seal_for(bag) == "zip"


def test_without_the_extra_it_says_what_to_install(bag, monkeypatch, tmp_path):
    """And what works without it."""
    monkeypatch.setitem(sys.modules, "pyzipper", None)
    with pytest.raises(
        UsageError, match=r"needs the extra `zip`: pip install '.\[zip\]'; or seal the package as a page, up to 300 MB, or as none"
    ):
        seal(bag, tmp_path / "DSR-17.zip", "zip", "en", PASSPHRASE)


@pytest.mark.parametrize("kind", ["page", "zip"])
def test_nothing_is_sealed_without_a_passphrase(kind, bag, tmp_path):
    """Nor over a file that is there."""
    with pytest.raises(UsageError, match="no passphrase was made"):
        seal(bag, tmp_path / "out", kind, "en")
    (tmp_path / "out").write_text("before")
    with pytest.raises(OutputError, match="exists already"):
        seal(bag, tmp_path / "out", kind, "en", PASSPHRASE)
    assert (tmp_path / "out").read_text() == "before"


@pytest.mark.parametrize("kind", ["page", "zip", "none"])
def test_killed_at_any_step_there_is_no_half_file(kind, bag, monkeypatch, tmp_path):
    """Under its name it is whole or not there, and the next call seals it."""
    monkeypatch.setattr(seal_page, "ITERATIONS", 1)
    before = bytes_of(bag)
    for number in range(1, 100):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        path = folder / f"DSR-17{ENDS[kind]}"

        def killed(path: Path = path, number: int = number) -> str:
            count(number)
            seal(bag, path, kind, "en", PASSPHRASE)
            return "sealed"

        status, _ = child(killed)
        if path.exists():
            whole = path.read_bytes()
            assert whole.endswith(b"</html>\n") if kind == "page" else zipfile.is_zipfile(path)
        else:
            seal(bag, path, kind, "en", PASSPHRASE)
        assert [found.name for found in folder.iterdir()] == [path.name]
        if not os.WIFSIGNALED(status):
            break
    assert number > 5
    assert bytes_of(bag) == before


def test_the_page_is_said_in_both_languages(bag, tmp_path):
    """Its script says the same as the page around it."""
    for language, words in WORDS.items():
        path = tmp_path / f"{language}.html"
        seal(bag, path, "page", language, PASSPHRASE)
        page = path.read_text()
        assert f'<html lang="{language}">' in page
        assert words["what"] in page
        assert head_of(page)["words"].items() <= words.items()


def test_the_page_may_run_its_own_script_only(bag, tmp_path):
    """Its policy names the hashes of one script and one style; nothing may be loaded, sent or framed."""
    seal(bag, tmp_path / "page.html", "page", "en", PASSPHRASE)
    page = (tmp_path / "page.html").read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    hashes = {
        name: "sha256-"
        + base64.b64encode(hashlib.sha256(re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)[0].encode()).digest()).decode()
        for name in ("script", "style")
    }
    policy = policy.replace("&#39;", "'")
    assert policy == (
        f"default-src 'none'; script-src '{hashes['script']}'; style-src '{hashes['style']}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"https?://|//[a-z]+\.", page)
