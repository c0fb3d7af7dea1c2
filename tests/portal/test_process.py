"""`habeas portal` as a process: it says how it is opened, answers, and ends well."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.process import HABEAS, environment

LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/enter/[\w-]{40,}")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_link_and_ends_well(tmp_path, ending):
    """The link opens it the first time; a signal ends it with 0; nothing that was asked for is printed."""
    given = environment(tmp_path)
    with subprocess.Popen([*HABEAS, "portal"], env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while (link := LINK.search(said)) is None:
            said += process.stdout.readline()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(link[0], timeout=60) as page:
            assert b"No case is open." in page.read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(link[0], timeout=60)
        with socket.create_connection(("127.0.0.1", int(link[1])), timeout=60) as line:
            line.sendall(b"GET mara@example.com HTTP/9.9\r\n\r\n")
            line.recv(4096)
        process.send_signal(ending)
        more, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert told == ""
    assert "mara" not in more
    assert not list(tmp_path.iterdir())


def test_what_it_cannot_do_it_says(habeas):
    """An origin without TLS, a port that is taken: a sentence and exit code 2."""
    done = habeas("portal", "--origin", "http://0.0.0.0:80")
    assert (done.returncode, "https://dsr.acme.example" in done.stderr) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = habeas("portal", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "cannot be opened" in done.stderr) == (2, True)
