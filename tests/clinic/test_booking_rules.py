from datetime import timedelta

import pytest

from portal.clinic.booking_rules import cancel_hours_of_all, hold_minutes_of_all, rules_of
from portal.clinic.models import ClinicSettings, Service

CLINIC = ClinicSettings(notice_hours=12, horizon_days=84, hold_minutes=10, cancel_hours=48, max_open_bookings=8)


def test_a_service_without_rules_of_its_own_has_the_clinics():
    rules = rules_of(Service(), clinic=CLINIC)
    assert (rules.notice, rules.horizon) == (timedelta(hours=12), timedelta(days=84))
    assert (rules.hold, rules.hold_minutes, rules.cancel_hours) == (timedelta(minutes=10), 10, 48)
    assert (rules.most_sessions, rules.most_of_service) == (8, None)


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"notice_hours": 72}, {"notice": timedelta(hours=72)}),
        ({"notice_hours": 0}, {"notice": timedelta()}),
        ({"horizon_days": 7}, {"horizon": timedelta(days=7)}),
        ({"hold_minutes": 30}, {"hold": timedelta(minutes=30)}),
        ({"cancel_hours": 0}, {"cancel_hours": 0}),
        ({"max_open_bookings": 1}, {"most_sessions": 8, "most_of_service": 1}),
    ],
)
def test_a_rule_of_its_own_comes_before_the_clinics_also_nought(own, says):
    rules, general = rules_of(Service(**own), clinic=CLINIC), rules_of(Service(), clinic=CLINIC)
    for name in ("notice", "horizon", "hold", "cancel_hours", "most_sessions", "most_of_service"):
        assert getattr(rules, name) == says.get(name, getattr(general, name)), name


def test_what_is_said_of_all_services_is_true_of_each():
    services = [Service(), Service(cancel_hours=168, hold_minutes=5), Service(cancel_hours=0, hold_minutes=30)]
    assert cancel_hours_of_all(services, clinic=CLINIC) == 168
    assert hold_minutes_of_all(services, clinic=CLINIC) == 5
    assert (cancel_hours_of_all([], clinic=CLINIC), hold_minutes_of_all([], clinic=CLINIC)) == (48, 10)
