"""A real mail server on a free port of this machine (aiosmtpd), with STARTTLS where it is wanted; it keeps what it took."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Kept:
    """What the server took; `says` is its answer to the mail itself, None: it hangs up."""

    def __init__(self, refused: str = "", says: str | None = "250 OK") -> None:
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.refused, self.says, self.users = refused, says, list[bytes]()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address == self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        if self.says is None:
            server.transport.abort()
        return self.says or "250 OK"


def certificate(folder: Path) -> Path:
    """Make a key and a certificate of 127.0.0.1 that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=30))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "mail.pem"
    file.write_bytes(private + pem)
    return file


@contextmanager
def mail_server(kept: Kept, pem: Path | None = None, password: bytes | None = None) -> Iterator[int]:
    """Serve; gives the port."""
    context = None
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        kept.users.append(data.login)
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == password, handled=False)

    def made() -> SMTP:
        signs = {"authenticator": login, "auth_required": True} if password is not None else {}
        return SMTP(kept, hostname="localhost", tls_context=context, require_starttls=context is not None, **signs)

    with served(made) as port:
        yield port


@contextmanager
def served(made: Callable[[], asyncio.BaseProtocol]) -> Iterator[int]:
    """Run a server of any protocol in a thread of its own; gives its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(made, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:

        async def end() -> None:
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
