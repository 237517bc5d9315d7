"""Who works here: the list that can be searched, and each one's profile."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.clinic.portraits import portrait_of
from portal.common.access.decorators import open_to_all
from portal.common.web.addresses import absolute
from portal.common.web.htmx import page_or_fragment, targets
from portal.common.web.pagecache import for_readers
from portal.journeys import profiles
from portal.web.public import schema_org
from portal.web.public.filters import PeopleFilter, choices
from portal.web.public.psychologists import Found, look_at
from portal.website.texts import Texts


@for_readers(seconds=30, params=("topic", "language", "mode", "location", "soon"), fragments=("results",))
@open_to_all(reason="who works here")
@require_safe
def psychologists(request: HttpRequest) -> HttpResponse:
    """Everybody, or those whom the choices in the address fit; the query string is all there is to it."""
    now, clinic = timezone.now(), ClinicSettings.current()
    chosen = PeopleFilter(request.GET, choices=choices(get_language() or ""))
    offered, wanted = kept.offered_services(), chosen.values

    def everybody(without: str = "") -> list[Found]:
        """Who is free when depends on how and where they are to be seen."""
        how = {name: wanted[name] for name in ("mode", "location") if name != without}
        return look_at(kept.practising(), offered=offered, now=now, clinic=clinic, **how)

    found, site_texts = everybody(), Texts()
    fitting = chosen.fitting(found)
    chips = chosen.chips(
        # Only with "this week" does it matter here when somebody is free.
        lambda name: everybody(name) if not fitting and wanted["soon"] and name in {"mode", "location"} else found,
        topic_name=site_texts.name_of,
    )
    context = {
        "site_texts": site_texts,
        "chosen": chosen,
        "people": fitting,
        "chips": chips,
        "nearest": [] if fitting else sorted((c for c in chips if c.count), key=lambda c: -c.count),
        "everybody": len(found),
        "swapped": targets(request, "results"),
    }
    return page_or_fragment(request, "public/psychologists.html", context, fragment="results")


@for_readers(seconds=30, params=("mode",))
@open_to_all(reason="a public profile")
@require_safe
def psychologist(request: HttpRequest, slug: str) -> HttpResponse:
    """The profile: who they are, what they cost, and their next free times."""
    person = get_object_or_404(
        Psychologist.objects.practising()
        .select_related("user")
        .prefetch_related("focuses", "languages", "services", "own_fees"),
        slug=slug,
    )
    profile = profiles.profile_of(person, now=timezone.now(), mode=request.GET.get("mode", ""))
    site_texts = Texts()
    context = {"site_texts": site_texts, "person": person, "profile": profile, "json_ld": _told(person, site_texts)}
    return render(request, "public/psychologist.html", context)


def _told(person: Psychologist, site_texts: Texts) -> list[dict[str, Any]]:
    """What machines are told of a profile: who it is of, and the way to it."""
    clinic, portrait = ClinicSettings.current(), portrait_of(person)
    steps = [
        (clinic.name, reverse("public:home")),
        (_("Psychologists"), reverse("public:psychologists")),
        (person.name, reverse("public:psychologist", args=[person.slug])),
    ]
    image = absolute(portrait.src) if portrait else ""
    topics = [site_texts.name_of(topic).text for topic in person.topics]
    return [schema_org.person(person, clinic=clinic, topics=topics, image=image), schema_org.breadcrumbs(steps)]
