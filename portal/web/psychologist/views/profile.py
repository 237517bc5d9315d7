"""A psychologist's own profile: what the website says of them, seen before it is public."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic import actions
from portal.clinic.models import Psychologist, Specialisation
from portal.clinic.profile_forms import OwnProfileForm
from portal.common.access.decorators import ActorRequest, allow
from portal.common.media.pending_uploads import Place
from portal.common.media.uploads import StoredPicture, picture_response, version_of
from portal.common.web.htmx import page_or_fragment
from portal.journeys import profiles
from portal.journeys.profile_advice import advice_on, charged_by
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PsychologistRequest) -> HttpResponse:
    """The form. Its buttons save it, show it as readers would see it, or move the words of its list about."""
    person: Psychologist = request.psychologist
    if request.method != "POST":
        return _page(request, OwnProfileForm(instance=_fresh(person)), person)
    place = Place(request.user.code.hex, "own profile")
    form = OwnProfileForm(request.POST, request.FILES, instance=_fresh(person), place=place)
    if form.is_rearranged:
        return _page(request, form.rearranged(), person)
    if "preview" in request.POST and not form.errors:
        return _preview(request, form)
    if not form.is_valid() or not _saved(request, form, person):
        form.keep_pictures()
        return _page(request, form, person, status=422)
    form.drop_pictures()
    if person.is_active:
        messages.success(request, _("Your profile is saved, and the website shows it."))
    else:
        messages.success(request, _("Your profile is saved. It is not on the website."))
    for name, words in form.warnings:
        messages.warning(request, f"{form.fields[name].label}: {words}")
    return redirect("psychologist:profile")


@transaction.atomic
def _saved(request: ActorRequest, form: OwnProfileForm, person: Psychologist) -> bool:
    """Whether it is; not, if somebody else saved it in this moment: the form says what."""
    if not form.still_stands():
        return False
    actions.update_psychologist(
        psychologist=person,
        values=form.changes,
        topics=form.changed_topics,
        fees=form.changed_fees,
        by=request.actor,
        now=timezone.now(),
    )
    return True


def _fresh(person: Psychologist) -> Psychologist:
    """A copy for the form, which writes what was typed into it: the page shows what is stored beside it."""
    return Psychologist.objects.select_related("user").get(pk=person.pk)


def _page(request: HttpRequest, form: OwnProfileForm, person: Psychologist, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "person": person,
        "photo_url": own_photo_url(person),
        "whole_url": whole_photo_url(person),
        "advice": advice_on(form, now=timezone.now()),
        "is_own": True,
    }
    return page_or_fragment(request, "psychologist/profile.html", context, fragment="topics", status=status)


# ---- Advice ----------------------------------------------------------------------------------------------------------


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_POST
def advice(request: PsychologistRequest) -> HttpResponse:
    """What the law says of the words, and what patients will pay, while the form is being filled in."""
    form = OwnProfileForm(request.POST, instance=_fresh(request.psychologist))
    context = {"advice": advice_on(form, now=timezone.now()), "is_own": True}
    return page_or_fragment(request, "components/_profile_advice.html", context, fragment="advice")


# ---- Preview ---------------------------------------------------------------------------------------------------------


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def preview(request: PsychologistRequest) -> HttpResponse:
    """What is saved, as readers see it; also while the profile is not on the website."""
    return _as_readers_see(request, profiles.profile_of(request.psychologist, now=timezone.now(), is_preview=True))


def _preview(request: HttpRequest, form: OwnProfileForm) -> HttpResponse:
    """What is typed, as readers would see it. Nothing is written: the form's copy of the profile holds it."""
    form.instance.fees = charged_by(form.instance, form.fees)
    shown = profiles.profile_of(
        form.instance,
        now=timezone.now(),
        specialisations=[actions.specialisation_named(name) or Specialisation(name=name) for name in form.topics],
        languages=list(form.cleaned_data["languages"]),
        is_preview=True,
    )
    return _as_readers_see(request, shown, portrait=_portrait(form), is_unsaved=True)


def _portrait(form: OwnProfileForm) -> SafeString | str:
    """The photo that was chosen and is stored nowhere yet, inside the page; empty where nothing was chosen."""
    chosen = form.portrait.get("photo")
    if chosen is None:
        return ""
    if chosen is False:
        form.instance.photo = ""
        return ""
    kind = "png" if chosen.name.endswith("png") else "jpeg"
    data = b64encode(chosen.read()).decode("ascii")
    chosen.seek(0)
    words = _("Photo of %(name)s") % {"name": form.instance.name}
    return format_html(
        '<span class="avatar large"><img src="data:image/{};base64,{}" alt="{}" width="256" height="256"></span>',
        kind,
        data,
        words,
    )


def _as_readers_see(
    request: HttpRequest, shown: profiles.Profile, *, portrait: SafeString | str = "", is_unsaved: bool = False
) -> HttpResponse:
    context: dict[str, Any] = {
        "profile": shown,
        "person": shown.person,
        "portrait": portrait or _stored_portrait(shown.person),
        "is_unsaved": is_unsaved,
    }
    return render(request, "psychologist/profile_preview.html", context)


def _stored_portrait(person: Psychologist) -> SafeString | str:
    """The stored photo by its private address: the public one answers for those alone who are on the website."""
    if person.is_active or not person.photo:
        return ""
    return format_html(
        '<span class="avatar large"><img src="{}" alt="{}" width="256" height="256"></span>',
        own_photo_url(person),
        _("Photo of %(name)s") % {"name": person.name},
    )


# ---- The photo -------------------------------------------------------------------------------------------------------


def own_photo_url(person: Psychologist) -> str:
    return f"{reverse('psychologist:profile_photo')}?v={version_of(person.photo)}" if person.photo else ""


def whole_photo_url(person: Psychologist) -> str:
    """Of the picture that another part can be chosen from."""
    whole = person.photo_source or person.photo
    return f"{reverse('psychologist:profile_whole_photo')}?v={version_of(whole)}" if whole else ""


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def photo(request: PsychologistRequest) -> HttpResponseBase:
    """One's own photo, also while the profile is not on the website."""
    return _picture(request.psychologist.photo)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def whole_photo(request: PsychologistRequest) -> HttpResponseBase:
    """What the photo was cut from. Nobody else is shown what was cut off, but the manager."""
    return _picture(request.psychologist.photo_source or request.psychologist.photo)


def _picture(field_file: StoredPicture | None) -> HttpResponseBase:
    if not field_file:
        raise Http404
    try:
        return picture_response(field_file, public=False)
    except FileNotFoundError:
        raise Http404 from None
