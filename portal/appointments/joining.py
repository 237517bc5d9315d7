"""How a session that is not in person is joined: the one place that knows, in one or two sentences.

Pages, mails and calendars say the same; what staff read is in `joining_for_staff`. A mail goes to mailboxes that others
may open: of a patient's number it shows the last digits alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings, Mode
from portal.common.languages.punctuation import ltr, space

# Of a number, in a mail.
DIGITS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Joining:
    """`words` come first, then a link that is pressed, then what helps where that fails; each may be empty."""

    words: str
    link: str = ""
    otherwise: str = ""

    @property
    def in_one_line(self) -> str:
        return space().join(part for part in (self.words, self.link, self.otherwise) if part)


def for_patient(session: Appointment, *, clinic: ClinicSettings, is_mailed: bool) -> Joining | None:
    """What the patient reads, or who cares for them; None of a session in person, or one that nobody joins any more."""
    if not session.is_open or session.patient is None:
        return None
    ring_us = phone_of(session, clinic)
    match session.mode:
        case Mode.VIDEO if link := session.psychologist.video_link:
            helps = _("If you can't get in, phone us: %(phone)s.") % {"phone": ring_us} if ring_us else ""
            return Joining(_("By video. Open this link a few minutes before it begins:"), link, helps)
        case Mode.VIDEO if settings.VIDEO:
            page = settings.PORTAL_BASE_URL + reverse("patient:video", args=[session.code])
            helps = _("If you can't get in, phone us: %(phone)s.") % {"phone": ring_us} if ring_us else ""
            return Joining(_("By video, on this page of yours, from 15 minutes before it begins:"), page, helps)
        case Mode.VIDEO:
            words = _("By video. It isn't set up here yet.")
            if ring_us:
                words += space() + _("Please phone us to hear how you join: %(phone)s.") % {"phone": ring_us}
            else:
                words += space() + _("We tell you how to join before it begins.")
            return Joining(words)
        case Mode.PHONE:
            return _rung(session, ring_us=ring_us, is_mailed=is_mailed)
    return None


def _rung(session: Appointment, *, ring_us: str, is_mailed: bool) -> Joining:
    number = session.person.phone
    if not number:
        words = _("By phone, but we have no number of yours.")
        if ring_us:
            words += space() + _("Please phone us before it begins: %(phone)s.") % {"phone": ring_us}
        return Joining(words)
    if is_mailed:
        words = _("By phone. We ring you on the number that ends in %(digits)s.") % {
            "digits": ltr(number.as_national[-DIGITS_SHOWN:])
        }
    else:
        words = _("By phone. We ring you on %(phone)s.") % {"phone": ltr(number.as_national)}
    late = _("If nobody has rung five minutes after it begins, phone us: %(phone)s.") % {"phone": ring_us}
    return Joining(words, otherwise=late if ring_us else "")


def phone_of(session: Appointment, clinic: ClinicSettings) -> str:
    """The clinic's phone, else that of the place; as people dial it at home."""
    phone = clinic.phone or session.location.phone
    return ltr(phone.as_national) if phone else ""
