"""Hand a mail to a mail server: over TLS, except on this machine; and say for sure whether it took it, or that nobody knows."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

from engine.connection.outside_secret import from_environment
from engine.errors import NotConnected, UsageError
from engine.owners.book import SECRET, MailServer

Delivery = Literal["took", "not_taken", "lost"]
SECONDS = 60.0
GO_ON = (250, 251)
ACCEPTED, REFUSED = range(200, 300), range(400, 600)
TRUST = "write `smtp.host` as the certificate names it, or the file of your own authority into SSL_CERT_FILE"
PORTS = "`security: tls` is usual on port 465, `starttls` on 587"


class NotTaken(Exception):
    """The server did not take the mail: it was not sent; the message says why."""


def password(server: MailServer, environ: Mapping[str, str] = os.environ) -> str | None:
    """Give the password of the server's user. Raises UsageError where there is none, NotConnected where it cannot be read."""
    if server.user is None:
        return None
    found = from_environment(SECRET, environ)
    if found is None:
        message = f"the mail server asks {server.user} for a password: set {SECRET} or {SECRET}_FILE; nothing was sent"
        raise UsageError(message)
    return found


def deliver(server: MailServer, secret: str | None, sender: str, to: str, mail: bytes, seconds: float = SECONDS) -> tuple[Delivery, str]:
    """Send a mail to one recipient; gives whether it was taken, and why not. Never raises for what a server does."""
    try:
        session = _connected(server, sender.rpartition("@")[2], seconds)
        try:
            if server.user is not None and secret is not None:
                session.login(server.user, secret)
            _agreed(session.mail(sender), "the sender")
            _agreed(session.rcpt(to), "the recipient")
            return _data(session, mail)
        finally:
            _left(session)
    except NotTaken as error:
        return "not_taken", str(error)
    except smtplib.SMTPNotSupportedError:
        return "not_taken", "the server speaks no TLS, or has no sign-in: nothing is sent in the clear"
    except smtplib.SMTPAuthenticationError:
        return "not_taken", "the server refuses the user or the password"
    except ssl.SSLCertVerificationError as error:
        return "not_taken", f"the server shows a certificate that cannot be trusted ({error.verify_message.rstrip('.')}): {TRUST}"
    except ssl.SSLError:
        return "not_taken", f"the server speaks no TLS on port {server.port}, or none that is safe: {PORTS}"
    except (smtplib.SMTPException, OSError, NotConnected, UnicodeError) as error:
        return "not_taken", f"the server could not be talked to ({type(error).__name__})"


def _connected(server: MailServer, domain: str, seconds: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=domain, timeout=seconds, context=context)
    session = smtplib.SMTP(server.host, server.port, local_hostname=domain, timeout=seconds)
    try:
        if server.security == "starttls":
            session.starttls(context=context)
        session.ehlo_or_helo_if_needed()
    except BaseException:
        session.close()
        raise
    return session


def _agreed(answer: tuple[int, bytes], what: str) -> None:
    if answer[0] not in GO_ON:
        message = f"the server refuses {what} ({answer[0]})"
        raise NotTaken(message)


def _data(session: smtplib.SMTP, mail: bytes) -> tuple[Delivery, str]:
    """Send the mail itself: what breaks off here, or ends in words that are no answer, may have been sent."""
    try:
        code, _ = session.data(mail)
    except smtplib.SMTPDataError as error:
        return "not_taken", f"the server refuses the mail ({error.smtp_code})"
    except (smtplib.SMTPException, OSError):
        return "lost", "the server did not say whether it took the mail"
    if code in ACCEPTED:
        return "took", ""
    return (
        ("not_taken", f"the server refuses the mail ({code})") if code in REFUSED else ("lost", "the server's answer to the mail is none")
    )


def _left(session: smtplib.SMTP) -> None:
    """Take leave; what a server says to that changes nothing of what became of the mail."""
    with suppress(smtplib.SMTPException, OSError):
        session.quit()
    session.close()
