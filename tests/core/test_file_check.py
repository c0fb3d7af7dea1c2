"""Whether a file that came can be the one that was meant, and after how many bytes it is stopped."""

from __future__ import annotations

import pytest

from engine.core.file_check import (
    A_WEB_PAGE,
    ANOTHER_SIZE,
    EMPTY,
    JSON_CAME,
    LARGEST_FILE,
    NO_LENGTH,
    SLACK,
    TOO_LONG,
    XML_CAME,
    FileFacts,
    doubt_of,
    ending_of,
    is_web_page,
    most_bytes,
    too_large,
)
from engine.core.sizes import size_of, size_text

REFUSAL = b'{"status": false, "errorCode": 300}'


@pytest.mark.parametrize(
    ("facts", "doubt"),
    [
        (FileFacts(9, 9, media_type="audio/mpeg"), None),
        (FileFacts(9, media_type="audio/mpeg", text=b"\xff\xfb123"), None),
        (FileFacts(9, 8), ANOTHER_SIZE),
        (FileFacts(0), EMPTY),
        (FileFacts(0, 5), EMPTY),
        (FileFacts(0, 0), None),
        (FileFacts(9, whole=False), NO_LENGTH),
        (FileFacts(9, 9, whole=False), None),
        (FileFacts(9, 8, whole=False), ANOTHER_SIZE),
        (FileFacts(99, media_type="application/json"), JSON_CAME),
        (FileFacts(99, 98, media_type="application/json"), JSON_CAME),
        (FileFacts(99, 99, media_type="application/json"), None),
        (FileFacts(99, media_type="application/problem+json", ending="mp3"), JSON_CAME),
        (FileFacts(99, media_type="application/json", ending="json"), None),
        (FileFacts(99, media_type="application/geo+json", ending="geojson"), None),
        (FileFacts(99, 98, media_type="application/json", ending="json"), ANOTHER_SIZE),
        (FileFacts(35, media_type="audio/mpeg", ending="mp3", text=REFUSAL), JSON_CAME),
        (FileFacts(35, media_type="", text=b"\n " + REFUSAL), JSON_CAME),
        (FileFacts(37, media_type="text/plain", text=b"[" + REFUSAL + b"]"), JSON_CAME),
        (FileFacts(35, 35, media_type="text/plain", text=REFUSAL), None),
        (FileFacts(35, media_type="text/plain", ending="json", text=REFUSAL), None),
        (FileFacts(5, media_type="text/plain", text=b"[1,2]"), None),
        (FileFacts(9, media_type="text/plain", text=b"[00:01] hi"), None),
        (FileFacts(9, media_type="text/plain", text=b"{not json"), None),
        (FileFacts(9, media_type="text/plain", text=b"[" * 60000), None),
        (FileFacts(9, media_type="application/octet-stream", text=b"{\xff\xfe"), None),
        (FileFacts(99, media_type="application/xml", text=b"<Error/>"), XML_CAME),
        (FileFacts(99, media_type="text/xml", ending="xml"), None),
        (FileFacts(99, media_type="image/svg+xml"), None),
        (FileFacts(38, media_type="audio/mpeg", text=b"\xef\xbb\xbf" + REFUSAL), JSON_CAME),
        (FileFacts(99, media_type="application/octet-stream", text=b"<?xml version='1.0'?><Error/>"), XML_CAME),
        (FileFacts(99, media_type="", ending="plist", text=b"<?xml version='1.0'?><plist/>"), None),
        (FileFacts(99, media_type="application/ttml+xml", text=b"<?xml version='1.0'?><tt/>"), None),
        (FileFacts(99, media_type="application/octet-stream", text=b"\r\n<!DOCTYPE HTML><title>Sign in</title>"), A_WEB_PAGE),
        (FileFacts(99, media_type="audio/mpeg", ending="mp3", text=b"<html lang=en>"), A_WEB_PAGE),
        (FileFacts(99, 99, media_type="", text=b"<html>"), None),
        (FileFacts(99_999, media_type="audio/mpeg", ending="mp3", text=b"<html lang=en>"), A_WEB_PAGE),
        (FileFacts(99_999, media_type="application/octet-stream", text=b"<?xml version='1.0'?><Error/>"), None),
        (FileFacts(99_999, media_type="application/octet-stream", text=REFUSAL[:-1]), None),
        (FileFacts(99, media_type="text/plain", ending="html", text=b"<html>"), None),
        (FileFacts(99, media_type="text/plain", text=b"<htm"), None),
        (FileFacts(99, media_type="audio/mpeg", text=b"<!-- a proxy's -->\n<!-- two -->\n<html>"), A_WEB_PAGE),
        (FileFacts(99, media_type="audio/mpeg", text=b"\n<HEAD><title>Sign in"), A_WEB_PAGE),
        (FileFacts(99, media_type="audio/mpeg", text="\ufeff<html>".encode("utf-16-le")), A_WEB_PAGE),
        (FileFacts(99, media_type="audio/mpeg", text="\ufeff{}".encode("utf-16-be")), JSON_CAME),
        (FileFacts(99, media_type="text/markdown", ending="md", text=b"<!-- a note --> # Notes"), None),
        (FileFacts(99, media_type="text/plain", text=b"<!-- never ended <html>"), None),
        (FileFacts(99, media_type="audio/mpeg", text=b"\xff\xfb\x90<html>"), None),
        (FileFacts(99, media_type="application/octet-stream", text=b"<Error><Code>AccessDenied</Code></Error>"), XML_CAME),
        (FileFacts(99, media_type="text/plain", text=b'[5, {"error": 1}]'), JSON_CAME),
    ],
)
def test_a_file_is_believed_by_its_size_and_else_by_its_form(facts, doubt):
    """An announced size that is met settles it; without one an error in its place shows by its form."""
    assert doubt_of(facts) == doubt


@pytest.mark.parametrize(
    ("url", "disposition", "ending"),
    [
        ("https://a.example/f/1.MP3?x=.json", "", "mp3"),
        ("https://a.example/f.d/1", "", ""),
        ("https://a.example/f/1", 'attachment; filename="a b.JSON"', "json"),
        ("https://a.example/f/1.mp3", "attachment; filename=x.json; size=3", "json"),
        ("https://a.example/f/1", "attachment; filename*=UTF-8''a%2Ejson", "json"),
        ("https://a.example/f/1.txt", "inline", "txt"),
        ("https://a.example/f/1.txt", 'attachment; filename=""', ""),
    ],
)
def test_a_files_name_tells_its_ending(url, disposition, ending):
    """The name that the answer gives goes before the one in the address."""
    assert ending_of(url, disposition) == ending


@pytest.mark.parametrize(
    ("announced", "largest", "most", "words"),
    [
        (10, 5, 11 + SLACK, TOO_LONG),
        (10**10, 5, 10**10 + 10**9 + SLACK, TOO_LONG),
        (None, LARGEST_FILE, 10**10, "it is larger than 10.0 GB and was stopped: see --largest-file"),
        (None, 500, 500, "it is larger than 500 bytes and was stopped: see --largest-file"),
    ],
)
def test_a_file_is_stopped_soon_after_its_announced_size_and_else_at_the_bound(announced, largest, most, words):
    """A tenth and 1 MiB over what was announced: sizes that are a little wrong lose nothing."""
    assert most_bytes(announced, largest) == most
    assert too_large(announced, largest) == words


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10GB", 10**10),
        ("500 mb", 5 * 10**8),
        (" 7kB ", 7000),
        ("2TB", 2 * 10**12),
        ("12", 12),
        ("12b", 12),
        ("0", None),
        ("", None),
        ("-5", None),
        ("1.5GB", None),
        ("GB", None),
        ("10GiB", None),
        ("\u0661", None),
    ],
)
def test_a_size_is_read_as_people_write_it(text, size):
    """Powers of 1000; what is none is None."""
    assert size_of(text) == size


@pytest.mark.parametrize(
    ("size", "text"), [(993, "993 bytes"), (45100, "45.1 kB"), (1_100_000, "1.1 MB"), (10**10, "10.0 GB"), (3 * 10**15, "3000.0 TB")]
)
def test_a_size_is_written_in_powers_of_1000(size, text):
    """One decimal from kilobytes on."""
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("text", "is_page"),
    [
        (b"\xef\xbb\xbf<!-- sign in --> <!doctype  HTML>", True),
        (b"<?xml version='1.0'?>\n<!-- x --><!DOCTYPE html>", True),
        (b"<TITLE>Sign in", True),
        (b"\xff\xfe" + "<html>".encode("utf-16-le"), True),
        (b"<?xml version='1.0'?><error/>", False),
        (b"<metadata/>", False),
        (b"<p>not there</p>", False),
        (b"", False),
        (b"<?xml?>" + b"<!-- x -->" * 5000 + b"<p>", False),
    ],
)
def test_what_begins_as_a_web_page_is_one_for_answers_and_files_alike(text, is_page):
    """Behind a mark, a declaration and comments, however many; XML of a vendor and a piece of HTML are none."""
    assert is_web_page(text) is is_page
