"""E-mail through the mail server of the house."""

from __future__ import annotations

import re
import smtplib
import socket
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from typing import BinaryIO

from twinward.edge.orders.outlet import OutletMessage, OutletReceipt
from twinward.edge.orders.within import talk_within

TIMEOUT_S = 15.0
WHOLE_S = 60.0  # a whole conversation: what comes line by line holds nobody up
MOST_ANSWER_BYTES = 64_000  # of a server, in one conversation
MAILBOX = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+")  # one, and nothing else


class ShortAnswers:
    """The lines of a mail server, until they are more than anybody would read."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines, self._left = lines, MOST_ANSWER_BYTES

    def readline(self, most: int) -> bytes:
        line = self._lines.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("it does not stop talking")
        return line

    def close(self) -> None:
        self._lines.close()


class MailLine(smtplib.SMTP):
    """A conversation with a mail server that another thread may break off."""

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = ShortAnswers(self.sock.makefile("rb"))
        return super().getreply()

    def break_off(self) -> None:
        if (line := self.sock) is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


class Mail:
    """`sender` writes; the key of a message is its Message-ID, so that a second copy is seen."""

    def __init__(self, host: str, port: int, sender: str, within_s: float = WHOLE_S) -> None:
        self.host, self.port, self.sender, self.within_s = host, port, sender, within_s

    def send(self, message: OutletMessage) -> OutletReceipt:
        try:
            letter = compose(message, self.sender)
        except ValueError as error:  # a line break in an address or subject
            return OutletReceipt(state="refused", says=f"no letter can be made of it: {error}")
        server = MailLine(timeout=TIMEOUT_S)
        return talk_within(self.within_s, lambda: self._hand_over(server, letter), server.break_off)

    def _hand_over(self, server: MailLine, letter: EmailMessage) -> OutletReceipt:
        try:
            server.connect(self.host, self.port)
            try:
                server.send_message(letter)
            finally:
                take_leave(server)
        except smtplib.SMTPRecipientsRefused:
            return OutletReceipt(state="refused", says="the mail server refused the address")
        except smtplib.SMTPNotSupportedError:
            says = "the mail server takes no address of these letters"
            return OutletReceipt(state="refused", says=says)
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
    """ValueError for what would break out of a header, or reach others than the one."""
    if not MAILBOX.fullmatch(message.address):
        raise ValueError(f"{message.address!r} is not one mailbox")
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = message.address
    letter["Subject"] = message.subject
    letter["Message-ID"] = f"<{message.key}@twinward>"
    letter["Content-Language"] = message.language
    letter.set_content(message.text)
    return letter
