"""Somebody's hours, changed at the desk on their behalf: by the page and the rules of their own."""

import json
import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Closure, TimeSlot
from portal.audit.models import Entry
from portal.notifications.models import Notice
from portal.worklist.models import ToDo
from tests import make
from tests.make import shown_in
from tests.pages import form_with
from tests.web.reception.conftest import NOW

# Saturday in Melbourne, 9 am.
SATURDAY = datetime(2026, 11, 27, 22, tzinfo=UTC)


@pytest.fixture
def page(place):
    return reverse("reception:hours", args=[place.psychologist.slug])


@pytest.fixture
def mails():
    return lambda: list(Notice.objects.filter(template="hours_changed").order_by("pk"))


def _standing(psychologist):
    return [(h.weekday, h.starts, h.ends) for h in psychologist.hours.order_by("weekday", "starts")]


def _only_monday(desk, page, **more):
    """What the page holds, with all but Monday ticked to be removed."""
    sent = form_with(desk.get(page), "h0-starts")
    return sent | {f"h{n}-remove": "on" for n in range(1, 5)} | more


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MANAGER])
def test_weekly_hours_are_changed_for_them(place, now, mails, page, role):
    desk = make.signed_in_client(role=role)
    assert desk.post(page, _only_monday(desk, page) | {"h0-ends": "12:00"})["Location"] == page
    assert _standing(place.psychologist) == [(0, place.psychologist.hours.get().starts, time(12))]
    entry = Entry.objects.get(verb="hours.changed")
    assert (entry.actor_id, entry.actor_role, entry.target_code) == (
        str(desk.user.pk),
        role,
        str(place.psychologist.code),
    )
    [mail] = mails()
    assert mail.to == place.psychologist.user.email
    assert f"{desk.user.name} changed your weekly hours." in mail.text
    assert "/practice/hours/" in mail.text
    # The same again changes nothing, and nobody is told.
    assert desk.post(page, form_with(desk.get(page), "h0-starts")).status_code == 302
    assert len(mails()) == 1


def test_only_they_change(desk, place, page):
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=place.location)
    theirs = make.time_slot(psychologist=colleague, starts_at=SATURDAY)
    shown = desk.get(page)
    assert (shown.context["slots"], len(shown.context["week"].forms)) == ([], 12)
    before = _standing(colleague)
    desk.post(page, _only_monday(desk, page))
    # An address that names one person and another's day.
    wrong = reverse("reception:remove_exception", args=[place.psychologist.slug, theirs.code])
    assert desk.post(wrong).status_code == 404
    assert (_standing(colleague), TimeSlot.objects.get()) == (before, theirs)


def test_sessions_left_outside_are_asked_about_and_come_onto_the_list(desk, place, page):
    session, elsewhere = place.session(hours=26), make.appointment(starts_at=NOW + timedelta(hours=50))
    asked = desk.post(page, _only_monday(desk, page))
    assert (asked.status_code, [line.session for line in asked.context["leaves"].lines]) == (422, [session])
    assert reverse("reception:appointment", args=[session.code]) in asked.text
    assert elsewhere.patient.name not in asked.text
    known = re.search(r'name="known" value="([^"]+)"', asked.text)[1]
    assert desk.post(page, _only_monday(desk, page) | shown_in(asked) | {"known": known}).status_code == 302
    assert {to_do.about_code for to_do in ToDo.objects.of_kind("session_outside_hours")} == {str(session.code)}
    shown = desk.get(page)
    assert "1 session is to be rearranged" in shown.text
    assert f"{reverse('reception:stranded')}?with={place.psychologist.slug}" in shown.text


@pytest.mark.parametrize(
    ("kind", "said", "taken_back"),
    [
        ("blocked", "put down time away for you: Sat 28 Nov.", "took back your time away: Sat 28 Nov."),
        (
            "extra",
            "put down extra hours for you: Sat 28 Nov, 9:00 am – 12:00 pm.",
            "took back your extra hours: Sat 28 Nov, 9:00 am – 12:00 pm.",
        ),
    ],
)
def test_days_that_are_different_are_added_and_taken_back(desk, place, page, mails, kind, said, taken_back):
    sent = {"kind": kind, "first_day": "2026-11-28", "label": "Fair"}
    if kind == "extra":
        sent |= {"from_time": "9:00", "until_time": "12:00", "location": place.location.pk}
    assert desk.post(reverse("reception:add_exception", args=[place.psychologist.slug]), sent)["Location"] == page
    slot = TimeSlot.objects.get()
    assert (slot.psychologist, slot.kind, slot.label) == (place.psychologist, kind, "Fair")
    remove = reverse("reception:remove_exception", args=[place.psychologist.slug, slot.code])
    assert remove in desk.get(page).text
    desk.post(remove)
    desk.post(remove)
    assert not TimeSlot.objects.exists()
    assert [(entry.verb, entry.actor_id) for entry in Entry.objects.filter(verb__startswith="time_slot.")] == [
        ("time_slot.added", str(desk.user.pk)),
        ("time_slot.removed", str(desk.user.pk)),
    ]
    first, second = mails()
    assert (said in first.text, taken_back in second.text) == (True, True)


def test_a_manager_who_is_the_psychologist_is_told_nothing(place, now, mails):
    solo = make.user(roles=(Role.PSYCHOLOGIST, Role.MANAGER))
    psychologist = make.psychologist(user=solo)
    desk, page = make.client_for(solo), reverse("reception:hours", args=[psychologist.slug])
    add = {"kind": "blocked", "first_day": "2026-11-28"}
    desk.post(reverse("reception:add_exception", args=[psychologist.slug]), add)
    assert TimeSlot.objects.count() == 1
    assert desk.get(page).status_code == 200
    assert mails() == []


def test_who_has_left_or_never_was_has_no_hours(desk, place, page):
    place.psychologist.user.is_active = False
    place.psychologist.user.save()
    assert desk.get(page).status_code == 404
    assert desk.get(reverse("reception:hours", args=["nobody"])).status_code == 404


def test_the_calendar_and_the_page_about_staff_lead_there(desk, place, page):
    assert f'href="{page}"' in desk.get("/reception/calendar/", {"day": "2026-11-24"}).text
    of_one = desk.get("/reception/calendar/", {"psychologist": place.psychologist.slug, "view": "agenda"})
    assert f'href="{page}"' in of_one.text
    manager = make.signed_in_client(role=Role.MANAGER)
    assert f'href="{page}"' in manager.get(reverse("manager:person", args=[place.psychologist.user.code])).text
    # Psychologists change their own hours on their own page.
    own = make.client_for(place.psychologist.user)
    assert "/reception/hours/" not in own.get("/practice/calendar/").text
    assert own.get(page).status_code == 403


# ---- The picture -----------------------------------------------------------------------------------------------------

FRAGMENT = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "picture"}


def _said(response):
    return [(row.title, list(row.words)) for row in response.context["picture"].rows]


def test_the_picture_shows_what_is_typed_and_nothing_is_saved(desk, place, page):
    before = _standing(place.psychologist)
    typed = form_with(desk.get(page), "h0-starts") | {"h0-starts": "10:00", "h0-ends": "24:00", "h1-remove": "on"}
    for headers in ({}, FRAGMENT):
        shown = desk.post(page, typed | {"preview": ""}, **headers)
        assert shown.status_code == 200
        assert _said(shown)[:2] == [("Mon 23 Nov", ["10:00 am – midnight"]), ("Tue 24 Nov", ["Not working"])]
        assert ("<html" in shown.text) is (headers == {})
    assert _standing(place.psychologist) == before
    # What is typed is in the page that comes without script, and is saved from it.
    whole = desk.post(page, typed | {"preview": ""})
    sent = {name: value for name, value in form_with(whole, "h0-starts").items() if name not in ("preview", "copy")}
    assert desk.post(page, sent).status_code == 302
    assert _standing(place.psychologist)[0] == (0, time(10), time(0))


def test_half_a_time_is_left_out_of_the_picture_without_a_word_of_blame(desk, page):
    typed = form_with(desk.get(page), "h0-starts") | {"h0-ends": "no"}
    shown = desk.post(page, typed | {"preview": ""}, **FRAGMENT)
    assert _said(shown)[0] == ("Mon 23 Nov", ["Not working"])
    assert "What can't be read yet is left out." in shown.text
    assert "What can" not in desk.get(page).text


@pytest.fixture
def closes(place):
    """The place is closed on public holidays."""
    place.location.works_on_holidays = False
    place.location.save()


def test_the_week_of_the_picture_is_chosen_and_those_with_something_different_are_named(desk, place, page, closes):
    make.time_slot(psychologist=place.psychologist, starts_at=datetime(2026, 12, 13, 13, tzinfo=UTC), minutes=1440,
                   label="Leave")  # fmt: skip
    place.psychologist.hours.filter(weekday=2).update(valid_from="2027-02-01")
    shown = desk.get(page)
    weeks = dict(shown.context["picture"].weeks)
    assert {monday.isoformat() for monday in weeks} >= {"2026-11-23", "2026-12-14", "2026-12-21", "2027-02-01"}
    christmas = next(words for monday, words in weeks.items() if monday.isoformat() == "2026-12-21")
    assert christmas == "Mon 21 Dec: Christmas Day"
    typed = form_with(shown, "h0-starts")
    chosen = desk.post(page, typed | {"preview": "", "week": "2026-12-21"}, **FRAGMENT)
    assert _said(chosen)[4] == ("Fri 25 Dec", ["Closed: Christmas Day"])
    # The arrows win over the list, which still names the week that was shown.
    later = desk.post(page, typed | {"preview": "2027-02-03", "week": "2026-12-21"}, **FRAGMENT)
    assert later.context["picture"].monday.isoformat() == "2027-02-01"
    away = desk.get(page, {"week": "2026-12-16"})
    assert _said(away)[0] == ("Mon 14 Dec", ["Away: Leave"])


@pytest.mark.parametrize("week", ["9999-12-31", "0001-01-01", "soon", ""])
def test_a_week_that_is_none_is_this_one(desk, page, week):
    assert desk.get(page, {"week": week}).context["picture"].monday.isoformat() == "2026-11-23"


def test_a_closure_is_named_with_the_ways_that_it_is_for(desk, place, page):
    Closure.objects.create(first_day="2026-12-01", last_day="2026-12-01", label="Painters", in_person=True)
    shown = desk.get(page, {"week": "2026-12-01"})
    [one] = shown.context["closed_days"]
    assert (one.label, one.is_holiday) == ("Painters (in person only)", False)
    [hours, closed] = _said(shown)[1][1]
    assert closed == "Closed: Painters (in person only)"
    assert "In person" not in hours


def test_closed_days_are_named_and_can_be_worked(desk, place, page, closes):
    one = desk.get(page).context["closed_days"][0]
    assert (one.day.isoformat(), one.label, one.is_holiday, one.is_worked) == (
        "2026-12-25", "Christmas Day", True, False,
    )  # fmt: skip
    proposed = desk.get(page, {"extra": "2026-12-25"}).context["slot"]
    assert (proposed["kind"].value(), proposed["first_day"].value().isoformat()) == ("extra", "2026-12-25")
    add = {"kind": "extra", "first_day": "2026-12-25", "from_time": "9:00", "until_time": "12:00"}
    desk.post(reverse("reception:add_exception", args=[place.psychologist.slug]), add | {"location": place.location.pk})
    shown = desk.get(page)
    assert shown.context["closed_days"][0].is_worked
    assert "extra hours are open" in shown.text
    christmas = desk.get(page, {"week": "2026-12-25"})
    assert _said(christmas)[4][1] == ["9:00 am – 12:00 pm, extra hours", "Closed: Christmas Day"]


# ---- Two people ------------------------------------------------------------------------------------------------------


def test_the_desk_and_the_psychologist_who_change_one_day_are_asked(desk, place, page):
    own = make.client_for(place.psychologist.user)
    at_the_desk, at_home = (
        form_with(desk.get(page), "h0-starts"),
        form_with(own.get("/practice/hours/"), "h0-starts"),
    )
    assert own.post("/practice/hours/", at_home | {"h0-ends": "12:00", "h1-ends": "13:00"}).status_code == 302
    # Wednesday is the desk's alone, Monday both changed: nothing is saved until somebody has looked.
    asked = desk.post(page, at_the_desk | {"h0-ends": "15:00", "h2-ends": "14:00"})
    assert asked.status_code == 422
    assert "changed meanwhile, in another tab or by somebody else" in asked.text
    ends = dict(place.psychologist.hours.values_list("weekday", "ends"))
    assert (ends[0], ends[1]) == (time(12), time(13))
    assert desk.post(page, form_with(asked, "h0-starts") | {"theirs": ["0"]}).status_code == 302
    ends = dict(place.psychologist.hours.values_list("weekday", "ends"))
    assert (ends[0], ends[1], ends[2]) == (time(12), time(13), time(14))


@pytest.mark.parametrize(
    ("typed", "read"), [("9.30", time(9, 30)), ("٩:٣٠", time(9, 30)), ("9:30 am", time(9, 30)), ("00:00", time(0))]
)
def test_times_are_read_as_they_are_written(desk, place, page, typed, read):
    assert desk.post(page, _only_monday(desk, page) | {"h0-starts": typed}).status_code == 302
    assert place.psychologist.hours.get().starts == read


def test_the_arrows_name_a_week_of_their_own_with_script(desk, page):
    """What the form sends with each change, an empty preview, is not sent for them; every ordinary week is reached."""
    shown, weeks = desk.get(page), []
    for _ in range(3):
        arrow = re.search(r"<button[^>]* id=\"week-after\"[^>]* data-hx-vals='([^']*)'", shown.content.decode())
        typed = form_with(desk.get(page), "h0-starts")
        shown = desk.post(page, typed | {"week": "2026-11-23", "preview": ""} | json.loads(arrow[1]), **FRAGMENT)
        weeks.append(shown.context["picture"].monday.isoformat())
    assert weeks == ["2026-11-30", "2026-12-07", "2026-12-14"]


@pytest.mark.parametrize("name", ["away", "time_off"])
def test_the_desk_reads_that_they_are_away_already(desk, place, name):
    make.time_slot(psychologist=place.psychologist, starts_at=NOW - timedelta(days=2), minutes=10000)
    who, today = place.psychologist, NOW.date().isoformat()
    sent = {"psychologist": who.slug, "whose": f"person:{who.slug}", "first_day": today, "label": "Leave"}
    answer = desk.post(reverse(f"reception:{name}"), sent)
    assert (answer.status_code, f"{who.name} is already away then." in answer.text) == (422, True)
    assert TimeSlot.objects.count() == 1
