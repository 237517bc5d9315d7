"""Who can sign in to the demo."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.access.actors import Actor

PASSWORD = "demo-clinic"  # noqa: S105 - printed at the start of every demo
BY = Actor.system("demo")


@dataclass(frozen=True)
class Person:
    email: str
    first_name: str
    last_name: str
    about: str
    roles: tuple[Role, ...] = ()


MAI = Person("psychologist@demo.example", "Mai", "Nguyễn", "clinical psychologist", (Role.PSYCHOLOGIST,))
TOM = Person("psychologist2@demo.example", "Tom", "Ashby", "psychologist", (Role.PSYCHOLOGIST,))
LEILA = Person("psychologist3@demo.example", "Leila", "Haddad", "clinical psychologist", (Role.PSYCHOLOGIST,))
WEI = Person("psychologist4@demo.example", "Wei", "Chen", "psychologist", (Role.PSYCHOLOGIST,))
GRACE = Person("reception@demo.example", "Grace", "Okafor", "reception", (Role.RECEPTION,))
HELEN = Person("manager@demo.example", "Helen", "Marsh", "practice manager", (Role.MANAGER, Role.RECEPTION))
JORDAN = Person("patient@demo.example", "Jordan", "Reid", "patient, in care with Mai Nguyễn")
LINH = Person("patient2@demo.example", "Linh", "Trần", "patient, new to the clinic")

STAFF = (MAI, TOM, LEILA, WEI, GRACE, HELEN)
PATIENTS = (JORDAN, LINH)
SIGN_INS = (JORDAN, LINH, MAI, TOM, LEILA, WEI, GRACE, HELEN)


def open_account(person: Person) -> User:
    """Opens an account with a confirmed e-mail address and the person's staff roles."""
    user = User.objects.create(
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        password=make_password(PASSWORD),
    )
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    for role in person.roles:
        actions.grant_role(user=user, role=role, by=BY, now=timezone.now())
    return user


def welcome_patients() -> None:
    for person in PATIENTS:
        open_account(person)
