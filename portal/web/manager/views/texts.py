"""The website's words: what ships, and what the clinic says instead, in each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.offered import languages
from portal.resources import translations
from portal.web.manager.responses import form_page
from portal.web.manager.website_forms import LanguageChoice, SiteTextForm
from portal.website import actions, texts


@dataclass(frozen=True, slots=True)
class Row:
    """One text in the list: what is shown now, and whether the clinic wrote it."""

    text: texts.Text
    shown: str
    is_own: bool


def _listing_url(language: str) -> str:
    return f"{reverse('manager:texts')}?language={language}"


def _seen_at(page: texts.Page, language: str) -> str:
    with override(language):
        return reverse(page.url_name)


def _shipped(text: texts.Text, language: str) -> str:
    with override(language):
        return text.shipped()


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Every text by page, in one language."""
    language = LanguageChoice.read(request.GET)
    own = texts.Texts(language)
    groups = []
    with override(language):
        shipped = {text.key: text.shipped() for page in texts.SHIPPED for text in page.texts}
    for page in texts.pages(language, further=translations.pages()):
        rows = [
            Row(text, own.own(text.key) or shipped.get(text.key) or text.shipped(), bool(own.own(text.key)))
            for text in page.texts
        ]
        groups.append(
            {"page": page, "rows": rows, "url": _seen_at(page, language), "of_rows": page not in texts.SHIPPED}
        )
    context = {
        "groups": groups,
        "language": language,
        "tabs": [
            {"label": one.name, "url": _listing_url(one.code), "current": one.code == language} for one in languages()
        ],
    }
    return render(request, "manager/texts.html", context)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, key: str) -> HttpResponse:
    language = LanguageChoice.read(request.POST if request.method == "POST" else request.GET)
    found = texts.find(key, language, further=translations.pages())
    if found is None:
        raise Http404
    page, text = found
    standard = _shipped(text, language)
    form = SiteTextForm(
        request.POST if request.method == "POST" else None, text=text, language=language, standard=standard
    )

    def save(*, values: dict[str, Any]) -> None:
        words, now = values.get("text"), timezone.now()
        if words == standard:
            actions.reset_text(key=key, language=language, by=request.actor, now=now)
        elif words is not None:
            actions.set_text(key=key, language=language, text=words, by=request.actor, now=now)

    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("Saved. Readers see it within a minute."))
        return redirect(_listing_url(language))
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "text": text,
        "language": language,
        "language_name": next(one.name for one in languages() if one.code == language),
        "standard": standard,
        "is_own": bool(form.own),
        "of_a_row": page not in texts.SHIPPED,
        "seen_at": _seen_at(page, language),
        "back": _listing_url(language),
        "crumbs": [(_listing_url(language), _("Words of the website"))],
    }
    return form_page(request, "manager/text.html", context, form)


@allow(Role.MANAGER)
@require_POST
def reset(request: ActorRequest, key: str) -> HttpResponse:
    """Back to the standard words."""
    language = LanguageChoice.read(request.POST)
    found = texts.find(key, language, further=translations.pages())
    if found is None:
        raise Http404
    _page, text = found
    form = SiteTextForm(request.POST, text=text, language=language, standard=_shipped(text, language))
    with transaction.atomic():
        # Who presses twice finds the standard words there already.
        if is_as_shown := not form.own or form.is_as_shown():
            actions.reset_text(key=key, language=language, by=request.actor, now=timezone.now())
    if not is_as_shown:
        messages.error(request, _("Your words were changed meanwhile, and are kept. Look at them again, then decide."))
        return redirect(f"{reverse('manager:text', args=[key])}?language={language}")
    messages.success(request, _("The standard words are back. Readers see them within a minute."))
    return redirect(_listing_url(language))
