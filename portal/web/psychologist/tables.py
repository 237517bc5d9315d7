from __future__ import annotations

import django_tables2 as tables
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from portal.patients.models import Patient


class PatientTable(tables.Table):
    """People in one's care. `last_seen`, `next_session` and `unsigned` are annotated by the view."""

    name = tables.TemplateColumn(
        template_name="psychologist/_patient_name.html",
        verbose_name=_("Name"),
        order_by=("legal_last_name", "legal_first_name", "pk"),
    )
    phone = tables.TemplateColumn(
        template_name="psychologist/_patient_phone.html", verbose_name=_("Phone"), orderable=False
    )
    last_seen = tables.TemplateColumn(
        template_name="psychologist/_day.html", verbose_name=_("Last seen"), attrs={"td": {"class": "nowrap"}}
    )
    next_session = tables.TemplateColumn(
        template_name="psychologist/_day.html", verbose_name=_("Next session"), attrs={"td": {"class": "nowrap"}}
    )
    unsigned = tables.TemplateColumn(template_name="psychologist/_unsigned.html", verbose_name=_("Notes"))

    caption = _("Your patients")
    empty_title = _("Nobody here")

    class Meta:
        model = Patient
        fields = ("name", "phone", "last_seen", "next_session", "unsigned")
        order_by = "name"

    def __init__(self, *args, zone, empty_text="", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.empty_text = empty_text

    def order_last_seen(self, queryset, is_descending):
        return _dated(queryset, "last_seen", is_descending), True

    def order_next_session(self, queryset, is_descending):
        return _dated(queryset, "next_session", is_descending), True


def _dated(queryset, name, is_descending):
    """Those without a date come last, whichever way."""
    by = F(name).desc(nulls_last=True) if is_descending else F(name).asc(nulls_last=True)
    return queryset.order_by(by, "legal_last_name", "legal_first_name", "pk")
