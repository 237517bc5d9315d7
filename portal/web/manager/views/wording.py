"""Notices in the clinic's own words: which are, what each says, and how it looks to a real person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.offered import languages
from portal.common.web.htmx import page_or_fragment, targets
from portal.journeys import wording
from portal.notifications.models import NoticeWording
from portal.notifications.recipients import Channel
from portal.notifications.wording import standard, standing
from portal.notifications.wording.kinds import KINDS, OPENING_FOR, Kind
from portal.patients.models import Patient
from portal.patients.search import search
from portal.web.finding.pages import found
from portal.web.manager.responses import form_page, pass_on_warnings
from portal.web.manager.website_forms import LanguageChoice
from portal.web.manager.wording_forms import (
    LABELS,
    PreviewForm,
    VersionChoice,
    WordingForm,
    in_words,
    parts_of,
)

# The newest; older ones are kept, and nobody has asked for them here.
SHOWN_VERSIONS = 20
FOUND = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A notice in the list."""

    kind: Kind
    own: standing.Own | None
    writer: str
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Version:
    """One that was written before, or stands; `words` are its parts by their labels."""

    row: NoticeWording
    writer: str
    words: list[tuple[str, str]]
    stands: bool


def _names(ids: set[str]) -> dict[str, str]:
    users = User.objects.in_bulk([int(one) for one in ids if one.isdecimal()])
    return {str(pk): user.name for pk, user in users.items()}


def _listing_url(language: str) -> str:
    return f"{reverse('manager:wording')}?language={language}"


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Every notice that can be worded, in one language."""
    language = LanguageChoice.read(request.GET)
    everything = standing.everything()
    own = {template: words for (template, spoken), words in everything.items() if spoken == language}
    names = _names({words.written_by for words in own.values()})
    groups: dict[str, list[Row]] = {}
    for kind in KINDS.values():
        words = own.get(kind.template)
        faults = [f"{LABELS[fault.part]}: {in_words(fault)}" for fault in words.faults] if words else []
        row = Row(kind, words, names.get(words.written_by, "") if words else "", faults)
        groups.setdefault(str(kind.group), []).append(row)
    wrong = {spoken for (_template, spoken), words in everything.items() if words.faults}
    context = {
        "groups": groups,
        "language": language,
        "tabs": [
            {
                "label": one.name,
                "url": _listing_url(one.code),
                "current": one.code == language,
                "count": sum(1 for _template, spoken in everything if spoken == one.code),
            }
            for one in languages()
        ],
        "wrong_elsewhere": [
            (_listing_url(one.code), one) for one in languages() if one.code in wrong and one.code != language
        ],
    }
    return render(request, "manager/wordings.html", context)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, template: str, language: str) -> HttpResponse:
    """The words part by part, what they look like to whom, and the versions before."""
    kind, now = _asked(template, language), timezone.now()
    form = _form(request, kind, language, now)
    # Looked at, nothing is saved; Enter in a line looks.
    is_look = request.method == "POST" and bool({"look", "person"} & request.POST.keys())

    def save(*, values: dict[str, Any]) -> None:
        wording.write(template=template, language=language, words=form.own, by=request.actor, now=now)

    if request.method == "POST" and not is_look and form.is_valid() and form.saves(save):
        pass_on_warnings(request, form)
        messages.success(request, _("Saved. Notices go out in these words from now on."))
        return redirect(_listing_url(language))
    versions = NoticeWording.objects.of(template, language)
    if request.method != "POST" and (number := VersionChoice.read(request.GET)) is not None:
        version = versions.filter(number=number).first()
        if version is None:
            raise Http404
        form = WordingForm.back_at(version, form)
    context = {
        "kind": kind,
        "form": form,
        "language": language,
        "language_name": next(one.name for one in languages() if one.code == language),
        "is_own": bool(form.stored_own),
        "fields": _fields(kind),
        "again": VersionChoice.read(request.GET),
        "back": _listing_url(language),
        "crumbs": [(_listing_url(language), _("Notices"))],
        **_preview(request, kind, language, form, now),
    }
    if targets(request, "preview"):
        return page_or_fragment(request, "manager/wording.html", context, fragment="preview")
    context["versions"] = _versions(list(versions[:SHOWN_VERSIONS]))
    if form.is_bound and not is_look and request.method == "POST":
        return form_page(request, "manager/wording.html", context, form)
    return render(request, "manager/wording.html", context)


@allow(Role.MANAGER)
@require_POST
def reset(request: ActorRequest, template: str, language: str) -> HttpResponse:
    """Back to the standard words."""
    kind, now = _asked(template, language), timezone.now()
    form = _form(request, kind, language, now)
    with transaction.atomic():
        # Who presses twice finds the standard words there already.
        if is_as_shown := not form.stored_own or form.is_as_shown():
            wording.write(template=template, language=language, words={}, by=request.actor, now=now)
    if not is_as_shown:
        messages.error(request, _("Your words were changed meanwhile, and are kept. Look at them again, then decide."))
        return redirect("manager:one_wording", template=template, language=language)
    messages.success(request, _("The standard words are back. Notices go out in them from now on."))
    return redirect(_listing_url(language))


def _asked(template: str, language: str) -> Kind:
    if template not in KINDS or language not in dict(settings.LANGUAGES):
        raise Http404
    return KINDS[template]


def _form(request: HttpRequest, kind: Kind, language: str, now: datetime) -> WordingForm:
    shipped = standard.words_of(kind.template, language, now=now, zone=ClinicSettings.current().zone)
    data = request.POST if request.method == "POST" else None
    return WordingForm(data, kind=kind, language=language, standard=shipped, now=now)


def _fields(kind: Kind) -> list[tuple[str, list[str]]]:
    """Every field of a notice with what it means: on a phone it may be shorter than in an e-mail."""
    said: dict[str, list[str]] = {}
    for part in kind.parts.values():
        for field in part.fields.values():
            meanings, meaning = said.setdefault(field.name, []), str(field.meaning)
            if not any(each.startswith(meaning) for each in meanings):
                meanings.append(meaning)
    return [(f"{{{name}}}", meanings) for name, meanings in said.items()]


def _versions(rows: list[NoticeWording]) -> list[Version]:
    names = _names({row.written_by for row in rows})
    return [
        Version(
            row,
            names.get(row.written_by, ""),
            [(str(LABELS[part]), row.words[part]) for part in LABELS if row.words.get(part)],
            row == rows[0],
        )
        for row in rows
    ]


def _preview(request: ActorRequest, kind: Kind, language: str, form: WordingForm, now: datetime) -> dict[str, Any]:
    """What the words look like as they stand in the form, and to whom; parts that can't be sent are as they ship."""
    asked = PreviewForm(request.POST)
    people = Patient.objects.visible_to(request.actor)
    patient = people.filter(code=asked.code).first() if asked.code else None
    if form.is_bound:
        form.is_valid()
    own = form.own
    seen = wording.shown(kind.template, language, own, now=now, patient=patient)
    if patient is None and OPENING_FOR in kind.parts:
        seen += wording.shown(kind.template, language, own, now=now, for_another=True)
    rows = search(people.for_table(), asked.text, limit=FOUND) if asked.text else []
    return {
        "patient": patient,
        "asked": asked,
        "is_chosen": "person" in request.POST,
        "seen": [(one, parts_of(one.size), _spoken(one), _ways(one)) for one in seen],
        "people": [(row.code, found(row, "")) for row in rows],
        "wrong": [(form.fields[name].label, error) for name, errors in form.errors.items() for error in errors]
        if form.is_bound
        else [],
    }


def _spoken(one: wording.Shown) -> str:
    """The language that its reader reads, as they call it."""
    return next((each.name for each in languages() if one.reader and each.code == one.reader.language), "")


def _ways(one: wording.Shown) -> str:
    """By which ways it would go, in order: `text message, else by e-mail`."""
    said = {Channel.EMAIL: _("e-mail"), Channel.SMS: _("text message"), Channel.WHATSAPP: _("WhatsApp")}
    return _(", else by ").join(said[Channel(way.channel)] for way in one.ways)
