"""What was done in the portal, by whom and when."""

from __future__ import annotations

from django.core.paginator import EmptyPage
from django.http import HttpResponse
from django.views.decorators.http import require_safe
from django_tables2 import LazyPaginator, RequestConfig

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.web.manager.filters import TrailFilter
from portal.web.manager.tables import TrailTable
from portal.web.manager.trail_entries import with_names

PER_PAGE = 50
# Beyond this nobody turns pages: dates and filters lead there, and the database need not count its way.
MOST_PAGES = 400


class PagesAhead(LazyPaginator):
    """Never counts the rows: the trail only grows."""

    count = None

    def validate_number(self, number: int | float | str) -> int:
        page: int = super().validate_number(number)  # type: ignore[no-untyped-call]
        if page > MOST_PAGES:
            raise EmptyPage
        return page


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    zone = ClinicSettings.current().zone
    entries = Entry.objects.visible_to(request.actor).newest_first()
    filterset = TrailFilter(request.GET, queryset=entries, zone=zone)
    table = TrailTable(filterset.qs, zone=zone)
    RequestConfig(request, paginate={"per_page": PER_PAGE, "paginator_class": PagesAhead}).configure(table)
    table.name(with_names((row.record for row in table.page.object_list), zone=zone))
    form = filterset.form
    context = {
        "filter": filterset,
        "days": [form["since"], form["until"]],
        "choices": [form["who"], form["role"], form["what"]],
        "table": table,
    }
    return page_or_fragment(request, "manager/trail.html", context, fragment="results")
