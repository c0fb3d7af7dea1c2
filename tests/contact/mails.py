"""Mails as they come in, good and hostile, made by hand: what a mail program or an attacker writes is what is read."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

TOKEN, OTHER = "HABEAS-7F3K-22QX", "HABEAS-AAAA-BBBB"
OWNER = "it@acme.example"


def answer(text: str, *, sender: str = OWNER, token: str = TOKEN, files: tuple[tuple[str, bytes], ...] = (), **headers: str) -> bytes:
    """Write an answer as a mail program does: the token in the subject and References."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = f"The Owner <{sender}>", "privacy@office.example"
    mail["Subject"] = f"Re: access to one person's data ({token})"
    if token:
        mail["References"] = f"<{token}.1@office.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def bounce(token: str = TOKEN, *, action: str = "failed", status: str = "5.1.1", recipient: str = OWNER) -> bytes:
    """Write what a mail server sends back (RFC 3464)."""
    return f"""From: mailer-daemon@mx.example
To: privacy@office.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--b
Content-Type: message/rfc822

From: privacy@office.example
Message-ID: <{token}.1@office.example>
Subject: one person's data ({token})

hello
--b--
""".replace("\n", "\r\n").encode()
