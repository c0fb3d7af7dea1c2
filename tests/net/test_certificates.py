"""What is read of the system's root certificates when the network is imported."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT

# A process of its own: aiohttp is imported once.
CODE = """
import json, ssl
import engine.net
from aiohttp import connector
made = ssl.create_default_context()
print(json.dumps([
    [connector._SSL_CONTEXT_VERIFIED.cert_store_stats(), connector._SSL_CONTEXT_VERIFIED.verify_mode],
    [made.cert_store_stats(), made.verify_mode],
    connector._SSL_CONTEXT_UNVERIFIED.cert_store_stats()["x509"],
    ssl.SSLContext.__dict__.get("set_default_verify_paths"),
]))
"""


def test_only_a_context_that_verifies_reads_certificates():
    """The one that every request uses trusts what Python's own does; the other one is empty; and ssl is left as it was."""
    said = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    verified, usual, others, left = json.loads(said)
    assert verified == usual
    assert verified[1] == 2, "CERT_REQUIRED"
    assert (others, left) == (0, None)


def test_what_a_program_had_put_in_the_place_of_reading_certificates_is_there_again():
    """Programs in companies read the system's store in a way of their own; they use this as a library."""
    code = """
import ssl
read, asked = ssl.SSLContext.set_default_verify_paths, []
def theirs(context):
    asked.append(context.verify_mode)
    read(context)
ssl.SSLContext.set_default_verify_paths = theirs
import engine.net
print(vars(ssl.SSLContext)["set_default_verify_paths"] is theirs, ssl.CERT_REQUIRED in asked, ssl.CERT_NONE in asked)
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.split() == ["True", "True", "False"]
