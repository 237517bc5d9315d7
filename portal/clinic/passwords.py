"""What is no password here: words that anybody finds on the clinic's own website, or in one's address."""

from __future__ import annotations

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.clinic.models import ClinicSettings
from portal.common.text.normalise import fold

# What is left of a password without those words: as many letters or more are one's own.
LEAST_OF_ONES_OWN = 6
_WORD = re.compile(r"[^\W\d_]+")
# Words that stand on the door of every such place.
_OF_EVERY_CLINIC = ("psychology", "psychologist", "psychologists", "clinic", "practice", "portal", "health", "password")


class NotTheClinicsName:
    """Refuses a password that is made of the clinic's name, its town, or one's own name and address."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        left = fold(password)
        for word in sorted(self._known(user), key=len, reverse=True):
            left = left.replace(word, " ")
        if sum(map(len, _WORD.findall(left))) < LEAST_OF_ONES_OWN and any(map(str.isalpha, password)):
            raise ValidationError(self.get_help_text(), code="of_the_clinic")

    def get_help_text(self) -> str:
        return _("Your password can't be made of the clinic's name, its town, or your own name or e-mail address.")

    @staticmethod
    def _known(user: AbstractBaseUser | None) -> set[str]:
        clinic = ClinicSettings.current()
        said = [clinic.name, clinic.legal_name, clinic.suburb, clinic.email, *_OF_EVERY_CLINIC]
        said += [str(getattr(user, name, "") or "") for name in ("first_name", "last_name", "email")] if user else []
        return {word for text in said for word in _WORD.findall(fold(text)) if len(word) >= 3}
