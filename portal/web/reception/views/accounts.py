"""Whether and which account opens a patient's record, and the address that we write to."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.patients import addresses, signing_in
from portal.patients.models import Patient
from portal.patients.reaching import address_of
from portal.patients.refusals import LinkClosed, NoAccountYet, NoAddress, OwnAccount, RecordHasAccount, UserHasRecord
from portal.web.reception.account_forms import LinkForm, UnlinkForm


def _one(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.actor).select_related("user"), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_POST
def invite(request: ActorRequest, code: UUID) -> HttpResponse:
    """Mails a link, good once, with which the patient opens their record; one sent before stops working."""
    patient, now = _one(request, code), timezone.now()
    try:
        with making(request, now=now) as made:
            link = signing_in.invite(patient=patient, by=request.actor, now=now)
            made.leads_to("reception:patient", code=patient.code)
    except RecordHasAccount:
        messages.info(request, _("An account opens this record already."))
    except NoAddress:
        messages.error(request, _("Enter their e-mail address first, with “Change details”."))
    except OwnAccount:
        messages.error(request, _("That is your own address. Somebody else at the clinic invites you."))
    else:
        words = _("An invitation is on its way to %(email)s. Its link works once, for a week.")
        messages.success(request, words % {"email": link.email})
    return redirect("reception:patient", code=patient.code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def withdraw_invitation(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = _one(request, code)
    try:
        signing_in.withdraw_invitation(patient=patient, by=request.actor, now=timezone.now())
    except LinkClosed:
        messages.info(request, _("No invitation is out any more."))
    else:
        messages.success(request, _("The invitation is withdrawn: its link works no longer."))
    return redirect("reception:patient", code=patient.code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def keep_address(request: ActorRequest, code: UUID) -> HttpResponse:
    """Withdraws a new address that nobody has confirmed."""
    patient = _one(request, code)
    if addresses.withdraw(patient=patient, by=request.actor, now=timezone.now()):
        messages.success(request, _("The address stays as it was. The link that was sent works no longer."))
    else:
        messages.info(request, _("No address waits to be confirmed any more."))
    return redirect("reception:patient", code=patient.code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: ActorRequest, code: UUID) -> HttpResponse:
    """Opens the record to an account that is there: first it is shown whose it is, then linked."""
    patient, now = _one(request, code), timezone.now()
    if patient.user is not None:
        messages.info(request, _("An account opens this record already."))
        return redirect("reception:patient", code=patient.code)
    form = LinkForm(request.POST if request.method == "POST" else None, initial={"email": address_of(patient)})
    account: User | None = None
    if request.method == "POST" and form.is_valid():
        account = accounts.account_of_address(form.cleaned_data["email"])
        if account is None:
            form.add_error("email", _("Nobody signs in with this address. Invite them instead."))
        elif form.cleaned_data["account"] == str(account.code):
            if not form.cleaned_data["checked"]:
                form.add_error("checked", _("Check it with the person first."))
            else:
                try:
                    with making(request, now=now) as made:
                        signing_in.link_account(patient=patient, user=account, by=request.actor, now=now)
                        made.leads_to("reception:patient", code=patient.code)
                except OwnAccount:
                    form.add_error("email", _("That is your own account. Somebody else at the clinic links it."))
                    account = None
                except UserHasRecord:
                    form.add_error("email", _("This account opens the record of another person in care."))
                    account = None
                except RecordHasAccount:
                    messages.info(request, _("An account opens this record already."))
                    return redirect("reception:patient", code=patient.code)
                else:
                    messages.success(request, _("%(name)s opens this record from now on.") % {"name": account.name})
                    return made.answer
    status = 422 if form.errors else 200
    context = {"patient": patient, "form": form, "account": account}
    return render(request, "reception/account_link.html", context, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: ActorRequest, code: UUID) -> HttpResponse:
    """Closes the record to its account, which is signed out everywhere."""
    patient = _one(request, code)
    if patient.user is None:
        messages.info(request, _("No account opens this record any more."))
        return redirect("reception:patient", code=patient.code)
    form = UnlinkForm(request.POST if request.method == "POST" else None, account=patient.user)
    if request.method == "POST" and form.is_valid():
        try:
            user = signing_in.unlink_account(
                patient=patient, reason=form.cleaned_data["reason"], by=request.actor, now=timezone.now()
            )
        except NoAccountYet:
            messages.info(request, _("No account opens this record any more."))
        else:
            messages.success(request, _("%(name)s can no longer open this record.") % {"name": user.name})
        return redirect("reception:patient", code=patient.code)
    status = 422 if form.errors else 200
    return render(request, "reception/account_unlink.html", {"patient": patient, "form": form}, status=status)
