"""E-mail through the mail server of the house."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.policy import SMTP

from twinward.edge.orders.outlet import OutletMessage, OutletReceipt

TIMEOUT_S = 15.0


class Mail:
    """`sender` writes; the key of a message is its Message-ID, so that a second copy is seen."""

    def __init__(self, host: str, port: int, sender: str) -> None:
        self.host, self.port, self.sender = host, port, sender

    def send(self, message: OutletMessage) -> OutletReceipt:
        try:
            letter = compose(message, self.sender)
        except ValueError as error:  # a line break in an address or subject
            return OutletReceipt(state="refused", says=f"no letter can be made of it: {error}")
        try:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
            try:
                server.send_message(letter)
            finally:
                take_leave(server)
        except smtplib.SMTPRecipientsRefused:
            return OutletReceipt(state="refused", says="the mail server refused the address")
        except smtplib.SMTPResponseException as error:
            return OutletReceipt(
                state="failed",
                says=f"the mail server said {error.smtp_code}",
                again=400 <= error.smtp_code < 500,
            )
        except (OSError, smtplib.SMTPException) as error:
            return OutletReceipt(state="failed", says=f"the mail server: {error}", again=True)
        return OutletReceipt(state="sent", says="taken by the mail server")

    def look_up(self, key: str) -> OutletReceipt | None:
        return None


def take_leave(server: smtplib.SMTP) -> None:
    """What goes wrong after the letter was taken does not make it untaken."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def compose(message: OutletMessage, sender: str) -> EmailMessage:
    """ValueError for what would break out of a header."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = message.address
    letter["Subject"] = message.subject
    letter["Message-ID"] = f"<{message.key}@twinward>"
    letter["Content-Language"] = message.language
    letter.set_content(message.text)
    return letter
