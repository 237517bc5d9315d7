from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django.db.models import F, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings, Location, Service, TaxCode
from portal.common.languages.times import clock, date_short, day_short, iso, place_of_zone
from portal.common.money import dollars
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.common.web.tables import ListTable, Row
from portal.web.manager.trail_entries import NamedEntry

NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class ServiceTable(ListTable[Service]):
    name = tables.Column(verbose_name=_("Service"))
    minutes = tables.Column(verbose_name=_("Length"), attrs={"td": {"class": "nowrap"}})
    fee = tables.Column(verbose_name=_("Fee"), attrs=NUMBER)
    modes = tables.Column(verbose_name=_("How"), orderable=False)
    state = tables.Column(verbose_name=_("Booking"), order_by=("is_active", "online", "name"))

    caption = _("Services")
    empty_title = _("No services yet")
    empty_text = _("Add what the clinic offers, and people can book it.")

    stencil = Stencil("manager/_service_row.html", holes="page name fee modes")

    class Meta:
        model = Service
        fields = ("name", "minutes", "fee", "modes", "state")

    def row(self, record: Service) -> Row:
        return (
            {
                "first_visit_only": record.first_visit_only,
                "minutes": record.minutes,
                "before": record.buffer_before,
                "after": record.buffer_after,
                "taxable": record.tax_code == TaxCode.TAXABLE and ClinicSettings.current().gst_registered,
                "active": record.is_active,
                "online": record.online,
            },
            (
                each("manager:service")(record.code),
                record.name,
                dollars(record.fee),
                ", ".join(str(mode.label) for mode in record.modes),
            ),
        )


class LocationTable(ListTable[Any]):
    """`rooms_in_use` is annotated by the view."""

    name = tables.Column(verbose_name=_("Location"))
    address = tables.Column(verbose_name=_("Address"), order_by=("suburb", "street"))
    time_zone = tables.Column(verbose_name=_("Time"))
    rooms_in_use = tables.Column(verbose_name=_("Rooms"), attrs=NUMBER)
    state = tables.Column(verbose_name=_("State"), order_by=("is_active", "name"))

    caption = _("Locations")
    empty_title = _("No locations yet")
    empty_text = _("Working hours and rooms belong to a place: add the first one.")

    stencil = Stencil("manager/_location_row.html", holes="page name address time_zone rooms_in_use")

    class Meta:
        model = Location
        fields = ("name", "address", "time_zone", "rooms_in_use", "state")

    def row(self, record: Any) -> Row:
        return (
            {"active": record.is_active},
            (
                each("manager:location")(record.code),
                record.name,
                record.address or "–",
                place_of_zone(record.time_zone),
                record.rooms_in_use,
            ),
        )


class StaffTable(ListTable[User]):
    """Of `User` rows with `grants` prefetched and `second_factor` annotated."""

    name = tables.Column(verbose_name=_("Name"), order_by=("last_name", "first_name", "pk"))
    roles = tables.Column(verbose_name=_("Roles"), orderable=False)
    has_second_factor = tables.Column(verbose_name=_("Second step"), order_by="second_factor")
    last_login = tables.Column(verbose_name=_("Last sign-in"))

    caption = _("Staff")
    empty_title = _("Nobody here")
    empty_text = _("People who leave are kept here, with what they did.")

    stencil = Stencil("manager/_staff_row.html", holes="page name email roles last_login")

    class Meta:
        model = User
        fields = ("name", "roles", "has_second_factor", "last_login")
        order_by = "name"

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def row(self, record: User) -> Row:
        signed_in = record.last_login
        return (
            {"active": record.is_active, "has_second_factor": record.has_second_factor},
            (
                each("manager:person")(record.code),
                record.name,
                record.email,
                ", ".join(record.role_names) or "–",
                f"{day_short(signed_in, self.zone)}, {clock(signed_in, self.zone)}" if signed_in else _("never"),
            ),
        )

    def order_last_login(self, queryset: QuerySet[User], is_descending: bool) -> tuple[QuerySet[User], bool]:
        """Whoever never signed in comes last, whichever way."""
        by = F("last_login").desc(nulls_last=True) if is_descending else F("last_login").asc(nulls_last=True)
        return queryset.order_by(by, "pk"), True


class TrailTable(ListTable[Entry]):
    """Of entries; `named` says who the people in them are, read for the rows of one page."""

    at = tables.Column(
        verbose_name=_("When"),
        orderable=False,
        attrs={"td": {"class": "nowrap"}},
    )
    who = tables.Column(verbose_name=_("Who"), orderable=False, attrs={"td": {"class": "whole-words"}})
    verb = tables.Column(verbose_name=_("What"), orderable=False, attrs={"td": {"class": "whole-words"}})
    target = tables.Column(verbose_name=_("About"), orderable=False)
    facts = tables.Column(verbose_name=_("Facts"), orderable=False, attrs={"td": {"class": "whole-words"}})

    caption = _("The trail")
    empty_title = _("Nothing found")
    empty_text = _("Nothing in the trail fits these filters. Choose a longer time, or everybody.")

    stencil = Stencil("manager/_trail_row.html", holes="moment at who as_what verb target kind facts")

    class Meta:
        model = Entry
        fields = ("at", "who", "verb", "target", "facts")

    def __init__(self, *args: Any, zone: ZoneInfo, named: Iterable[NamedEntry] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.name(named)

    def name(self, named: Iterable[NamedEntry]) -> None:
        self.named = {each.entry.pk: each for each in named}

    def row(self, record: Entry) -> Row:
        named = self.named[record.pk]
        by, who, as_what = _who(named)
        about, target = _about(named)
        return (
            {"by": by, "about": about},
            (
                iso(record.at),
                f"{date_short(record.at, self.zone)}, {clock(record.at, self.zone)}",
                who,
                as_what,
                named.words,
                target,
                named.target_words,
                _facts(named.told),
            ),
        )


_FACT = Stencil("manager/_trail_fact.html", holes="name value")


def _who(named: NamedEntry) -> tuple[str, str, str]:
    entry = named.entry
    if named.who:
        return "person", named.who, named.role_label
    if entry.actor_name:
        return "portal", "", entry.actor_name
    return "somebody", "", f"{named.role_label} {entry.actor_id}"


def _about(named: NamedEntry) -> tuple[str, str]:
    entry = named.entry
    if named.about:
        return "account" if entry.target_label == "accounts.User" else "thing", named.about
    # It has no name of its own, or is gone: its kind says what it was.
    return ("kind", "") if entry.target_label else ("nothing", "")


def _facts(told: list[tuple[str, str]]) -> SafeString:
    fill = _FACT.look()
    return SafeString("; ".join(fill(fact).strip() for fact in told)) if told else SafeString("–")
