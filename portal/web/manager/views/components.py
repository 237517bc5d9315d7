"""Every part of the look on one page, for those who build pages. The people and figures in it are made up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from portal.accounts.roles import Role
from portal.clinic.models import Location
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import DateField, DigitsField, LineField, MoneyField, TextField
from portal.common.languages.times import date_short
from portal.common.money import dollars
from portal.common.web import charts
from portal.common.web.daygrid import Block, Column, Grid, day_grid
from portal.common.web.htmx import page_or_fragment
from portal.common.web.stencils import Stencil
from portal.common.web.tables import ListTable, Row
from portal.journeys import changing
from portal.journeys.choosing import Day, FreeTime, Week

ZONE = ZoneInfo("Australia/Melbourne")
DAY = date(2026, 11, 24)
SWATCHES = [
    "paper", "surface", "sunk", "ink", "ink-soft", "gum", "gum-tint", "ochre", "ochre-tint", "wattle",
    "wattle-tint", "sky", "sky-tint", "plum", "plum-tint", "danger", "danger-tint",
]  # fmt: skip


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = LineField(label=_("Full name"), max_length=100, help_text=_("As on the Medicare card."))
    medicare = DigitsField(label=_("Medicare number"), max_length=12, widget=forms.TextInput({"inputmode": "numeric"}))
    born = DateField(label=_("Date of birth"), help_text=_("Such as 14/3/1987."))
    fee = MoneyField(label=_("Fee"))
    location = forms.ChoiceField(label=_("Location"), choices=[("b", "Brunswick"), ("n", "Northcote")], required=False)
    how = forms.ChoiceField(
        label=_("How would you like to meet?"),
        choices=[("p", _("In person")), ("v", _("By video")), ("t", _("By phone"))],
        widget=forms.RadioSelect,
    )
    about = forms.MultipleChoiceField(
        label=_("Remind me by"),
        choices=[("e", _("E-mail")), ("s", _("Text message"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    letter = forms.FileField(label=_("Referral letter"), help_text=_("PDF or photo, up to 10 MB."), required=False)
    words = TextField(
        label=_("Anything we should know?"), max_length=1000, widget=forms.Textarea({"rows": 3}), required=False
    )
    agreed = forms.BooleanField(label=_("I have read the fees and the cancellation rule"))

    def clean_medicare(self) -> str:
        raise ValidationError(_("One figure of this number is wrong. Please compare it with the card."))


class ExampleTable(ListTable[dict[str, Any]]):
    number = tables.Column(verbose_name=_("Invoice"))
    patient = tables.Column(verbose_name=_("Patient"))
    issued = tables.Column(verbose_name=_("Issued"))
    state = tables.Column(verbose_name=_("State"), orderable=False)
    total = tables.Column(verbose_name=_("Total"), attrs={"td": {"class": "num"}, "th": {"class": "num"}})

    caption = _("Invoices")

    stencil = Stencil("manager/_example_row.html", holes="page number patient issued total")

    def row(self, record: dict[str, Any]) -> Row:
        number = record["number"]
        words = (f"#{number}", number, record["patient"], date_short(record["issued"]), dollars(record["total"]))
        return {"status": record["state"]}, words


def _invoices() -> list[dict[str, Any]]:
    people = ["Ruth Okafor", "Sam Tran", "Amira Haddad", "王小明", "Kiran Singh", "Denis Moreau", "Giulia Ferrari"]
    states = ["paid", "due", "part_paid", "overdue", "void", "draft"]
    return [
        {
            "number": f"INV-{(n * 2654435761) % 2**32:08X}",
            "patient": people[n % len(people)],
            "issued": DAY - timedelta(days=n),
            "state": states[n % len(states)],
            "total": Decimal(120 + 35 * (n % 5)),
        }
        for n in range(1, 64)
    ]


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZONE)


def _block(
    hour: int, minute: int, minutes: int, kind: str, title: str, detail: str = "", shape: str = "", mark: str = ""
) -> Block:
    starts = _at(hour, minute)
    spoken = "" if kind == "off" else kind.replace("-", " ")
    url = "#calendar" if kind not in ("off", "held") else ""
    return Block(starts, starts + timedelta(minutes=minutes), kind, title, detail, url, shape, spoken, mark)


def _calendar() -> Grid:
    return day_grid(
        [
            Column("Mai Nguyễn", DAY, "Room 1 · Brunswick", "#calendar", [
                _block(9, 0, 50, "completed", "A. Papadopoulos", "50 min", "completed"),
                _block(10, 15, 50, "arrived", "J. Whitlam", "arrived 10:12", "arrived"),
                _block(11, 30, 50, "confirmed", "R. Okafor", "confirmed", "confirmed"),
                _block(12, 30, 60, "off", "Lunch"),
                _block(14, 0, 50, "confirmed", "S. Tran", "first visit · intake missing", "confirmed"),
                _block(15, 30, 50, "cancelled", "L. Webb", "cancelled 9:10", "cancelled"),
                _block(15, 30, 50, "booked", "E. Sato", "from the waitlist", "booked"),
            ], _at(11, 5)),
            Column("Tom Ashby", DAY, "Room 2 · Brunswick", "#calendar", [
                _block(9, 30, 50, "booked", "M. Davies", "not confirmed", "booked"),
                _block(10, 45, 50, "held", "Held 7 min", "online booking", "held"),
                _block(12, 0, 60, "off", "Lunch"),
                _block(13, 30, 50, "confirmed", "K. Singh", "confirmed", "confirmed"),
                _block(15, 0, 50, "no-show", "B. Marsh", "no-show", "no_show"),
            ], _at(11, 5)),
            Column("Leila Haddad", DAY, "Video", "#calendar", [
                _block(9, 0, 50, "confirmed", "N. Haddow", "6:00 am in Perth", "confirmed", "video"),
                _block(11, 0, 50, "booked", "P. Lim", "by phone", "booked", "phone"),
                _block(12, 30, 330, "off", "Not working"),
            ], _at(11, 5)),
            Column("Priya Raman", DAY, "Room 3 · Brunswick", "#calendar", [
                _block(8, 0, 120, "off", "Supervision"),
                _block(11, 15, 50, "confirmed", "D. Moreau", "confirmed", "confirmed"),
                _block(14, 15, 80, "confirmed", "G. Ferrari", "assessment · 80 min", "confirmed"),
            ], _at(11, 5)),
        ],
        first_hour=9,
        last_hour=17,
    )  # fmt: skip


def _week() -> Week:
    place = Location(pk=1, name="Brunswick", slug="brunswick", time_zone=ZONE.key)
    hours = [[(9, 0), (10, 30), (14, 0)], [(9, 0), (11, 0)], [], [(13, 30), (15, 0), (16, 30)], [(9, 30)], [], []]
    monday = DAY - timedelta(days=DAY.weekday())
    days = []
    for offset, starts in enumerate(hours):
        day = monday + timedelta(days=offset)
        at = [datetime(day.year, day.month, day.day, h, m, tzinfo=ZONE) for h, m in starts]
        days.append(Day(day, [FreeTime(each, each + timedelta(minutes=50), place) for each in at]))
    return Week(
        monday=monday,
        days=days,
        previous=None,
        next=monday + timedelta(days=7),
        first_free=None,
        is_asked_for=False,
        is_first=True,
    )


@allow(Role.MANAGER)
@require_safe
def components(request: ActorRequest) -> HttpResponse:
    """The gallery: each part with the name of its template, in every state it has."""
    table = ExampleTable(_invoices(), request=request)
    RequestConfig(request, paginate={"per_page": 6}).configure(table)
    wrong = ExampleForm(
        {"name": "Ruth Okafor", "medicare": "2951 87312 1", "born": "31/2/1987", "fee": "220", "how": "v"},
        auto_id="id_wrong_%s",
    )
    week = _week()
    context = {
        "swatches": SWATCHES,
        "table": table,
        "form": ExampleForm(initial={"name": "Ruth Okafor", "how": "p", "about": ["e"]}),
        "wrong": wrong,
        "grid": _calendar(),
        "week": week,
        "today": DAY,
        "taken": {"at": _at(11), "zone": ZONE, "nearest": week.days[1].times + week.days[3].times[:1]},
        "held_until": _at(11, 15),
        "zone": ZONE,
        "stats": [
            {"value": 3, "label": _("arriving before 11"), "url": "#stats"},
            {"value": 2, "label": _("not yet confirmed"), "url": "#stats"},
            {"value": "$640", "label": _("to collect today")},
            {"value": 1, "label": _("fits a free time from the waitlist")},
        ],
        "quote": {
            "fee": Decimal("220.00"),
            "gst": Decimal("0.00"),
            "rebate": Decimal("149.05"),
            "gap": Decimal("70.95"),
            "total": Decimal("220.00"),
            "item": {"item": "80010"},
        },
        "terms": changing.Terms(
            free_until=_at(11) - timedelta(hours=48),
            is_free_over=False,
            is_free_to_the_end=False,
            grace=0,
            late_fee=Decimal("110.00"),
            missed_fee=Decimal("110.00"),
        ),
        "pairs": [
            (_("Preferred name"), "Ruth"),
            (_("Date of birth"), "14 March 1987"),
            (_("Phone"), "0491 570 006"),
            (_("Medicare"), "2951 87312 5 / 1"),
        ],
        "crumbs": [(reverse("manager:components"), _("Patients")), (reverse("manager:components"), "Ruth Okafor")],
        "tabs": [
            {"label": _("Overview"), "url": "#tabs", "current": True},
            {"label": _("Sessions"), "url": "#tabs", "count": 6},
            {"label": _("Invoices"), "url": "#tabs"},
        ],
        "bars": charts.bars(
            [("Jun", 182), ("Jul", 204), ("Aug", 197), ("Sep", 221), ("Oct", 240), ("Nov", 168)],
            title=gettext("Sessions held"),
            summary=gettext("240 in October, the most this half year; November is not over."),
            label_heading=gettext("Month"),
            value_heading=gettext("Sessions"),
            current="Nov",
        ),
        "line": charts.line(
            [("3 Sep", 21), ("1 Oct", 17), ("29 Oct", 12), ("19 Nov", 9)],
            title=gettext("A questionnaire over four sessions"),
            summary=gettext("From 21 to 9; lower is better."),
            label_heading=gettext("Date"),
            value_heading=gettext("Score"),
            highest=27,
            bands=[(gettext("mild"), 0, 10), (gettext("moderate"), 10, 20), (gettext("severe"), 20, 27)],
        ),
        "statuses": ["held", "booked", "arrived", "completed", "no_show", "cancelled"],
        "invoice_states": ["draft", "due", "part_paid", "paid", "credited", "overdue", "void"],
        "languages": ["English", "Tiếng Việt"],
        "names": ["Mai Nguyễn", "Tom Ashby", "Leila Haddad", "Priya Raman", "王小明"],
    }
    return page_or_fragment(request, "manager/components.html", context, fragment="results")
