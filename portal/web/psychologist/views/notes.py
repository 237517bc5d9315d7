"""Progress notes: the list of those to write, the page one is written on, the signed one.

Whoever opens a text, reads it: the trail says so, each time. No clinical word stands in a title, an address, a message
or a log line of these pages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import htmx_of, page_or_fragment, redirect_to
from portal.journeys import reading
from portal.patients.models import Patient
from portal.records import actions
from portal.records.headings import parts, skeleton
from portal.records.models import ProgressNote, Template
from portal.records.refusals import AlreadySigned, NothingWritten, NotYet, StaleDraft
from portal.records.session_notes import note_before, sessions_to_write_up, sessions_with_notes
from portal.web.psychologist.forms import AddendumForm, NoteForm, SignForm
from portal.web.psychologist.lists import note_rows

PER_PAGE = 25


@allow(Role.PSYCHOLOGIST)
@require_safe
def notes(request: ActorRequest) -> HttpResponse:
    """Every session of one's own that lacks a signed note, the newest first."""
    now = timezone.now()
    waiting = sessions_with_notes(sessions_to_write_up(request.actor, now=now).for_lists()).order_by("-starts_at")
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    ago = [(session, (session.location.day_of(now) - session.local_start.date()).days) for session in with_clinic(page)]
    context = {"page": page, "rows": note_rows(ago, now=now)}
    return page_or_fragment(request, "psychologist/notes.html", context, fragment="results")


# ---- One session's note ---------------------------------------------------------------------------------------------


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def note(request: ActorRequest, code: UUID) -> HttpResponse:
    """The page to write on, or the signed note. A POST keeps the draft, and may add headings to it."""
    now = timezone.now()
    session, written = _session_and_note(request, code, now=now)
    if written is not None and written.is_signed:
        if request.method == "POST":
            return _signed_already(request, session)
        return _signed_page(request, session, written, now=now)
    if request.method != "POST":
        if written is not None:
            reading.open_note(note=written, by=request.actor, now=now)
        return _editor(request, session, written, now=now)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _editor(request, session, written, now=now, form=form, status=422)
    body, chosen = form.cleaned_data["body"], form.cleaned_data["insert"]
    if chosen:
        body = _under_headings(body, chosen)
    try:
        kept = actions.save_draft(
            appointment=session,
            body=body,
            template=chosen or form.cleaned_data["template"],
            version=form.written_on,
            by=request.actor,
            now=now,
        )
    except StaleDraft as stale:
        reading.open_note(note=stale.stored, by=request.actor, now=now)
        return _editor(request, session, stale.stored, now=now, form=form, conflict=stale.stored, status=409)
    except AlreadySigned:
        return _signed_already(request, session)
    except NothingWritten:
        messages.info(request, _("There is nothing to keep yet."))
        return redirect_to(request, "psychologist:note", session.code)
    if htmx_of(request):
        return _editor(request, session, kept, now=now)
    if not chosen:
        messages.success(request, _("The draft is kept. It is not signed yet."))
    return redirect("psychologist:note", session.code)


def _under_headings(body: str, template: str) -> str:
    """The words so far with the headings below them."""
    return f"{body.rstrip()}\n\n{skeleton(template)}".lstrip("\n")


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: ActorRequest, code: UUID) -> HttpResponse:
    """Keeps what is being written, by itself, and answers with the time. A GET tells whether one is still signed in.

    The answers are fragments and hold no clinical word, but for the other window's text when two have met.
    """
    now = timezone.now()
    session, written = _session_and_note(request, code, now=now)
    if request.method != "POST":
        return render(request, "psychologist/note.html#saved", {"session": session, "is_token": True})
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _answer(request, session, problem=_first_error(form), version=_version(written), status=422)
    try:
        kept = actions.save_draft(
            appointment=session,
            body=form.cleaned_data["body"],
            template=form.cleaned_data["template"],
            version=form.written_on,
            by=request.actor,
            now=now,
        )
    except StaleDraft as stale:
        reading.open_note(note=stale.stored, by=request.actor, now=now)
        return _answer(
            request,
            session,
            problem=_("Not saved: this note was changed in another window."),
            version=form.cleaned_data["version"],
            conflict=stale.stored,
            status=409,
        )
    except AlreadySigned:
        problem = _("Not saved: this note was signed in another window. Copy your words and add them to it.")
        return _answer(request, session, problem=problem, version=form.cleaned_data["version"], status=409)
    except NothingWritten:
        return _answer(request, session, version=0)
    return _answer(request, session, saved_at=now, version=kept.version)


def _answer(request: HttpRequest, session: Appointment, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {"conflict": None, "saved_at": None, "problem": ""} | context
    return render(
        request, "psychologist/note.html#saved", {"session": session, "is_answer": True} | context, status=status
    )


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks once more, with the words as they will stand; then signs them.

    From the editor the words come along and are kept first; `sure` says that the question was asked there already.
    """
    now = timezone.now()
    session, written = _session_and_note(request, code, now=now)
    if written is not None and written.is_signed:
        return _signed_before(request, session, written) if request.method == "POST" else _to_note(request, session)
    if request.method != "POST":
        if written is None:
            return _to_note(request, session)
        reading.open_note(note=written, by=request.actor, now=now)
        return _confirm_page(request, session, written, now=now)
    if "body" in request.POST:
        form = NoteForm(request.POST)
        if not form.is_valid():
            return _editor(request, session, written, now=now, form=form, status=422)
        try:
            written = actions.save_draft(
                appointment=session,
                body=form.cleaned_data["body"],
                template=form.cleaned_data["template"],
                version=form.written_on,
                by=request.actor,
                now=now,
            )
        except StaleDraft as stale:
            reading.open_note(note=stale.stored, by=request.actor, now=now)
            return _editor(request, session, stale.stored, now=now, form=form, conflict=stale.stored, status=409)
        except AlreadySigned as already:
            return _signed_before(request, session, already.note)
        except NothingWritten:
            return _editor(request, session, None, now=now, form=form, problem=NOTHING_WRITTEN, status=422)
        version = written.version
        if "sure" not in request.POST:
            return redirect_to(request, "psychologist:sign_note", session.code)
    else:
        signing = SignForm(request.POST)
        if not signing.is_valid():
            return _to_note(request, session)
        version = signing.cleaned_data["version"]
    return _sign(request, session, written, version=version, now=now)


NOTHING_WRITTEN = "nothing"
NOT_YET = "not_yet"


def _sign(
    request: ActorRequest, session: Appointment, written: ProgressNote | None, *, version: int, now: datetime
) -> HttpResponse:
    try:
        actions.sign(appointment=session, version=version, by=request.actor, now=now)
    except AlreadySigned as already:
        return _signed_before(request, session, already.note)
    except StaleDraft as stale:
        messages.warning(request, _("The note was changed in another window. Read it once more, then sign."))
        reading.open_note(note=stale.stored, by=request.actor, now=now)
        return _confirm_page(request, session, stale.stored, now=now, status=409)
    except NothingWritten:
        return _editor(request, session, written, now=now, problem=NOTHING_WRITTEN, status=422)
    except NotYet:
        return _editor(request, session, written, now=now, problem=NOT_YET, status=422)
    return _signed(request, session)


def _signed(request: HttpRequest, session: Appointment) -> HttpResponse:
    messages.success(request, _("The note is signed."))
    return redirect_to(request, "psychologist:note", session.code)


def _signed_before(request: HttpRequest, session: Appointment, note: ProgressNote) -> HttpResponse:
    """The answer to signing what is signed: to the same press once more, what the first was told."""
    if "body" in request.POST:
        sent = NoteForm(request.POST)
        is_repeat = sent.is_valid() and sent.cleaned_data["body"] == note.body
    else:
        signing = SignForm(request.POST)
        is_repeat = signing.is_valid() and signing.cleaned_data["version"] == note.version
    return _signed(request, session) if is_repeat else _signed_already(request, session)


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_POST
def add(request: ActorRequest, code: UUID) -> HttpResponse:
    """Adds to a signed note."""
    now = timezone.now()
    session, written = _session_and_note(request, code, now=now)
    if written is None or not written.is_signed:
        raise Http404
    form = AddendumForm(request.POST)
    if not form.is_valid():
        return _signed_page(request, session, written, now=now, form=form, status=422)
    actions.add_addendum(
        note=written,
        body=form.cleaned_data["body"],
        code=form.cleaned_data["code"],
        by=request.actor,
        now=now,
    )
    messages.success(request, _("Your addition is signed and stands below the note."))
    return redirect(f"{reverse('psychologist:note', args=[session.code])}#added")


@allow(Role.PSYCHOLOGIST)
@sensitive_variables()
@require_safe
def previous(request: ActorRequest, code: UUID) -> HttpResponse:
    """The note of the session before, beside the one being written; without script, its own page."""
    now = timezone.now()
    session, _written = _session_and_note(request, code, now=now)
    before = note_before(session, actor=request.actor, now=now)
    if before is None:
        raise Http404
    if htmx_of(request) is None:
        return redirect("psychologist:note", before.appointment.code)
    reading.open_note(note=before, by=request.actor, now=now)
    return render(request, "psychologist/note.html#before", {"before": before, "parts": parts(before.body)})


# ---- What these pages share -----------------------------------------------------------------------------------------


def _session_and_note(request: ActorRequest, code: UUID, *, now: datetime) -> tuple[Appointment, ProgressNote | None]:
    """One's own session and its note, or a colleague's session whose signed note one may read; else 404.

    One that was called off leads only to the draft that was written before.
    """
    written = (
        ProgressNote.objects.visible_to(request.actor, now=now)
        .select_related("author__user", "signed_by")
        .filter(appointment__code=code)
        .first()
    )
    sessions = Appointment.objects.for_listing()
    if written is None:
        sessions = sessions.in_care_of(request.actor.person)
    return get_object_or_404(sessions, code=code), written


def _is_in_care(session: Appointment, actor: Actor) -> bool:
    """Whether the patient's page opens. It does but for the draft of a session called off, if that was the only one."""
    in_care = Patient.objects.visible_to(actor)
    return session.is_standing or session.is_missed or in_care.filter(pk=session.person.pk).exists()


def _version(written: ProgressNote | None) -> int:
    return 0 if written is None else written.version


def _first_error(form: NoteForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")


def _to_note(request: HttpRequest, session: Appointment) -> HttpResponse:
    return redirect_to(request, "psychologist:note", session.code)


def _signed_already(request: HttpRequest, session: Appointment) -> HttpResponse:
    messages.info(request, _("This note is signed already. You can add to it below."))
    return _to_note(request, session)


def _editor(
    request: ActorRequest,
    session: Appointment,
    written: ProgressNote | None,
    *,
    now: datetime,
    form: NoteForm | None = None,
    conflict: ProgressNote | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page to write on. With a form, it holds what was typed, whatever stands in the database."""
    version, template = _version(written), written.template if written else Template.FREE
    if form is None:
        form = NoteForm(initial={"body": written.body if written else "", "version": version, "template": template})
    context = {
        "session": session,
        "patient": session.patient,
        "is_in_care": _is_in_care(session, request.actor),
        "form": form,
        "written": written,
        "version": form["version"].value(),
        "template": template,
        "templates": [choice for choice in Template if choice != Template.FREE],
        "before": note_before(session, actor=request.actor, now=now),
        "conflict": conflict,
        "problem": problem,
        "saved_at": written.updated_at if written and conflict is None else None,
        "has_begun": session.starts_at <= now,
        "now": now,
    }
    return page_or_fragment(request, "psychologist/note.html", context, fragment="editor", status=status)


def _confirm_page(
    request: ActorRequest, session: Appointment, written: ProgressNote, *, now: datetime, status: int = 200
) -> HttpResponse:
    context = {
        "session": session,
        "patient": session.patient,
        "is_in_care": _is_in_care(session, request.actor),
        "written": written,
        "parts": parts(written.body),
        "has_begun": session.starts_at <= now,
    }
    return render(request, "psychologist/note_sign.html", context, status=status)


def _signed_page(
    request: ActorRequest,
    session: Appointment,
    written: ProgressNote,
    *,
    now: datetime,
    form: AddendumForm | None = None,
    status: int = 200,
) -> HttpResponse:
    if status == 200:
        reading.open_note(note=written, by=request.actor, now=now)
    context = {
        "session": session,
        "patient": session.patient,
        "is_in_care": _is_in_care(session, request.actor),
        "written": written,
        "parts": parts(written.body),
        "addenda": list(written.addenda.select_related("author__user")),
        "form": form or AddendumForm(),
        "zone": session.zone,
    }
    return render(request, "psychologist/note_signed.html", context, status=status)
