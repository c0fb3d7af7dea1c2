"""The key to be published, and the check of a package that anybody made: as `habeas package key` and `verify` do it."""

from __future__ import annotations

import json
import re
import zipfile
from html import unescape

import pytest

from tests.case.package_kit import bag_of, built, give_all
from tests.case.test_commands import home_of
from tests.portal.conftest import OFFICE

AT = "/signatures"


def zipped(ran, folder) -> bytes:
    """Give the package as a zip."""
    path = folder / "sent.zip"
    with zipfile.ZipFile(path, "w") as made:
        for file in sorted(bag_of(ran).rglob("*")):
            if file.is_file():
                made.write(file, f"DSR-17/{file.relative_to(bag_of(ran))}")
    return path.read_bytes()


@pytest.fixture
def signed(desk, ran):
    """A desk with a package that was made, approved and signed."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    built(ran)
    for words in (("approve", "DSR-17"), ("release", "DSR-17", "--seal", "none")):
        assert ran("package", *words).returncode == 0
    return desk


def checked(portal, *files) -> str:
    """Send a package to be checked; gives what the page says."""
    answer = portal.upload(AT, portal.see(AT), files, do="verify")
    assert answer.status == 200, answer.text
    return unescape(re.sub("<[^>]+>", " ", answer.text))


def test_to_look_makes_no_key_and_the_button_makes_one(empty, habeas):
    """The line is that of the shell, and stays the same."""
    empty.enter()
    assert "there is no key" in empty.see(AT)
    assert not (empty.home / "signing.pub").exists()
    assert empty.send(AT, empty.see(AT), do="key").status == 303
    page = unescape(empty.see(AT))
    assert (empty.home / "signing.pub").is_file()
    line = re.findall(r"<pre[^>]*>(.+?)</pre>", page)[0]
    assert 'namespaces="habeas-package" ssh-ed25519 ' in line
    assert empty.send(AT, page, do="key").status == 303
    assert line in unescape(empty.see(AT))


def test_the_line_is_that_of_the_shell(signed, ran):
    """With the address of the office and the fingerprint."""
    told = json.loads(ran("package", "key", "--json").stdout)
    page = unescape(signed.see(AT))
    assert told["allowed_signers"] in page
    assert told["fingerprint"] in page


def test_a_package_is_checked_as_the_shell_does(signed, ran, tmp_path):
    """Ours is by a signer that is known; with another file of signers, or one byte changed, it is not; nothing of it is kept."""
    sent = zipped(ran, tmp_path)
    ours = checked(signed, ("from-her.zip", sent))
    assert "It is as it was packed, by a signer that is known" in ours
    for line in ran("package", "verify", str(tmp_path / "sent.zip")).stdout.splitlines():
        assert line in ours
    other = checked(signed, ("from-her.zip", sent), ("them", b"", "signers"))
    assert "Do not rely on it as it is" in other
    (path,) = {one for one in bag_of(ran).rglob("*.html") if one.name == "index.html"}
    path.write_text(path.read_text().replace("Your", "Her"))
    changed = checked(signed, ("from-her.zip", zipped(ran, tmp_path)))
    assert "index.html" in changed
    assert "Do not rely on it as it is" in changed
    assert list((signed.home / "uploads").rglob("*.zip")) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ((), "choose one package"),
        ((("a.zip", b"no zip"),), "What was sent is neither a folder nor a zip"),
        ((("a.html", b"<!doctype html><title>x</title>"),), "What was sent is a page: open a sealed one in a browser"),
        ((("a.zip", b"PK\3\4"), ("b.zip", b"PK")), "choose one package"),
    ],
)
def test_what_is_no_package_is_told(empty, files, says):
    """A sentence, and no name of a folder here."""
    empty.enter()
    answer = empty.upload(AT, empty.see(AT), files, do="verify")
    assert (answer.status, says in answer.text) == (422, True)
    assert str(empty.home) not in answer.text


def test_a_broken_zip_is_a_verdict(empty):
    """It is checked, and found to be cut."""
    empty.enter()
    assert "package.zip is no whole zip" in checked(empty, ("x.zip", b"PK\3\4" + b"x" * 100))


def test_a_key_that_cannot_be_opened_is_told(signed):
    """The page stays a page, and packages can be checked by the signers that are named."""
    (signed.home / "signing.sealed").write_bytes(b"damaged")
    page = signed.see(AT)
    assert "Check it</button>" in page
    assert "ssh-ed25519" not in page
    assert 'class="note stop"' in page
