"""What staff read once something was done with a session: that, and who is e-mailed of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.common.languages.punctuation import listed
from portal.patients.reaching import Reader


def say_what_was_done(request: HttpRequest, done: str, told: Sequence[Reader], *, is_past: bool) -> None:
    """What was done, and what really goes out by e-mail, and to whom."""
    if told:
        where = listed(reader.address for reader in told)
        done += " " + _("An e-mail is on its way to %(addresses)s.") % {"addresses": where}
    elif is_past:
        done += " " + _("That time is past, so nobody is e-mailed.")
    messages.success(request, done)
    if not told and not is_past:
        messages.warning(request, _("No e-mail address is known, so nobody was told by e-mail. Tell them."))
