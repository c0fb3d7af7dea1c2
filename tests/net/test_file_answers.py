"""What comes in a file's place: each answer of a raw server, and what is kept, doubted, failed or asked for again."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from engine.core.file_check import A_WEB_PAGE, ANOTHER_SIZE, EMPTY, JSON_CAME, NO_LENGTH, SLACK, TOO_LONG
from engine.net.download import download
from engine.net.hosts import Hosts
from engine.net.partial_file import Downloaded, NoFile
from engine.net.transport import Limits, Transport
from engine.net.unpack import Unpacker
from tests.net.servers import answer, saying, serving
from tests.net.test_download import HALF, URL, WHOLE, Alone, cut, fetch, rest
from tests.net.test_transport import ACME, BEARER

REFUSAL = b'{"status": false, "errorCode": 300, "errorMessage": "Forbidden"}'
PACKED = gzip.compress(WHOLE)
CUT, PART = "the file was cut short, 6 times", "only a part came, though the whole file was asked for, 6 times"


def bare(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """Write an answer whose body ends with the connection."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def chunked(body: bytes, *lines: str) -> bytes:
    """Write an answer in one chunk, with the last one that ends it."""
    return bare(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked", *lines)


GZIP = "Content-Encoding: gzip"
MP3 = "Content-Type: audio/mpeg"
CASES = {
    "json for a recording": ([answer(body=REFUSAL, Content_Type="application/json")], None, (JSON_CAME, len(REFUSAL))),
    "json in chunks that says it is audio": ([chunked(REFUSAL, MP3)], None, (JSON_CAME, len(REFUSAL))),
    "json of another size": ([answer(body=REFUSAL, Content_Type="application/json")], 9000, (JSON_CAME, len(REFUSAL))),
    "json of its size": ([answer(body=REFUSAL, Content_Type="application/json")], len(REFUSAL), (None, len(REFUSAL))),
    "json that the answer names": (
        [answer(body=REFUSAL, Content_Type="application/json", Content_Disposition='attachment; filename="chat.json"')],
        None,
        (None, len(REFUSAL)),
    ),
    "nothing": ([answer(body=b"", Content_Type="audio/mpeg")], None, (EMPTY, 0)),
    "nothing in chunks": ([bare(b"0\r\n\r\n", "Transfer-Encoding: chunked")], 99, (EMPTY, 0)),
    "nothing without a length": ([bare(b"", MP3)], None, (EMPTY, 0)),
    "nothing that was announced": ([answer(body=b"")], 0, (None, 0)),
    "no content": ([bare(b"", status="204 No Content")], None, "HTTP 204"),
    "a cut gzip in chunks": ([chunked(PACKED[:-9], GZIP)], None, CUT),
    "a cut gzip with its length": ([answer(body=PACKED[:-1], Content_Encoding="gzip")], None, CUT),
    "a cut gzip without a length": ([bare(PACKED[:-9], GZIP)], None, CUT),
    "a cut gzip of the announced size": ([bare(PACKED[:-8], GZIP)], len(WHOLE), CUT),
    "an empty gzip": ([answer(body=b"", Content_Encoding="gzip")], None, CUT),
    "a cut gzip, then a whole one": ([chunked(PACKED[:-9], GZIP), chunked(PACKED, GZIP)], None, (None, len(WHOLE))),
    "a gzip that ends itself": ([bare(PACKED, GZIP)], None, (None, len(WHOLE))),
    "a deflate that was cut": ([chunked(zlib.compress(WHOLE)[:-5], "Content-Encoding: deflate")], None, CUT),
    "a deflate without its frame": ([chunked(zlib.compress(WHOLE, wbits=-15), "Content-Encoding: deflate")], None, (None, len(WHOLE))),
    "no gzip at all": ([chunked(WHOLE, GZIP)], None, "the answer is not HTTP as it should be, 6 times"),
    "an unknown encoding": ([chunked(WHOLE, "Content-Encoding: br")], None, "it came in an encoding that was not asked for"),
    "a part unasked": ([answer("206 Partial Content", WHOLE[:HALF], Content_Range=f"bytes 0-{HALF - 1}/{len(WHOLE)}")], None, PART),
    "a part unasked of no known whole": ([answer("206 Partial Content", WHOLE[:HALF], Content_Range=f"bytes 0-{HALF - 1}/*")], None, PART),
    "a part unasked that says nothing": ([answer("206 Partial Content", WHOLE)], None, PART),
    "a later part unasked": (
        [answer("206 Partial Content", WHOLE[HALF:], Content_Range=f"bytes {HALF}-{len(WHOLE) - 1}/{len(WHOLE)}")],
        None,
        PART,
    ),
    "more than a part says that there is": (
        [answer("206 Partial Content", WHOLE, Content_Range=f"bytes 0-{HALF - 1}/{HALF}")],
        None,
        "more came than the answer said that there is, 6 times",
    ),
    "more than the rest, then the whole": ([cut(ETag='"v1"'), rest(body=WHOLE), answer(body=WHOLE)], None, (None, len(WHOLE))),
    "a web page that says it is data": (
        [answer(body=b"<!DOCTYPE html><title>Sign in</title>", Content_Type="application/octet-stream")],
        None,
        (A_WEB_PAGE, 37),
    ),
    "a large web page that says it is data": (
        [answer(body=b"<!DOCTYPE html>" + b"x" * 70_000, Content_Type="application/octet-stream")],
        None,
        (A_WEB_PAGE, 70_015),
    ),
    "all of it as a part": (
        [answer("206 Partial Content", WHOLE, Content_Range=f"bytes 0-{len(WHOLE) - 1}/{len(WHOLE)}")],
        None,
        (None, len(WHOLE)),
    ),
    "a part of a longer file than the one begun": ([cut(ETag='"v1"'), rest(total="99999"), answer(body=WHOLE)], None, (None, len(WHOLE))),
    "a part without the whole's length": ([cut(ETag='"v1"'), rest(total="*")], None, (None, len(WHOLE))),
    "a part of no known length of a file of no known length": (
        [bare(b"%x\r\n" % HALF + WHOLE[:HALF] + b"\r\n", "Transfer-Encoding: chunked", 'ETag: "v1"'), rest(total="*")],
        None,
        (NO_LENGTH, len(WHOLE)),
    ),
    "not yet": ([answer("202 Accepted", b'{"status": "in the making"}')], None, "HTTP 202, 6 times"),
    "not yet, then all of it": ([answer("202 Accepted", Retry_After="1"), answer(body=WHOLE)], None, (None, len(WHOLE))),
    "in chunks that end": ([chunked(WHOLE, MP3)], None, (None, len(WHOLE))),
    "no length": ([bare(WHOLE, MP3)], None, (NO_LENGTH, len(WHOLE))),
    "no length by HTTP/1.0": ([bare(WHOLE).replace(b"HTTP/1.1", b"HTTP/1.0")], None, (NO_LENGTH, len(WHOLE))),
    "no length and the announced size": ([bare(WHOLE, MP3)], len(WHOLE), (None, len(WHOLE))),
    "no length and cut": ([bare(WHOLE[:HALF], MP3)], len(WHOLE), (ANOTHER_SIZE, HALF)),
    "much more than announced": ([answer(body=b"x" * (SLACK + 12))], 10, TOO_LONG),
    "a little more than announced": ([answer(body=WHOLE)], len(WHOLE) - 9, (ANOTHER_SIZE, len(WHOLE))),
}


@pytest.mark.parametrize(("answers", "announced", "expected"), CASES.values(), ids=CASES)
async def test_what_comes_in_a_files_place_is_whole_doubted_or_failed(answers, announced, expected, tmp_path):
    """Doubted files are kept with their reason; of a failed one nothing stays."""
    async with serving(saying(*answers)) as server:
        found, _ = await fetch(server.address, tmp_path, URL + ".mp3", size=announced)
    if isinstance(expected, str):
        assert found == NoFile(expected)
        assert list(tmp_path.iterdir()) == []
    else:
        assert isinstance(found, Downloaded)
        assert (found.doubt, found.size) == expected
        assert [one.name for one in tmp_path.iterdir()] == [found.path.name]


ENDLESS = {
    "without a length": (("",), b"x" * 65536),
    "in chunks": (("Transfer-Encoding: chunked",), b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "by its length": ((f"Content-Length: {10**14}",), b"x" * 65536),
    "packed": (("Transfer-Encoding: chunked", GZIP), None),
}


@pytest.mark.parametrize(("announced", "words"), [(10, TOO_LONG), (None, "it is larger than 2.0 MB and was stopped: see --largest-file")])
@pytest.mark.parametrize(("lines", "piece"), ENDLESS.values(), ids=ENDLESS)
async def test_a_file_without_end_is_stopped(lines, piece, announced, words, tmp_path):
    """Soon after its announced size, else at the bound; it is asked for once, and the vendor's sending ends."""
    sent = 0

    async def pour(head, writer):
        nonlocal sent
        writer.write("\r\n".join(["HTTP/1.1 200 OK", *filter(None, lines), "", ""]).encode())
        packer = zlib.compressobj(wbits=31)
        packed = [packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]  # the second may come again
        while True:
            dense = packed.pop(0) if len(packed) > 1 else packed[0]
            part = piece or f"{len(dense):x}\r\n".encode() + dense + b"\r\n"
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)  # drain gives way only where the buffer is full
            sent += len(part)

    async with serving(pour) as server, Transport(Hosts(ACME, server.address), BEARER, Limits(read=1.0)) as transport:
        found = await download(transport, Alone(), URL, tmp_path / "1-1", announced, 2 * 10**6)
    assert found == NoFile(words)
    assert len(server.heads) == 1
    assert sent < 2**25
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_says_it_is_too_large_is_not_waited_for(tmp_path):
    """Its length is enough: not a byte of it has to come."""

    async def respond(head, writer):
        writer.write(bare(b"", f"Content-Length: {10**14}"))
        await writer.drain()
        await asyncio.Event().wait()

    async with serving(respond) as server, Transport(Hosts(ACME, server.address), BEARER, Limits(read=0.2)) as transport:
        found = await download(transport, Alone(), URL, tmp_path / "1-1", 10, 2 * 10**6)
    assert (found, len(server.heads)) == (NoFile(TOO_LONG), 1)


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("packed", [PACKED, PACKED + PACKED, PACKED + b"\0" * 20, gzip.compress(bytes(2**21))])
def test_a_stream_is_unpacked_the_same_in_any_pieces(packed, step):
    """Several members, what fills up the last block, and very dense ones too."""
    unpacker = Unpacker("gzip")
    pieces = [piece for start in range(0, len(packed), step) for piece in unpacker.pieces(packed[start : start + step])]
    assert b"".join([*pieces, unpacker.rest()]) == gzip.decompress(packed)
    assert unpacker.whole
    assert max(map(len, pieces)) <= 2**18
