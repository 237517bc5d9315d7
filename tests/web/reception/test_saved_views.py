"""Views of the list of invoices: saved by name, one's own, few, and plain links."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.roles import Role
from portal.billing.models import MOST_VIEWS, SavedView
from tests import make
from tests.web.reception.test_invoices import _tuesday_afternoon as _tuesday_afternoon
from tests.web.reception.test_invoices import desk as desk
from tests.web.reception.test_invoices import issue

LIST, URL = "/reception/invoices/", "/reception/invoices/views/"


def save(desk, name, query="standing=overdue"):
    return desk.post(URL, {"name": name, "query": query})


def links(page):
    nav = re.search(r'<nav class="seg"[^>]*aria-label="Your views">(.*?)</nav>', page, re.DOTALL)
    return re.findall(r'href="\?([^"]*)"[^>]*>([^<]+)<', nav[1]) if nav else []


def test_a_view_is_saved_and_stands_above_the_list_as_a_link(desk):
    psychologist = make.psychologist()
    query = f"standing=owing&psychologist={psychologist.slug}&since=2026-11-01&least=50&sort=due_on"
    page = desk.get(f"{LIST}?{query}").content.decode()
    assert re.search(rf'href="{URL}\?[^"]*standing=owing', page)
    shown = desk.get(f"{URL}?{query}&page=x&q=nguyen&nonsense=1").content.decode()
    for words in ("Owing", psychologist.name, "1 Nov 2026", "$50.00", "Its days stay as they are"):
        assert words in shown
    answer = save(desk, "Mine, owing", f"{query}&q=nguyen&page=2&nonsense=1")
    kept = SavedView.objects.get()
    assert (kept.name, kept.position) == ("Mine, owing", 1)
    assert "nguyen" not in kept.query
    assert answer["Location"] == f"{LIST}?{kept.query}"
    page = desk.get(answer["Location"]).content.decode()
    assert links(page) == [(kept.query.replace("&", "&amp;"), "Mine, owing")]
    assert re.search(r'aria-current="true">Mine, owing', page)
    assert "Save this view" not in page
    assert desk.get(answer["Location"]).context["filter"].form.cleaned_data["psychologist"] == psychologist
    fragment = desk.get(LIST, headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
    assert [name for _query, name in links(fragment)] == ["Mine, owing"]


def test_nothing_chosen_is_nothing_to_save(desk):
    assert "Save this view" not in desk.get(LIST).content.decode()
    for query in (
        "",
        "%00",
        "psychologist=a%00&payer=%00&patient=%00&least=%00",
        "q=nguyen",
        "standing=unheard-of",
        "since=never&psychologist=nobody&patient=x",
    ):
        assert save(desk, "Empty", query).status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "late"])
def test_a_name_is_short_and_ones_own(desk, name):
    save(desk, "Late")
    assert save(desk, name, "standing=owing").status_code == 422
    assert SavedView.objects.count() == 1


def test_there_are_few(desk):
    for n in range(MOST_VIEWS):
        assert save(desk, f"View {n}").status_code == 302
    answer = save(desk, "One more")
    assert answer.status_code == 422
    assert "Remove one first" in answer.content.decode()
    assert SavedView.objects.count() == MOST_VIEWS
    assert desk.post(f"{URL}{SavedView.objects.get(name='View 3').code}/", {"remove": "1"}).status_code == 302
    save(desk, "One more")
    assert SavedView.objects.get(name="One more").position == 4


def test_it_is_renamed_and_removed(desk):
    save(desk, "Late")
    save(desk, "Owing", "standing=owing")
    view = SavedView.objects.get(name="Late")
    address = f"{URL}{view.code}/"
    wrong = desk.post(address, {"name": "OWING"})
    assert wrong.status_code == 422
    assert "You have a view of that name already" in wrong.content.decode()
    assert 'value="OWING"' in wrong.content.decode()
    assert desk.post(address, {"name": ""}).status_code == 422
    desk.post(address, {"name": "late"})
    desk.post(address, {"name": "Too late"})
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Too late", "Owing"}
    desk.post(address, {"remove": "1"})
    again = desk.post(address, {"remove": "1"}, follow=True)
    assert "deleted before this was sent" in again.content.decode()
    assert [view.name for view in SavedView.objects.all()] == ["Owing"]


def test_they_are_ones_own_and_the_desks(desk):
    save(desk, "Late")
    view, other = SavedView.objects.get(), make.client_for(make.staff())
    assert links(other.get(LIST).content.decode()) == []
    assert "Late" not in other.get(URL).content.decode()
    assert other.post(f"{URL}{view.code}/", {"remove": "1"}).status_code == 404
    assert save(other, "Late").status_code == 302
    assert make.signed_in_client(role=Role.PSYCHOLOGIST).get(URL).status_code == 403
    assert SavedView.objects.count() == 2


def test_what_is_shown_by_a_view_is_what_its_filters_show(desk):
    paid, owing = issue(), issue()
    save(desk, "Owing", "standing=owing")
    page = desk.get(f"{LIST}?{SavedView.objects.get().query}").content.decode()
    assert owing.number in page
    assert paid.number in page


@pytest.mark.parametrize(
    "fields",
    [{"position": 0}, {"position": 13}, {"position": 1}, {"name": "LATE"}, {"name": ""}, {"query": ""}],
)
def test_the_database_keeps_them_few_and_apart(desk, fields):
    save(desk, "Late")
    owner = SavedView.objects.get().owner
    values = {"owner": owner, "name": "Another", "query": "standing=paid", "position": 2, "created_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(**values | fields)


def test_days_by_their_name_move_on_with_the_calendar(desk):
    """Saved as "this month" it is the month of whoever looks, and other days written beside it count instead."""
    invoice = issue()
    page = desk.get(f"{LIST}?days=this-month&standing=owing")
    assert re.search(r'name="since" value="1 Nov 2026"|value="2026-11-01"', page.content.decode())
    assert 'type="hidden" name="days" value="this-month"' in page.content.decode()
    shown = desk.get(f"{URL}?days=this-month").content.decode()
    assert "This month" in shown
    assert "Its days stay as they are" not in shown
    save(desk, "Mine", "standing=owing&days=this-month&since=2026-11-01")
    assert SavedView.objects.get().query == "days=this-month&standing=owing"
    assert invoice.number in desk.get(f"{LIST}?{SavedView.objects.get().query}").content.decode()
    save(desk, "Fixed", "days=this-month&since=2026-11-03")
    assert SavedView.objects.get(name="Fixed").query == "since=2026-11-03"
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        later = make.signed_in_client(role=Role.RECEPTION)
        page = later.get(f"{LIST}?{SavedView.objects.get(name='Mine').query}")
        assert page.context["filter"].form.cleaned_data["since"] == date(2026, 12, 1)
        assert invoice.number not in page.content.decode()
        assert later.get(f"{LIST}?days=last-month").context["totals"].count == 1
        assert later.get(f"{LIST}?days=last-30").context["filter"].form.cleaned_data["since"] == date(2026, 11, 25)
