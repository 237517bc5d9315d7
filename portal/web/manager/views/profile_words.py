"""The languages and specialisations that psychologists' profiles choose from."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic import actions
from portal.clinic.models import Language, Specialisation
from portal.clinic.refusals import InUse
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import findable
from portal.common.web.gone import leads_on_when_gone
from portal.common.web.once import making, once
from portal.journeys import profile_choices
from portal.web.manager.forms import LanguageForm, SpecialisationForm
from portal.web.manager.responses import form_page
from portal.website import texts


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    return _page(request)


def _page(
    request: HttpRequest, *, topic_form: SpecialisationForm | None = None, language_form: LanguageForm | None = None
) -> HttpResponse:
    topic_form, language_form = topic_form or SpecialisationForm(), language_form or LanguageForm()
    context = {
        "topics": Specialisation.objects.annotate(used=Count("psychologists")),
        "languages": Language.objects.annotate(used=Count("psychologists")),
        "topic_form": topic_form,
        "language_form": language_form,
        "tongues": texts.other_languages(),
        "crumbs": [(reverse("manager:staff"), _("Staff"))],
    }
    return form_page(request, "manager/profile_words.html", context, topic_form, language_form)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:profile_words")
@once
@require_POST
def specialisations(request: ActorRequest) -> HttpResponse:
    """Adds one, or takes away one that no profile names."""
    if "remove" in request.POST:
        return _remove(request, get_object_or_404(Specialisation, slug=_slug(request)))
    form = SpecialisationForm(request.POST)
    if not form.is_valid():
        return _page(request, topic_form=form)
    now = timezone.now()
    with making(request, now=now) as made:
        added = actions.add_specialisation(name=form.cleaned_data["name"], by=request.actor, now=now)
        made.leads_to("manager:profile_words")
    messages.success(request, _("%(name)s is on the list.") % {"name": added.name})
    return made.answer


@allow(Role.MANAGER)
@leads_on_when_gone("manager:profile_words")
@once
@require_POST
def languages(request: ActorRequest) -> HttpResponse:
    """Adds one, or takes away one that no profile names."""
    if "remove" in request.POST:
        return _remove(request, get_object_or_404(Language, code=_slug(request)))
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return _page(request, language_form=form)
    now = timezone.now()
    with making(request, now=now) as made:
        added = actions.add_language(code=form.cleaned_data["code"], name=form.own_name, by=request.actor, now=now)
        made.leads_to("manager:profile_words")
    messages.success(request, _("%(name)s is on the list.") % {"name": added.name})
    return made.answer


def _slug(request: HttpRequest) -> str:
    return findable(request.POST["remove"])


def _remove(request: ActorRequest, choice: Specialisation | Language) -> HttpResponse:
    try:
        profile_choices.remove_choice(choice=choice, by=request.actor, now=timezone.now())
    except InUse:
        messages.error(request, _("A profile names %(name)s. Take it off there first.") % {"name": choice.name})
    else:
        messages.success(request, _("%(name)s is off the list.") % {"name": choice.name})
    return redirect("manager:profile_words")
