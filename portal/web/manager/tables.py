from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.clinic.models import Location, Service

NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class ServiceTable(tables.Table):
    name = tables.TemplateColumn(template_name="manager/_service_name.html", verbose_name=_("Service"))
    minutes = tables.TemplateColumn(
        template_name="manager/_service_minutes.html", verbose_name=_("Length"), attrs={"td": {"class": "nowrap"}}
    )
    fee = tables.TemplateColumn(template_name="manager/_service_fee.html", verbose_name=_("Fee"), attrs=NUMBER)
    modes = tables.TemplateColumn(template_name="manager/_service_modes.html", verbose_name=_("How"), orderable=False)
    state = tables.TemplateColumn(
        template_name="manager/_service_state.html", verbose_name=_("Booking"), order_by=("is_active", "online", "name")
    )

    caption = _("Services")
    empty_title = _("No services yet")
    empty_text = _("Add what the clinic offers, and people can book it.")

    class Meta:
        model = Service
        fields = ("name", "minutes", "fee", "modes", "state")


class LocationTable(tables.Table):
    """`rooms_in_use` is annotated by the view."""

    name = tables.TemplateColumn(template_name="manager/_location_name.html", verbose_name=_("Location"))
    address = tables.TemplateColumn(
        template_code="{{ record.address|default:'–' }}", verbose_name=_("Address"), order_by=("suburb", "street")
    )
    time_zone = tables.TemplateColumn(template_name="manager/_location_zone.html", verbose_name=_("Time"))
    rooms_in_use = tables.Column(verbose_name=_("Rooms"), attrs=NUMBER)
    state = tables.TemplateColumn(
        template_name="manager/_location_state.html", verbose_name=_("State"), order_by=("is_active", "name")
    )

    caption = _("Locations")
    empty_title = _("No locations yet")
    empty_text = _("Working hours and rooms belong to a place: add the first one.")

    class Meta:
        model = Location
        fields = ("name", "address", "time_zone", "rooms_in_use", "state")


class StaffTable(tables.Table):
    """Of `User` rows with `grants` prefetched and `has_second_factor` annotated."""

    name = tables.TemplateColumn(
        template_name="manager/_staff_name.html", verbose_name=_("Name"), order_by=("last_name", "first_name", "pk")
    )
    roles = tables.TemplateColumn(template_name="manager/_staff_roles.html", verbose_name=_("Roles"), orderable=False)
    has_second_factor = tables.TemplateColumn(
        template_name="manager/_staff_second_factor.html", verbose_name=_("Second step")
    )
    last_login = tables.TemplateColumn(template_name="manager/_staff_last_sign_in.html", verbose_name=_("Last sign-in"))

    caption = _("Staff")
    empty_title = _("Nobody here")
    empty_text = _("People who leave are kept here, with what they did.")

    class Meta:
        model = User
        fields = ("name", "roles", "has_second_factor", "last_login")
        order_by = "name"

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def order_last_login(self, queryset: Any, is_descending: bool) -> tuple[Any, bool]:
        """Whoever never signed in comes last, whichever way."""
        by = F("last_login").desc(nulls_last=True) if is_descending else F("last_login").asc(nulls_last=True)
        return queryset.order_by(by, "pk"), True


class TrailTable(tables.Table):
    """Of entries; `names` says who the people in them are, read for the rows of one page."""

    at = tables.TemplateColumn(
        template_name="manager/_trail_at.html",
        verbose_name=_("When"),
        orderable=False,
        attrs={"td": {"class": "nowrap"}},
    )
    who = tables.TemplateColumn(template_name="manager/_trail_who.html", verbose_name=_("Who"), orderable=False)
    verb = tables.TemplateColumn(template_name="manager/_trail_verb.html", verbose_name=_("What"), orderable=False)
    target = tables.TemplateColumn(template_name="manager/_trail_target.html", verbose_name=_("About"), orderable=False)
    facts = tables.TemplateColumn(template_name="manager/_trail_facts.html", verbose_name=_("Facts"), orderable=False)

    caption = _("The trail")
    empty_title = _("Nothing found")
    empty_text = _("Nothing in the trail fits these filters. Choose a longer time, or everybody.")

    class Meta:
        model = Entry
        fields = ("at", "who", "verb", "target", "facts")

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
