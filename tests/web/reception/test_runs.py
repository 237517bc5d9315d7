"""A batch run: what was held and is not invoiced, looked over, ticked and invoiced one by one."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.billing.models import BulkRun, Invoice
from portal.clinic.models import Location
from portal.journeys import checking_out, claim_checks, issuing
from tests import make
from tests.web.reception.conftest import NOW

URL = "/reception/invoices/run/"


def held(place, hours=-2, **fields):
    return place.session(hours=hours, status=Status.COMPLETED, **fields)


def ticks(page):
    return re.findall(r'name="session" value="([^"]*)"', page)


def once_of(page):
    return re.search(r'value="([^"]*)" name="once"|name="once" value="([^"]*)"', page)


def shown(desk, **query):
    answer = desk.get(URL, query)
    return answer, answer.content.decode()


def start(desk, page, **more):
    answer = desk.post(URL, {"session": ticks(page)} | more)
    return answer, BulkRun.objects.filter(kind="issue").order_by("-pk").first()


def test_only_what_was_held_and_is_not_invoiced_is_proposed(desk, place):
    due, billed, booked = held(place), held(place, hours=-4), place.session(hours=3)
    checking_out.check_out(
        appointment=billed, held=checking_out.as_booked(billed), key="k", by=make.actor(role=Role.RECEPTION), now=NOW
    )
    _answer, page = shown(desk)
    codes = {value.partition(":")[0] for value in ticks(page)}
    assert codes == {str(due.code)}
    assert str(booked.code) not in page
    assert "$220.00" in page


def test_it_is_narrowed_by_days_psychologist_and_place(desk, place):
    near, far = held(place), held(place, hours=-24 * 20)
    other = make.appointment(status=Status.COMPLETED, starts_at=near.starts_at, location=make.location(name="Carlton"))

    def found(**query):
        return {value.partition(":")[0] for value in ticks(shown(desk, **query)[1])}

    days = {"since": "2026-11-20", "until": "2026-11-24"}
    assert found() == {str(one.code) for one in (near, far, other)}
    assert found(**days) == {str(near.code), str(other.code)}
    assert found(**days, psychologist=place.psychologist.slug) == {str(near.code)}
    assert found(**days, place=other.location.slug) == {str(other.code)}
    assert shown(desk, since="2026-11-24", until="2026-11-01")[0].status_code == 422


def test_each_is_invoiced_by_itself_and_what_is_refused_is_told(desk, place):
    one, changed, gone = (held(place, hours=-hours) for hours in (2, 4, 6))
    _answer, page = shown(desk)
    Appointment.objects.filter(pk=changed.pk).update(fee="199.00")
    answer, run = start(desk, page)
    by = make.actor(role=Role.RECEPTION)
    first = checking_out.check_out(appointment=gone, held=checking_out.as_booked(gone), key="k", by=by, now=NOW)
    assert answer["Location"] == f"{URL}{run.code}/"
    assert "0 of 3 done" in desk.get(answer["Location"]).content.decode()
    issuing.issue_all(run.pk)
    assert Invoice.objects.exclude(pk=first.pk).get().appointment == one
    done = desk.get(answer["Location"]).content.decode()
    assert "1 invoice is issued" in done
    assert "changed since the page was opened" in done
    assert f"invoice {first.number}" in done


def test_it_goes_on_where_it_was_stopped_and_invoices_nothing_twice(desk, place):
    for hours in (2, 4, 6):
        held(place, hours=-hours)
    _answer, run = start(desk, shown(desk)[1])
    assert issuing._issue_next(run.pk)
    assert Invoice.objects.count() == 1
    assert desk.post(reverse("reception:go_on_invoicing", args=[run.code])).status_code == 302
    for _twice in range(2):
        issuing.issue_all(run.pk)
    run.refresh_from_db()
    assert (run.done, len(run.invoices), run.refused) == (3, 3, [])
    assert Invoice.objects.count() == 3
    assert run.finished_at


def test_two_tabs_invoice_each_session_once(desk, place):
    held(place)
    page = shown(desk)[1]
    runs = [start(desk, page)[1] for _tab in range(2)]
    for run in runs:
        issuing.issue_all(run.pk)
    assert Invoice.objects.count() == 1
    second = BulkRun.objects.get(pk=runs[1].pk)
    assert second.refused[0][1] == issuing.Refused.INVOICED


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_two_workers_at_once_invoice_each_session_once(desk, place):
    for hours in (2, 4, 6, 8):
        held(place, hours=-hours)
    _answer, run = start(desk, shown(desk)[1])

    def work():
        try:
            issuing.issue_all(run.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Invoice.objects.count() == 4
    assert BulkRun.objects.get().done == 4


def test_nothing_ticked_does_nothing(desk, place):
    held(place)
    assert desk.post(URL, {"session": ["nowhere", "a\x00:b", ""]}).status_code == 422
    assert not BulkRun.objects.exists()


def test_it_is_ones_own_and_the_desks(desk, place):
    held(place)
    _answer, run = start(desk, shown(desk)[1])
    assert make.client_for(make.staff()).get(f"{URL}{run.code}/").status_code == 404
    assert make.signed_in_client(role=Role.PSYCHOLOGIST).get(URL).status_code == 403


def test_bulk_billed_sessions_and_gaps_are_said(desk, place):
    make.mbs_items()
    held(place)
    _answer, page = shown(desk)
    assert "No referral on file" in page


def test_what_medicare_would_refuse_is_told_first_and_not_ticked(desk, place):
    make.mbs_items()
    near, other = held(place), held(place, hours=-4, psychologist=make.psychologist())
    for session in (near, other):
        make.referral(patient=session.patient)
    make.provider_number(psychologist=near.psychologist, location=near.location)
    Location.objects.update(street="", suburb="", state="", postcode="")
    page = shown(desk)[1]
    boxes = re.findall(r'<input[^>]*name="session"[^>]*>', page)
    ticked = {re.search('value="([^":]*)', box)[1]: " checked" in box for box in boxes}
    assert ticked == {str(near.code): True, str(other.code): False}
    assert "1 of 2 is ticked, $220.00" in page
    assert "1 is not ticked: Medicare would refuse its claim" in page
    assert "Put them on file before you finish" in page
    # Ticked all the same it is invoiced, and kept from the printer as ever.
    _answer, run = start(desk, page)
    issuing.issue_all(run.pk)
    assert Invoice.objects.count() == 2
    assert not claim_checks.may_print(Invoice.objects.get(appointment=other), now=NOW)


def test_it_asks_as_much_for_thirty_sessions_as_for_one(desk, place):
    make.mbs_items()

    def queries():
        desk.get(URL)
        with CaptureQueriesContext(connection) as asked:
            page = desk.get(URL).content.decode()
        return len(ticks(page)), len(asked)

    make.referral(patient=held(place).patient)
    one = queries()
    for n in range(29):
        make.referral(patient=held(place, hours=-4 - 2 * n).patient)
    assert queries() == (30, one[1])


def test_what_came_of_thirty_asks_as_much_as_what_came_of_one(desk, place):
    make.mbs_items()

    def queries(count):
        for n in range(count):
            make.referral(patient=held(place, hours=-2 - 2 * n).patient)
        _answer, run = start(desk, shown(desk)[1])
        issuing.issue_all(run.pk)
        desk.get(f"{URL}{run.code}/")
        with CaptureQueriesContext(connection) as asked:
            page = desk.get(f"{URL}{run.code}/").content.decode()
        assert page.count("Worth a look") == count
        return len(asked)

    assert queries(1) == queries(12)
