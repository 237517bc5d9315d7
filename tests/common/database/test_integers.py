"""Twenty digits are a number that nobody has, on SQLite too."""

import pytest
from django.db import DataError, transaction
from django.urls import reverse

from portal.accounts.roles import Role
from portal.clinic.models import Psychologist, Room, Service
from tests import make

pytestmark = pytest.mark.django_db
FAR = 10**20


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "asked",
    [
        lambda n: Service.objects.filter(pk=n),
        lambda n: Service.objects.filter(pk__in=[n]),
        lambda n: Service.objects.filter(pk__in=[str(n)]),
        lambda n: Service.objects.filter(pk__range=sorted((n, n + 5))),
        lambda n: Room.objects.filter(location=n),
        lambda n: Room.objects.filter(location__in=[n]),
        lambda n: Psychologist.objects.filter(services=n),
        lambda n: Psychologist.objects.filter(services__in=[n]),
    ],
)
def test_nothing_is_found_by_a_number_that_no_column_holds(asked, sign):
    make.psychologist(services=(make.service(),))
    make.room()
    assert list(asked(sign * FAR)) == []


def test_nothing_is_written_by_one():
    service = make.service()
    with pytest.raises((OverflowError, DataError)), transaction.atomic():
        Service.objects.filter(pk=service.pk).update(minutes=FAR)
    service.refresh_from_db()
    assert service.minutes == 50


PAGES = {
    Role.RECEPTION: ("reception:patients", "reception:invoices", "reception:today", "reception:calendar"),
    Role.PSYCHOLOGIST: (
        "psychologist:patients",
        "psychologist:notes",
        "psychologist:calendar",
        "psychologist:resources",
    ),
    Role.MANAGER: ("manager:staff", "manager:trail", "manager:downloads", "manager:mail", "manager:articles"),
    Role.PATIENT: ("patient:appointments", "patient:invoices", "patient:documents"),
}
NAMES = [
    "page",
    "q",
    "sort",
    "by",
    "at",
    "day",
    "week",
    "patient",
    "psychologist",
    "service",
    "category",
    "who",
    "role",
    "what",
    "about",
    "since",
    "until",
    "standing",
    "state",
    "show",
    "year",
    "mode",
    "language",
    "location",
]


@pytest.mark.parametrize("role", PAGES)
def test_no_list_fails_on_twenty_digits(role):
    make.clinic()
    client = make.signed_in_client(role=role)
    client.raise_request_exception = False
    failed = {
        f"{page}?{name}"
        for page in PAGES[role]
        for name in NAMES
        if client.get(reverse(page), {name: str(FAR)}).status_code >= 500
    }
    assert failed == set()


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("manager:profile", ("services", "languages", "specialisations", "fee", "position")),
        ("manager:add_service", ("minutes", "fee", "buffer_before", "buffer_after", "position")),
        ("manager:settings", ("cancel_hours", "late_fee_percent", "horizon_days", "payment_terms_days", "abn")),
    ],
)
def test_no_form_fails_on_twenty_digits(page, names):
    make.clinic()
    client = make.signed_in_client(role=Role.MANAGER)
    client.raise_request_exception = False
    whose = [make.psychologist().user.code] if page == "manager:profile" else []
    failed = {
        name for name in names if client.post(reverse(page, args=whose), {name: [str(FAR), "1"]}).status_code >= 500
    }
    assert failed == set()
