"""A psychologist's profile, as the website shows it and as Medicare knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic import actions
from portal.clinic.models import Psychologist
from portal.clinic.profile_forms import PsychologistForm
from portal.clinic.refusals import HasProfile
from portal.common.access.decorators import ActorRequest, allow
from portal.common.media.pending_uploads import Place
from portal.common.media.uploads import picture_response, version_of
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys.profile_advice import advice_on
from portal.web.manager.forms import NumberAtForm, number_forms
from portal.web.manager.responses import confirm_page, pass_on_warnings


def _crumbs(whose: User, *more: tuple[str, str]) -> list[tuple[str, str]]:
    person = reverse("manager:person", args=[whose.code]), whose.name
    return [(reverse("manager:staff"), _("Staff")), person, *more]


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    """Makes the profile of a psychologist who has none, or changes it; with the number for each place."""
    whose = get_object_or_404(User.objects.staff_ever(), code=code)
    psychologist = Psychologist.objects.filter(user=whose).first()
    if psychologist is None and Role.PSYCHOLOGIST not in whose.roles:
        messages.info(request, _("Only a psychologist has a profile. Give them that role first."))
        return redirect("manager:person", code)
    place = Place(request.user.code.hex, f"profile {whose.code}")
    form = PsychologistForm(request.POST or None, request.FILES or None, instance=psychologist, user=whose, place=place)
    numbers = number_forms(psychologist, request.POST or None)
    if form.is_rearranged:
        form = form.rearranged()
        numbers = number_forms(psychologist, typed=request.POST)
    elif request.method == "POST" and all([form.is_valid(), *[n.is_valid() for n in numbers]]):
        try:
            saved = _saved(request, form, numbers, whose, psychologist)
        except HasProfile:
            messages.error(request, _("Somebody else made this profile meanwhile. Look at it first, then change it."))
            return redirect("manager:profile", code)
        if saved:
            form.drop_pictures()
            messages.success(request, _("The profile of %(name)s is saved.") % {"name": whose.name})
            pass_on_warnings(request, form, *numbers)
            return redirect("manager:profile", code)
    if form.is_bound:
        form.keep_pictures()
    stored = Psychologist.objects.filter(user=whose).first()
    context = {
        "form": form,
        "numbers": numbers,
        "person": whose,
        "psychologist": stored,
        "photo_url": _photo_url(stored, code),
        "whole_url": _whole_url(stored, code),
        "advice": advice_on(form, now=timezone.now()),
        "crumbs": _crumbs(whose),
    }
    wrong = any(sent.is_bound and not sent.is_valid() for sent in [form, *numbers])
    return page_or_fragment(request, "manager/profile.html", context, fragment="topics", status=422 if wrong else 200)


@transaction.atomic
def _saved(
    request: ActorRequest,
    form: PsychologistForm,
    numbers: Sequence[NumberAtForm],
    whose: User,
    psychologist: Psychologist | None,
) -> bool:
    """Whether it is; not, if somebody else saved it in this moment: the form says what. Raises HasProfile."""
    by, now = request.actor, timezone.now()
    if psychologist is None:
        with making(request, now=now) as made:
            kept = actions.add_psychologist(
                user=whose, values=form.values, topics=form.topics, fees=form.fees, by=by, now=now
            )
            made.leads_to("manager:profile", whose.code)
    elif not all([form.still_stands(), *[number.still_stands() for number in numbers]]):
        return False
    else:
        kept = actions.update_psychologist(
            psychologist=psychologist,
            values=form.changes,
            topics=form.changed_topics,
            fees=form.changed_fees,
            by=by,
            now=now,
        )
    for number in numbers:
        if psychologist is not None and not number.changes:
            continue
        actions.set_provider_number(
            psychologist=kept, location=number.place, number=number.cleaned_data["number"], by=by, now=now
        )
    return True


@allow(Role.MANAGER)
@require_POST
def advice(request: ActorRequest, code: UUID) -> HttpResponse:
    """Doubtful words and what patients will pay, while the form is being filled in."""
    whose = get_object_or_404(User.objects.staff_ever(), code=code)
    psychologist = Psychologist.objects.filter(user=whose).first()
    if psychologist is None and Role.PSYCHOLOGIST not in whose.roles:
        raise Http404
    form = PsychologistForm(request.POST, instance=psychologist, user=whose)
    context = {"advice": advice_on(form, now=timezone.now())}
    return page_or_fragment(request, "components/_profile_advice.html", context, fragment="advice")


def _photo_url(psychologist: Psychologist | None, code: UUID) -> str:
    if psychologist is None or not psychologist.photo:
        return ""
    return f"{reverse('manager:profile_photo', args=[code])}?v={version_of(psychologist.photo)}"


def _whole_url(psychologist: Psychologist | None, code: UUID) -> str:
    if psychologist is None or not (whole := psychologist.photo_source or psychologist.photo):
        return ""
    return f"{reverse('manager:profile_whole_photo', args=[code])}?v={version_of(whole)}"


@allow(Role.MANAGER)
@require_safe
def photo(request: ActorRequest, code: UUID) -> FileResponse:
    """The photo, also while the profile is not on the website."""
    psychologist = get_object_or_404(Psychologist, user__code=code)
    return _picture(psychologist.photo)


@allow(Role.MANAGER)
@require_safe
def whole_photo(request: ActorRequest, code: UUID) -> FileResponse:
    """What the photo was cut from, to choose another part of it."""
    psychologist = get_object_or_404(Psychologist, user__code=code)
    return _picture(psychologist.photo_source or psychologist.photo)


def _picture(field_file: Any) -> FileResponse:
    if not field_file:
        raise Http404
    try:
        return picture_response(field_file, public=False)
    except FileNotFoundError:
        raise Http404 from None


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: ActorRequest, code: UUID) -> HttpResponse:
    psychologist = get_object_or_404(Psychologist.objects.select_related("user"), user__code=code)
    here = reverse("manager:profile", args=[code])
    if request.method == "POST":
        actions.retire_psychologist(psychologist=psychologist, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is no longer on the website.") % {"name": psychologist.name})
        return redirect(here)
    return confirm_page(
        request,
        title=_("Take %(name)s off the website?") % {"name": psychologist.name},
        text=_("Nobody can book them any more. What is booked stays booked, and they can still sign in."),
        button=_("Take them off"),
        danger=True,
        back=here,
        crumbs=_crumbs(psychologist.user, (here, _("Profile"))),
    )


@allow(Role.MANAGER)
@require_POST
def restore(request: ActorRequest, code: UUID) -> HttpResponse:
    psychologist = get_object_or_404(Psychologist.objects.select_related("user"), user__code=code)
    if psychologist.has_left:
        messages.error(request, _("%(name)s's account is closed. Open it again first.") % {"name": psychologist.name})
        return redirect("manager:person", code)
    actions.restore_psychologist(psychologist=psychologist, by=request.actor, now=timezone.now())
    messages.success(
        request,
        _("%(name)s is back in the diary. Tick “accepting patients” when new people may book them.")
        % {"name": psychologist.name},
    )
    return redirect("manager:profile", code)
