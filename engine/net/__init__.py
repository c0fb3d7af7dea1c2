"""The network, one concern a module: sending requests, rate limits, downloads, allowed hosts, the clock.

aiohttp makes two TLS contexts when it is imported, and reads every root certificate of the system for each: 20 ms, where they are
one file. The context that verifies nothing needs none, and nothing here uses it: it is left without.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

READING = "set_default_verify_paths"


@contextmanager
def _read_where_they_count() -> Iterator[None]:
    """Let a context that verifies nothing read no certificates, for as long as the block lasts."""
    own, read = vars(ssl.SSLContext).get(READING), ssl.SSLContext.set_default_verify_paths

    def sparing(context: ssl.SSLContext) -> None:
        if context.verify_mode != ssl.CERT_NONE:
            read(context)

    setattr(ssl.SSLContext, READING, sparing)
    try:
        yield
    finally:
        delattr(ssl.SSLContext, READING)  # what it inherits is there again
        if own is not None:  # whoever uses this as a library may have put theirs there
            setattr(ssl.SSLContext, READING, own)


with _read_where_they_count():
    import_module("aiohttp")
