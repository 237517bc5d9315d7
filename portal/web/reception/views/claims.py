"""Claims on Medicare at the desk: which wait, a file of them, and what came of each. Nothing is lodged from here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing import actions, claim_export
from portal.billing.claim_forms import AgainForm, ApproveForm, OfAClaim, RejectForm, SendForm, WithdrawForm
from portal.billing.claim_states import STEPS, ClaimStatus
from portal.billing.models import AssignmentOfBenefit, Invoice, MedicareClaim
from portal.billing.refusals import ClaimApproved, ClaimChanged, OverClaim, Overpayment
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.database.compiled import compiled
from portal.common.languages.punctuation import listed
from portal.common.web.htmx import page_or_fragment
from portal.common.web.keyset import page_of
from portal.journeys import claiming
from portal.journeys.claims_held import held_back
from portal.web.reception.claim_filter import ClaimFilter, page_asked
from portal.web.reception.claim_sending import SendManyForm
from portal.web.reception.claim_table import ClaimTable

PER_PAGE = 25
# More is a slip of the filters: nothing is cut off in silence, so no file is made of it.
MOST = 5_000
# So many invoices are named that are not in a file.
NAMED = 10


def _chosen(request: ActorRequest, *, now: datetime) -> ClaimFilter:
    visible = MedicareClaim.objects.visible_to(request.actor)
    return ClaimFilter(request.GET, queryset=visible, today=ClinicSettings.current().today(now))


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Those that wait, the oldest session first, narrowed and turned by htmx."""
    return _list(request, now=timezone.now())


def _list(request: ActorRequest, *, form: SendManyForm | None = None, now: datetime, status: int = 200) -> HttpResponse:
    chosen = _chosen(request, now=now)
    page = page_of(
        chosen.rows,
        order="starts_at",
        page=page_asked(request.GET.get("page", "")),
        size=PER_PAGE,
        marker="code",
        among=MedicareClaim.objects.visible_to(request.actor),
    )
    held = held_back([row.code for row in page.rows], now=now)
    table = ClaimTable(
        page,
        held=held,
        empty_text=_("Nothing fits. Take a filter away.")
        if chosen.narrows
        else _("A session that is billed with a Medicare item stands here until Medicare has answered."),
    )
    context = {
        "filter": chosen,
        "table": table,
        "page": page,
        "left_out": len(held),
        "form": form or SendManyForm(today=chosen.today),
        "query": request.GET.urlencode(),
    }
    if form is not None:
        return render(request, "reception/claims.html", context, status=status)
    return page_or_fragment(request, "reception/claims.html", context, fragment="results")


def _picked(request: ActorRequest, chosen: ClaimFilter) -> list[MedicareClaim]:
    """The claims whose boxes are ticked, or else all that the filters show; one more than `MOST` at most."""
    codes = {code for code in map(_uuid, request.POST.getlist("claim")) if code}
    if codes:
        claims = MedicareClaim.objects.visible_to(request.actor).filter(code__in=codes)
    else:
        claims = chosen.claims
    return list(claims.for_export().order_by("starts_at", "pk")[: MOST + 1])


def _numbers(claims: list[MedicareClaim]) -> str:
    """Which invoices they are of, the first few."""
    return listed(sorted({claim.line.invoice.number for claim in claims})[:NAMED])


def _uuid(code: str) -> UUID | None:
    try:
        return UUID(code)
    except ValueError:
        return None


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def export(request: ActorRequest) -> HttpResponse:
    """The claims as a file, marked as being in one. That is no claim: somebody still makes it, by their channel."""
    now = timezone.now()
    claims = _picked(request, _chosen(request, now=now))
    if not claims:
        messages.info(request, _("There is no claim to put into a file."))
        return redirect(_back(request))
    if len(claims) > MOST:
        words = _("More than %(n)s claims are listed, so no file was made. Narrow the list and take them in parts.")
        messages.error(request, words % {"n": f"{MOST:,}"})
        return redirect(_back(request))
    held = held_back([claim.code for claim in claims], now=now)
    if left_out := [claim for claim in claims if claim.code in held]:
        words = ngettext(
            "%(n)d claim is not in the file, for it can't be made yet: %(numbers)s. The list says why.",
            "%(n)d claims are not in the file, for they can't be made yet: %(numbers)s. The list says why.",
            len(left_out),
        )
        messages.warning(request, words % {"n": len(left_out), "numbers": _numbers(left_out)})
    claims = [claim for claim in claims if claim.code not in held]
    if not claims:
        return redirect(_back(request))
    file = claim_export.export(claims)
    actions.mark_exported(claims=claims, by=request.actor, now=now)
    name = f"claims-{ClinicSettings.current().today(now).isoformat()}.csv"
    return HttpResponse(
        file, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send(request: ActorRequest) -> HttpResponse:
    """Writes down that the ticked claims were made."""
    now = timezone.now()
    form = SendManyForm(request.POST, today=ClinicSettings.current().today(now))
    if not request.POST.getlist("claim"):
        form.add_error(None, _("Tick the claims that were made."))
    if not form.is_valid():
        return _list(request, form=form, now=now, status=422)
    claims = _picked(request, _chosen(request, now=now))
    if early := [claim for claim in claims if claim.service_date > form.cleaned_data["sent_on"]]:
        words = _("One of them is of a later session: %(number)s. Look at the date.")
        form.add_error("sent_on", words % {"number": early[0].line.invoice.number})
        return _list(request, form=form, now=now, status=422)
    held = held_back([claim.code for claim in claims if claim.status == ClaimStatus.PENDING], now=now)
    if left_out := [claim for claim in claims if claim.code in held]:
        words = ngettext(
            "%(n)d claim is not marked as made, for it can't be made yet: %(numbers)s. The list says why.",
            "%(n)d claims are not marked as made, for they can't be made yet: %(numbers)s. The list says why.",
            len(left_out),
        )
        messages.warning(request, words % {"n": len(left_out), "numbers": _numbers(left_out)})
    claims = [claim for claim in claims if claim.code not in held]
    count = actions.send_claims(claims=claims, by=request.actor, now=now, **form.cleaned_data) if claims else 0
    if count:
        words = ngettext("%(n)d claim is marked as made.", "%(n)d claims are marked as made.", count)
        messages.success(request, words % {"n": count})
    if count < len(claims):
        messages.info(request, _("Those that were further on already stay as they are."))
    return redirect(_back(request))


def _back(request: ActorRequest) -> str:
    address, query = reverse("reception:claims"), QueryDict(request.GET.urlencode(), mutable=True)
    query.pop("page", None)
    return f"{address}?{query.urlencode()}" if query else address


# ---- One claim -------------------------------------------------------------------------------------------------------

FORMS: dict[str, type[OfAClaim]] = {
    ClaimStatus.SENT: SendForm,
    ClaimStatus.APPROVED: ApproveForm,
    ClaimStatus.REJECTED: RejectForm,
    ClaimStatus.PENDING: AgainForm,
    ClaimStatus.WITHDRAWN: WithdrawForm,
}


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: ActorRequest, code: UUID) -> HttpResponse:
    """One claim: what it is for, what was done, and what may be done next."""
    claim, now = _claim(request, code), timezone.now()
    if request.method != "POST":
        return _show(request, claim, now=now)
    to = request.POST.get("step", "")
    form = _forms(claim, now=now, data=request.POST, sent=to).get(to)
    if form is None:
        return _changed(request, claim)
    if form.is_valid() and _done(request, claim, to, form, now=now):
        return redirect("reception:claim", code=claim.code)
    return _show(request, claim, now=now, sent=to, form=form)


def _claim(request: ActorRequest, code: UUID) -> MedicareClaim:
    claims = MedicareClaim.objects.visible_to(request.actor).for_export()
    return get_object_or_404(claims.select_related("line__invoice__psychologist__user", "assignment"), code=code)


def _forms(
    claim: MedicareClaim, *, now: datetime, data: QueryDict | None = None, sent: str = ""
) -> dict[str, OfAClaim]:
    today = ClinicSettings.current().today(now)
    return {
        to: FORMS[to](data if to == sent else None, claim=claim, today=today, step=to)
        for to in ClaimStatus
        if to in STEPS[ClaimStatus(claim.status)] and (to != ClaimStatus.WITHDRAWN or claim.may_be_withdrawn)
    }


def _done(request: ActorRequest, claim: MedicareClaim, to: str, form: OfAClaim, *, now: datetime) -> bool:
    """Takes the step; False where the form says what is wrong."""
    said: dict[str, Any] = dict(form.cleaned_data)
    seen = said.pop("seen")
    about: dict[str, Any] = {"claim": claim, "seen": seen, "by": request.actor, "now": now}
    try:
        match to:
            case ClaimStatus.SENT:
                if seen != claim.revision or not actions.send_claims(claims=[claim], by=request.actor, now=now, **said):
                    raise ClaimChanged(claim)
            case ClaimStatus.APPROVED:
                said.pop("to", None)
                actions.approve_claim(**about, **said, to_clinic=isinstance(form, ApproveForm) and form.to_clinic)
            case ClaimStatus.REJECTED:
                claiming.reject(**about, **said)
            case ClaimStatus.PENDING:
                claiming.again(**about)
            case ClaimStatus.WITHDRAWN:
                actions.withdraw_claim(**about, **said)
    except ClaimChanged as refused:
        _changed(request, refused.claim)
    except (OverClaim, Overpayment) as refused:
        if isinstance(form, ApproveForm):
            owing = isinstance(refused, Overpayment)
            form.too_much(refused.balance if isinstance(refused, Overpayment) else refused.charged, owing=owing)
        return False
    else:
        messages.success(request, _("It is written down."))
    return True


def _changed(request: ActorRequest, claim: MedicareClaim) -> HttpResponse:
    messages.info(request, _("This claim moved on since the page was opened. Nothing was changed: look at it again."))
    return redirect("reception:claim", code=claim.code)


def _show(
    request: ActorRequest, claim: MedicareClaim, *, now: datetime, sent: str = "", form: OfAClaim | None = None
) -> HttpResponse:
    forms = _forms(claim, now=now)
    if form is not None:
        forms[sent] = form
    context = {
        "claim": claim,
        "invoice": claim.line.invoice,
        "steps": claim.steps.select_related("by", "payment"),
        "forms": forms,
        "zone": claim.line.invoice.location.zone,
    }
    return render(request, "reception/claim.html", context, status=422 if form is not None else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def assignment(request: ActorRequest, code: UUID) -> HttpResponse:
    """The patient's copy of what they agreed to, to print."""
    from portal.billing.assignment_paper import assignment_pdf  # it brings the PDF library, which is slow to load

    found = get_object_or_404(AssignmentOfBenefit.objects.visible_to(request.actor), code=code)
    return HttpResponse(
        assignment_pdf(found),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="assignment-of-benefit.pdf"'},
    )


# ---- For an invoice's pages ------------------------------------------------------------------------------------------


def claims_of(invoice: Invoice) -> list[MedicareClaim]:
    """What of it may be claimed, or was."""
    return _claims_of(invoice.pk)


@compiled
def _claims_of(invoice: int) -> QuerySet[MedicareClaim]:
    claims = MedicareClaim.objects.filter(line__invoice=invoice)
    return claims.select_related("assignment").order_by("line__position")


def paid_by_medicare(request: ActorRequest, refused: ClaimApproved) -> HttpResponse:
    """Leads to the claim whose money stands in the way."""
    words = _("Medicare paid for this session. If it took the money back, write that down here first.")
    messages.error(request, words)
    return redirect("reception:claim", code=refused.claim.code)
