"""E-mail, through Django's own backend whichever that is."""

from __future__ import annotations

import base64
import logging
import re
import smtplib
from email.header import Header, decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from types import TracebackType
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.common.crypto.ciphertext import EncryptionError
from portal.notifications import letterhead
from portal.notifications.models import Notice
from portal.notifications.sending import InDoubt, Refused, TryLater, Unreachable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

logger = logging.getLogger(__name__)
# Seconds for each answer of the mail server, unless EMAIL_TIMEOUT says otherwise; without one smtplib waits for ever.
TIMEOUT = 20
# What a server answers to a mail that is too large (RFC 1870), and to whoever ought to sign in first (RFC 4954).
TOO_LARGE, SIGN_IN = 552, {530, 535, 538}


class _Built(EmailMultiAlternatives):
    """A message that is put together once: the same bytes are checked before the claim and sent after it.

    Django folds words of other scripts as if no `Subject:` stood before them. Beside it the first of them is too long,
    so the line of the name stays empty, which some filters take for a mail without a subject: here they begin on it.
    """

    _built: EmailMessage | None = None

    def message(self, *args: Any, **kwargs: Any) -> EmailMessage:
        if self._built is None:
            self._built = super().message(*args, **kwargs)
            self._built.replace_header("Subject", Header(str(self.subject), header_name="Subject"))
            self._built.replace_header("From", _sender(str(self.from_email)))
        return self._built


def _sender(written: str) -> Header | str:
    encoded, address = parseaddr(written)
    name = str(make_header(decode_header(encoded)))
    if name.isascii():
        return written
    header = Header(name, "utf-8", header_name="From")
    header.append(f"<{address}>")
    return header


class EmailChannel:
    """E-mail as a channel: see channels.Sender."""

    off: Promise | str = _("No mail server is set up, so e-mails wait in the outbox.")

    @property
    def timeout(self) -> float:
        """Seconds for each answer of the mail server."""
        return float(settings.EMAIL_TIMEOUT or TIMEOUT)

    def is_configured(self) -> bool:
        """Whether there is anything to send by: a mail server, or another backend such as a folder."""
        by_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
        return bool(settings.EMAIL_HOST if by_smtp else settings.EMAIL_BACKEND)

    def checked(self, address: str) -> str:
        """The address itself; raises ValueError unless it is one e-mail address."""
        try:
            validate_email(address)
        except ValidationError:
            raise ValueError("A notice goes to one e-mail address.") from None
        return address

    def parcel(self, notice: Notice) -> EmailParcel:
        """The notice, ready to be sent once: a context that opens the connection."""
        return EmailParcel(notice, timeout=self.timeout)


class EmailParcel:
    """One e-mail on an open connection: put together and connected before the notice is claimed."""

    def __init__(self, notice: Notice, *, timeout: float) -> None:
        self.notice = notice
        self.connection = get_connection(timeout=timeout)
        self.data_began = False

    def __enter__(self) -> EmailParcel:
        self.message = self._build()
        try:
            self.connection.open()
        except (OSError, smtplib.SMTPException) as problem:
            self._close()
            # A refused password too: that is mended in the settings, not in the notice.
            raise Unreachable(_kind(problem)) from None
        self._watch_data()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        try:
            self.connection.close()
        except Exception as problem:
            # What was sent is sent, however the goodbye went.
            logger.warning("The mail server's connection did not close: %s", _kind(problem))

    def send(self) -> str:
        """Sends it; the word is empty, for SMTP gives no id of its own. Raises TryLater, Refused or InDoubt."""
        try:
            accepted = self.connection.send_messages([self.message])
        except smtplib.SMTPRecipientsRefused as problem:
            # A notice goes to one address.
            code, words = next(iter(problem.recipients.values()))
            raise _by_code(problem, code, why=_enhanced(words)) from None
        except smtplib.SMTPSenderRefused as problem:
            if problem.smtp_code == TOO_LARGE:
                raise _by_code(problem, problem.smtp_code) from None
            # Our own address, or that we did not sign in: mended in the settings, and no other notice need try now.
            raise Unreachable(f"{_kind(problem)} {problem.smtp_code}") from None
        except smtplib.SMTPResponseException as problem:
            raise _by_code(problem, problem.smtp_code) from None
        except smtplib.SMTPNotSupportedError as problem:
            raise Refused(_kind(problem)) from None
        except Exception as problem:
            if self.data_began:
                raise InDoubt(_kind(problem)) from None
            raise TryLater(_kind(problem)) from None
        if not accepted:
            raise Refused("NotAccepted")
        return ""

    def _build(self) -> _Built:
        try:
            notice = self.notice
            head = letterhead.current()
            message = _Built(
                subject=notice.subject,
                body=notice.text,
                from_email=head.sender,
                to=[notice.to],
                reply_to=[head.email] if head.email else [],
                connection=self.connection,
                headers={
                    "Message-ID": notice.message_id,
                    "Content-Language": notice.language,
                    # RFC 3834: keeps out-of-office replies away from the desk.
                    "Auto-Submitted": "auto-generated",
                },
            )
            if notice.html:
                message.attach_alternative(notice.html, "text/html")
            for name, media_type, content in notice.attachments or ():
                content = base64.b64decode(content)
                message.attach(name, content.decode() if media_type.startswith("text/") else content, media_type)
            message.message()
        except EncryptionError as problem:
            raise TryLater(_kind(problem)) from None
        except Exception as problem:
            logger.error("Notice %s can't be put together: %s", self.notice.code, _kind(problem))
            raise Refused(_kind(problem)) from None
        return message

    def _watch_data(self) -> None:
        """Notes when the words themselves go out: before that a cut line sent nothing, after it nobody knows."""
        smtp = getattr(self.connection, "connection", None)
        if not isinstance(smtp, smtplib.SMTP):
            self.data_began = True
            return
        send_data = smtp.data

        def data(message: ReadableBuffer | str) -> tuple[int, bytes]:
            self.data_began = True
            return send_data(message)

        smtp.data = data  # type: ignore[method-assign, assignment]  # smtplib has no hook of its own


def _by_code(problem: Exception, code: int, *, why: str = "") -> TryLater | Refused:
    """SMTP's own rule: 4yz may go through later, 5yz never will. To sign in is for the clinic to put right."""
    error = f"{_kind(problem)} {code} {why}".rstrip()
    if code in SIGN_IN:
        return Unreachable(error)
    return TryLater(error) if 400 <= code < 500 else Refused(error)


def _enhanced(words: bytes | str) -> str:
    """The code of RFC 3463 that an answer begins with, such as 5.1.1 (no such mailbox); empty where there is none."""
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    found = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)", text)
    return found[0] if found else ""


def _kind(problem: BaseException) -> str:
    return type(problem).__name__
