"""Who works here, as what, and how safely they sign in."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import RequestConfig

from portal.accounts import actions
from portal.accounts.forms import WHAT_ROLES_SEE, InviteForm, NameForm, RolesForm
from portal.accounts.models import Grant, Invitation, PendingGrant, User
from portal.accounts.refusals import AlreadyStaff, LastManager, NotOutstanding, NotYourOwn
from portal.accounts.roles import GUARDED, STAFF, Role
from portal.accounts.sessions import keep_this_session
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys.staffing import set_roles, stop_working_here, work_here_again
from portal.journeys.stranded import StillBooked, asked_of_leaving
from portal.web.manager.leaving import CRUMB, ask_to_close, ask_to_withdraw
from portal.web.manager.responses import confirm_page, form_page
from portal.web.manager.tables import StaffTable, TrailTable
from portal.web.manager.trail_entries import with_names
from portal.web.still_booked import TURN, known, to_decide

PER_PAGE = 50
LINES = 10
OWN_ROLES = gettext_lazy(
    "Nobody gives a role to themself. Ask another manager; if there is none, who runs the server does it."
)


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(reverse("manager:staff"), str(CRUMB)), *more]


def _person(code: UUID) -> User:
    """Somebody who works here, or did; a patient's account is nobody's business here."""
    return get_object_or_404(User.objects.staff_ever(), code=code)


def _zone() -> ZoneInfo:
    return ClinicSettings.current().zone


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Who works here now, or who did; and who was invited."""
    holds = Exists(Grant.objects.in_force().filter(user=OuterRef("pk")))
    now_here = User.objects.filter(holds, is_active=True)
    left = User.objects.staff_ever().filter(~holds | Q(is_active=False))
    shows_left = request.GET.get("show") == "left"
    held = Prefetch("grants", queryset=Grant.objects.in_force().only("user", "role", "ended_at"))
    people = (left if shows_left else now_here).with_second_factor_known().prefetch_related(held)
    table = StaffTable(people, zone=_zone())
    RequestConfig(request, paginate={"per_page": PER_PAGE}).configure(table)
    here, listed = reverse("manager:staff"), table.paginator.count
    context = {
        "table": table,
        "pending": [] if shows_left else list(PendingGrant.objects.outstanding().select_related("user", "asked_by")),
        "invitations": [] if shows_left else list(Invitation.objects.outstanding()),
        "now": timezone.now(),
        "zone": table.zone,
        "tabs": [
            {
                "label": _("Here now"),
                "url": here,
                "current": not shows_left,
                "count": now_here.count() if shows_left else listed,
            },
            {
                "label": _("Left"),
                "url": f"{here}?show=left",
                "current": shows_left,
                "count": listed if shows_left else left.count(),
            },
        ],
    }
    return page_or_fragment(request, "manager/staff.html", context, fragment="results")


# ---- Invitations -----------------------------------------------------------------------------------------------------


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: ActorRequest) -> HttpResponse:
    form, now = InviteForm(request.POST or None), timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            with making(request, now=now) as made:
                invitation = actions.invite(**form.cleaned_data, by=request.actor, now=now)
                made.leads_to("manager:staff")
        except AlreadyStaff:
            form.add_error("email", _("Somebody with this address works here already. Their roles are on their page."))
        else:
            _say_sent(request, invitation)
            return made.answer
    context = {
        "form": form,
        "crumbs": _crumbs(),
        "what_roles_see": _what_roles_see(),
        "nobody_confirms": _nobody_confirms(request.user),
        "second_factor": settings.STAFF_SECOND_FACTOR,
    }
    return form_page(request, "manager/invite.html", context, form)


def _nobody_confirms(manager: User, whose: User | None = None) -> bool:
    """Whether a role that opens records would hold at once, because there is no second manager to confirm it."""
    return not actions.second_managers(of=whose or manager, first=manager).exists()


def _say_sent(request: HttpRequest, invitation: Invitation) -> None:
    messages.success(
        request, _("An invitation is on its way to %(email)s. It is good for a week.") % {"email": invitation.email}
    )


def _what_roles_see() -> list[tuple[str, str]]:
    return [(str(role.label), str(words)) for role, words in WHAT_ROLES_SEE.items()]


@allow(Role.MANAGER)
@once
@require_POST
def invite_again(request: ActorRequest, code: UUID) -> HttpResponse:
    """Sends a new link; the earlier one stops working."""
    old, now = get_object_or_404(Invitation, code=code), timezone.now()
    if old.accepted_at or old.withdrawn_at:
        messages.warning(request, _closed(old))
        return redirect("manager:staff")
    try:
        with making(request, now=now) as made:
            invitation = actions.invite(
                email=old.email,
                roles=[Role(role) for role in old.roles],
                first_name=old.first_name,
                last_name=old.last_name,
                by=request.actor,
                now=now,
            )
            made.leads_to("manager:staff")
    except AlreadyStaff:
        messages.info(request, _("Somebody with this address works here already."))
    else:
        _say_sent(request, invitation)
    return redirect("manager:staff")


@allow(Role.MANAGER)
@require_POST
def withdraw(request: ActorRequest, code: UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation, code=code)
    if actions.withdraw_invitation(invitation=invitation, by=request.actor, now=timezone.now()):
        messages.success(request, _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email})
    else:
        messages.warning(request, _closed(invitation))
    return redirect("manager:staff")


def _closed(invitation: Invitation) -> str:
    """Why an invitation that an older page shows can be neither sent again nor withdrawn."""
    invitation.refresh_from_db()
    words = _("The invitation to %(email)s was withdrawn before, or replaced by a newer one. Nothing was done.")
    if invitation.accepted_at:
        words = _("%(email)s has accepted the invitation meanwhile. Their roles are on their page.")
    return words % {"email": invitation.email}


# ---- One person ------------------------------------------------------------------------------------------------------


@allow(Role.MANAGER)
@require_safe
def person(request: ActorRequest, code: UUID) -> HttpResponse:
    """Somebody's roles, second step, profile, and what was done to their account lately."""
    whose = get_object_or_404(User.objects.staff_ever().with_second_factor_known(), code=code)
    return _page(request, whose)


@allow(Role.MANAGER)
@require_POST
def rename(request: ActorRequest, code: UUID) -> HttpResponse:
    """Somebody goes by another name, as after a wedding. What was issued before keeps the name of its day."""
    whose = get_object_or_404(User.objects.staff_ever().with_second_factor_known(), code=code)
    form = NameForm(request.POST, user=whose)
    before = whose.name

    def save(*, values: dict[str, str]) -> None:
        actions.rename(user=whose, **form.cleaned_data, by=request.actor, now=timezone.now())

    if not form.is_valid() or not form.saves(save):
        return _page(request, whose, name_form=form, status=422)
    if whose.name != before:
        messages.success(request, _("The name is saved. It shows everywhere from now on."))
    return redirect("manager:person", code)


def _page(
    request: ActorRequest,
    whose: User,
    *,
    name_form: NameForm | None = None,
    roles_form: RolesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    entries = list(Entry.objects.visible_to(request.actor).about(whose).newest_first()[:LINES])
    zone = _zone()
    named = with_names(entries, zone=zone)
    table = TrailTable(entries, zone=zone, named=named, exclude=("target",), orderable=False)
    context = {
        "person": whose,
        "is_self": whose == request.user,
        "name_form": name_form or NameForm(user=whose),
        "roles_form": roles_form or RolesForm(user=whose, only=_own_roles(request, whose)),
        "pending": list(whose.pending_grants.outstanding().select_related("asked_by")),
        "nobody_confirms": whose != request.user and _nobody_confirms(request.user, whose),
        "what_roles_see": _what_roles_see(),
        "psychologist": Psychologist.objects.filter(user=whose).first(),
        "table": table,
        "zone": table.zone,
        "crumbs": _crumbs(),
    }
    return render(request, "manager/person.html", context, status=status)


def _own_roles(request: HttpRequest, whose: User) -> frozenset[str] | None:
    """Of one's own roles, those that one holds: they can be given up. Nobody gives one to themself."""
    return frozenset(whose.roles) & STAFF if whose == request.user else None


@allow(Role.MANAGER)
@require_POST
def roles(request: ActorRequest, code: UUID) -> HttpResponse:
    whose = get_object_or_404(User.objects.staff_ever().with_second_factor_known(), code=code)
    form, before = RolesForm(request.POST, user=whose), whose.roles

    def save(*, values: dict[str, list[Role]]) -> None:
        chosen = form.cleaned_data["roles"]
        set_roles(user=whose, roles=chosen, knowing=known(request.POST), by=request.actor, now=timezone.now())

    if form.is_valid():
        try:
            if not form.saves(save):
                return _page(request, whose, roles_form=form, status=422)
        except LastManager:
            messages.error(request, _("Somebody has to be manager. Make somebody else manager first."))
        except NotYourOwn:
            messages.error(request, OWN_ROLES)
        except StillBooked as asked:
            return ask_to_withdraw(request, whose, asked)
        else:
            _say_who_confirms(request, whose.pending_grants.outstanding().filter(role__in=form.cleaned_data["roles"]))
            if whose.roles != before:
                messages.success(request, _("The roles are saved. They hold from now on."))
                if (whose.roles - before) & GUARDED and _nobody_confirms(request.user, whose):
                    messages.warning(
                        request,
                        _("No second manager confirmed this: the trail says so, and %(name)s is told by e-mail.")
                        % {"name": whose.name},
                    )
                keep_this_session(request, whose)
            if Role.PSYCHOLOGIST in whose.roles - before and not Psychologist.objects.filter(user=whose).exists():
                messages.info(request, _("A psychologist needs a profile: with it, people find and book them."))
                return redirect("manager:profile", code)
    elif form.conflicts:
        return _page(request, whose, roles_form=form, status=422)
    if whose == request.user and Role.MANAGER not in whose.roles:
        return redirect("account_home")
    return redirect(to_decide()) if known(request.POST) else redirect("manager:person", code)


def _say_who_confirms(request: HttpRequest, waiting: Iterable[PendingGrant]) -> None:
    if names := ", ".join(each.get_role_display() for each in waiting):
        messages.info(request, _("A second manager has to confirm: %(roles)s. They are told.") % {"roles": names})


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_role(request: ActorRequest, code: UUID) -> HttpResponse:
    """A second manager looks at a role that another one gave, and confirms it."""
    pending = get_object_or_404(PendingGrant.objects.select_related("user", "asked_by"), code=code)
    whose = pending.user
    here = reverse("manager:person", args=[whose.code]) if whose.is_staff_member else reverse("manager:staff")
    if pending.confirmed_at or pending.withdrawn_at:
        messages.info(request, _("That was settled before."))
        return redirect(here)
    words = {"name": whose.name, "role": pending.get_role_display(), "manager": pending.asked_by.name}
    if request.user in (whose, pending.asked_by):
        messages.info(request, _("Another manager has to confirm this role."))
        return redirect(here)
    if request.method == "POST":
        try:
            actions.confirm_grant(pending=pending, by=request.actor, now=timezone.now())
        except NotOutstanding:
            messages.info(request, _("That was settled before."))
        else:
            messages.success(request, _("%(name)s holds the role now: %(role)s.") % words)
        return redirect("manager:person", whose.code)
    return confirm_page(
        request,
        title=_("Give %(name)s the role: %(role)s?") % words,
        text=_("%(manager)s gave this role. Confirm it if you know the person, and that they are to have it.") % words,
        note=f"{whose.email} · {WHAT_ROLES_SEE[Role(pending.role)]}",
        button=_("Confirm the role"),
        back=reverse("manager:staff"),
        crumbs=_crumbs(),
    )


@allow(Role.MANAGER)
@require_POST
def withdraw_role(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes back a role that waits for a second manager."""
    pending = get_object_or_404(PendingGrant.objects.select_related("user"), code=code)
    if actions.withdraw_grant(pending=pending, by=request.actor, now=timezone.now()):
        messages.success(request, _("The role is withdrawn."))
    else:
        messages.info(request, _("That was settled before."))
    return redirect("manager:staff")


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def reset_second_factor(request: ActorRequest, code: UUID) -> HttpResponse:
    """For somebody who lost their phone or key. Not for oneself: recovery codes are."""
    whose = _person(code)
    here = reverse("manager:person", args=[code])
    if whose == request.user:
        messages.info(request, _("For your own second step, use your recovery codes, or ask another manager."))
        return redirect(here)
    if request.method == "POST":
        actions.reset_second_factor(user=whose, by=request.actor, now=timezone.now())
        messages.success(
            request, _("Done. %(name)s sets up a new second step when they next sign in.") % {"name": whose.name}
        )
        return redirect(here)
    return confirm_page(
        request,
        title=_("Remove the second step of %(name)s?") % {"name": whose.name},
        text=_(
            "Do this only when you are sure that it is they who ask: call them, or see them. They are signed out "
            "everywhere, get an e-mail about it, and set up a new second step when they next sign in."
        ),
        button=_("Remove the second step"),
        danger=True,
        back=here,
        crumbs=_crumbs((here, whose.name)),
    )


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: ActorRequest, code: UUID) -> HttpResponse:
    """Closes somebody's account; what they did keeps their name."""
    whose, now = _person(code), timezone.now()
    here = reverse("manager:person", args=[code])
    # Whoever turns the page of what is booked closes nothing.
    if request.method == "POST" and TURN not in request.POST:
        try:
            stop_working_here(user=whose, knowing=known(request.POST), by=request.actor, now=now)
        except LastManager:
            messages.error(request, _("Somebody has to be manager. Make somebody else manager first."))
            return redirect(here)
        except StillBooked as asked:
            return ask_to_close(request, whose, asked, status=422)
        messages.success(request, _("%(name)s can no longer sign in.") % {"name": whose.name})
        if whose == request.user:
            return redirect("account_home")
        return redirect(to_decide() if known(request.POST) else "manager:staff")
    psychologist = Psychologist.objects.filter(user=whose).first()
    return ask_to_close(request, whose, asked_of_leaving(psychologist, now=now) if psychologist else None)


@allow(Role.MANAGER)
@require_POST
def open_again(request: ActorRequest, code: UUID) -> HttpResponse:
    """Lets somebody sign in again. Whether the website shows them again is asked: who returns may be full."""
    whose = _person(code)
    waiting, hidden = work_here_again(user=whose, by=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s can sign in again.") % {"name": whose.name})
    _say_who_confirms(request, waiting)
    if hidden is not None:
        messages.warning(
            request,
            _(
                "%(name)s is still off the website, and nobody can book them. "
                "Press “Back on the website” below to put them back."
            )
            % {"name": hidden.name},
        )
    return redirect("manager:person", code)
