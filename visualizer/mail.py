"""Sends mail through the SMTP server that the administrator configured."""
import smtplib
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from visualizer.web_hook import NotSentError

_SECONDS = 15.0  # for each step


def is_address(text: str) -> bool:
    """Whether it is one mail address and nothing else."""
    try:
        address = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError, AttributeError):
        return False
    return bool(address.username and address.domain) and text.isprintable() and len(text) <= 254


def send_mail(config: Mapping[str, Any], to: str, subject: str, text: str) -> None:
    """Send a mail of plain text.

    Args:
        config: the settings `SMTP_...` and `MAIL_FROM`.
        to: one mail address.
        subject: one line.
        text: the body.

    Raises:
        NotSentError: if the server cannot be reached or does not take it.
    """
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = config["MAIL_FROM"], to, subject
    mail.set_content(text)
    try:
        with _server(config) as server:
            if config["SMTP_USER"]:
                server.login(config["SMTP_USER"], config["SMTP_PASSWORD"])
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSentError(f"The mail server does not take mail to {to}.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSentError("The mail server does not take mail now.") from error


def _server(config: Mapping[str, Any]) -> smtplib.SMTP:
    host, port, security = config["SMTP_HOST"], config["SMTP_PORT"], config["SMTP_SECURITY"]
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=_SECONDS)
    if security == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server
