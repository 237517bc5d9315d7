"""A message that was refused or did not arrive, or of which nobody knows whether it went: sent again from the desk."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys.to_do import notices
from portal.journeys.to_do.addresses import address_today, patient_of
from portal.notifications.models import Delivery, Notice, State
from portal.notifications.outbox import CannotSettle
from portal.notifications.recipients import ON_PHONES
from portal.web.reception.send_again_form import SendAgainForm


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: ActorRequest, code: UUID) -> HttpResponse:
    """Shows what went wrong; a POST sends it again, to the address that is right."""
    found = _notice(request, code)
    may_change = notices.may_go_elsewhere(found)
    form = SendAgainForm(
        request.POST if request.method == "POST" and may_change else None,
        initial={"address": address_today(found) or found.to} if may_change else {},
        is_to_phone=found.channel in ON_PHONES,
    )
    if request.method != "POST" or (may_change and not form.is_valid()):
        return _show(request, found, form if may_change else None, status=422 if request.method == "POST" else 200)
    address = form.where if may_change else found.to
    try:
        again = notices.send_again(found, address=address, by=request.actor, now=timezone.now())
    except CannotSettle:
        messages.info(request, _("Somebody has dealt with that message already, or its words are gone."))
    else:
        messages.success(request, _("It is on its way to %(address)s.") % {"address": again.to})
    return redirect("reception:to_do")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def arrived(request: ActorRequest, code: UUID) -> HttpResponse:
    """Somebody asked, and it had arrived."""
    try:
        notices.mark_arrived(_notice(request, code), by=request.actor, now=timezone.now())
    except CannotSettle:
        messages.info(request, _("Somebody has dealt with that message already."))
    else:
        messages.success(request, _("Noted: it arrived."))
    return redirect("reception:to_do")


def _notice(request: ActorRequest, code: UUID) -> Notice:
    """One that needs somebody, or needed them: what went well is nobody's business here."""
    rows = Notice.objects.visible_to(request.actor).for_the_desk()
    return get_object_or_404(rows, code=code)


def _show(request: HttpRequest, found: Notice, form: SendAgainForm | None, *, status: int) -> HttpResponse:
    context = {
        "notice": found,
        "form": form,
        "patient": patient_of(found),
        "why": why_it_failed(found),
        "bounced": found.delivery == Delivery.BOUNCED,
        "other_way": notices.went_another_way(found),
        "settled": _settled(found),
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "reception/notice.html", context, status=status)


def _settled(found: Notice) -> str:
    """What was done about it already, in words; empty while it waits for somebody."""
    if found.withdrawn_at is not None:
        return _withdrawn(found)
    if found.settled_at is None:
        return ""
    who = User.objects.filter(pk=found.settled_by).first() if found.settled_by.isdecimal() else None
    if found.state == State.SENT and found.delivery != Delivery.BOUNCED:
        return _("It arrived, as somebody said.")
    return _("%(name)s has dealt with it already.") % {"name": who.name if who else _("Somebody")}


def _withdrawn(found: Notice) -> str:
    """That what it says no longer holds, and whether they read it all the same."""
    match found.state:
        case State.SENT:
            return _("What it says no longer holds, but it was sent all the same. Nobody needs to send it again.")
        case State.SENDING:
            return _("What it says no longer holds. It was being sent just then, so they may get it.")
        case State.UNKNOWN:
            return _("What it says no longer holds. They may have got it all the same; nobody needs to send it again.")
    return _("What it says no longer holds, so it was withdrawn and not sent. Nobody needs to send it.")


# Twilio's own codes (twilio.com/docs/api/errors), and what they mean at the desk.
_NO_NUMBER, _NO_MOBILE, _OFF, _STOPPED = {"21211", "30005"}, {"21614", "30006"}, {"30003"}, {"21610"}


def _of_phones(code: str) -> str:
    """Why a text did not arrive."""
    if code in _NO_NUMBER:
        return _("There is no such number. Ask for the right one.")
    if code in _NO_MOBILE:
        return _("No texts arrive on that number: it is no mobile phone. Ask for one, or write to them by e-mail.")
    if code in _OFF:
        return _("The phone is switched off, or has no reception. If it stays so, ask for another number.")
    if code in _STOPPED:
        return _("They have ended texts from us. Let them be reached another way.")
    return _("It can't be told why. Ring them, or send it again.")


# What is wrong with the clinic's own settings; and RFC 3463's codes by which a server refuses whoever sends.
_OF_THE_CLINIC = {"SMTPSenderRefused", "SMTPAuthenticationError", "SMTPNotSupportedError", "SSLCertVerificationError"}
_SIGN_IN, _NOT_FROM_US = {"530", "535", "538"}, {"5.7."}


def why_it_failed(found: Notice) -> str:
    """The kind of error and its code as a sentence that helps at the desk."""
    kind, _space, code = found.error.partition(" ")
    if found.channel in ON_PHONES:
        return _of_phones(found.delivery_error or code.rpartition(" ")[2])
    if kind in _OF_THE_CLINIC or code[:3] in _SIGN_IN:
        return _("The mail server sends nothing for the clinic at present. The address may be right: tell the manager.")
    if kind == "SMTPRecipientsRefused" and code[4:8] in _NOT_FROM_US:
        return _("Their mail server takes no e-mails from the clinic. The address may be right: tell the manager.")
    if kind == "SMTPRecipientsRefused" and code[4:8] == "5.2.":
        return _("Their mailbox is full, or closed. Ask for another address, or ring them.")
    if kind == "SMTPRecipientsRefused" and code.startswith("5"):
        return _("The mail server says that there is no such address. Ask for the right one.")
    if kind == "ChannelOff":
        return _("No mail server is set up. Tell the manager.")
    if found.state == State.UNKNOWN:
        return _("The line to the mail server broke while it was being sent. Ask them, or send it again.")
    if code.startswith("5"):
        return _("The mail server refused it. If the address is right, tell the manager.")
    return _("The mail server could not take it for a day. Try again, or tell the manager.")
