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


def certificate(folder: Path, name: str = "localhost", days: int = 30) -> Path:
    """Make a key and a certificate of a name that signs itself, in one file; it ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=50)
    made = x509.CertificateBuilder(whose, whose, key.public_key(), 1, begin, datetime.now(UTC) + timedelta(days=days))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(private + pem)
    return file


@contextmanager
def mail_server(kept: Kept, pem: Path | None = None, password: bytes | None = None, *, implicit: bool = False) -> Iterator[int]:
    """Serve, with STARTTLS where there is a certificate, or with TLS from the first byte (`implicit`); gives the port."""
    context = None
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        kept.users.append(data.login)
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == password, handled=False)

    def made() -> SMTP:
        signs = {"authenticator": login, "auth_required": True} if password is not None else {}
        if implicit:
            server = SMTP(kept, hostname="localhost", **signs)
            server._auth_require_tls = False  # it does not know of TLS from the first byte, and warns of a password without one
            return server
        return SMTP(kept, hostname="localhost", tls_context=context, require_starttls=context is not None, **signs)

    with served(made, context if implicit else None) as port:
        yield port


class Scripted(asyncio.Protocol):
    """Speaks SMTP as it is told: an answer for each verb, `end` for the mail itself; None: it says nothing any more. Keeps what it heard."""

    def __init__(self, says: dict[str, bytes | None], heard: list[bytes]) -> None:
        self.says, self.heard, self.rest, self.data = says, heard, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.transport.write(b"220 mail\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while b"\r\n" in self.rest:
            line, _, self.rest = self.rest.partition(b"\r\n")
            if self.data and line != b".":
                continue
            verb = "end" if self.data else line[:4].decode().lower()
            answer = self.says.get(verb, b"354 go on" if verb == "data" else b"250 OK")
            self.data = verb == "data" and answer is not None and answer.startswith(b"354")
            self.heard += [b"mail"] if verb == "end" else []
            if answer is not None:
                self.transport.write(answer + b"\r\n")


@contextmanager
def served(made: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a server of any protocol in a thread of its own; gives its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(made, "127.0.0.1", 0, ssl=context))
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
