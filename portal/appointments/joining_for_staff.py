"""How a session that is not in person is joined, as the psychologist and the desk read it."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.roles import Role
from portal.appointments import states
from portal.appointments.calendars import Booked
from portal.appointments.joining import Joining
from portal.appointments.models import Appointment
from portal.clinic import kept
from portal.clinic.models import Mode, Psychologist


def for_staff(session: Appointment, *, role: str = "") -> Joining | None:
    """What the psychologist and the desk read; only the psychologist goes in."""
    if not session.is_open or session.patient is None:
        return None
    name = session.psychologist.name
    match session.mode:
        case Mode.VIDEO if link := session.psychologist.video_link:
            return Joining(
                _("By video, in the room of %(name)s. The patient has the same link:") % {"name": name}, link
            )
        case Mode.VIDEO if settings.VIDEO and role == Role.PSYCHOLOGIST:
            page = settings.PORTAL_BASE_URL + reverse("psychologist:video", args=[session.code])
            return Joining(_("By video. Open the room from 15 minutes before it begins:"), page)
        case Mode.VIDEO if settings.VIDEO:
            return Joining(_("By video, in the portal: patient and psychologist go in from their own pages."))
        case Mode.VIDEO:
            return Joining(
                _("By video, but there is no link: none stands in the profile of %(name)s.") % {"name": name},
                otherwise=_("The patient was told to phone the clinic and ask."),
            )
        case Mode.PHONE if number := session.patient.phone:
            return Joining(_("By phone. %(name)s rings %(phone)s.") % {"name": name, "phone": number.as_national})
        case Mode.PHONE:
            return Joining(_("By phone. There is no number on record: ask for one before it begins."))
    return None


def is_booked_without_a_way(psychologist: Psychologist) -> bool:
    """Whether people can book somebody by video, and nobody could join: there is no link, and video is off here."""
    if settings.VIDEO or psychologist.video_link or not psychologist.is_active or not psychologist.accepting_patients:
        return False
    services = (one for one in kept.services_online() if kept.is_named(psychologist.pk, one))
    return any(Mode.VIDEO in psychologist.modes_for(service) for service in services)


def in_a_tile(session: Booked, psychologist: Psychologist) -> str:
    """The same in a few words, for a diary of staff; of what is over, by which way it was."""
    match session.mode:
        case _ if session.status not in states.OPEN:
            return str(Mode(session.mode).label)
        case Mode.VIDEO:
            if psychologist.video_link:
                return _("Video, own link")
            return _("Video, in the portal") if settings.VIDEO else _("Video, no link yet")
        case Mode.PHONE:
            return _("Phone, we ring")
    return str(Mode(session.mode).label)
