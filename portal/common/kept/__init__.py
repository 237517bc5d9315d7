"""What changes once a month, kept in the process instead of asked for at every request.

The clinic's settings, places, rooms, services, psychologists, hours and the like. One random stamp stands for all of
them: triggers of the database renew it whenever a row of one of their tables changes (`watched`), and each request
reads it once. While it is the same, what was read under it still stands; so no action says that anything has changed,
every process knows it at its next request, and what was rolled back was never there. The stamp is random, because a
number that is counted up comes again after a rollback.

    @kept(Location)
    def places() -> dict[int, Location]:
        return {place.pk: place for place in Location.objects.all()}

    @drawn(places)
    def signs(language: str) -> SafeString:
        return render_to_string("public/_signs.html", {"places": places()})

What is kept is everybody's, so it is frozen: whoever wants to change a row reads it from the database. An action that
stands under a lock says `as_of_now()` once it holds it, and then asks as if nothing had been kept.
"""

from portal.common.kept.freezing import Frozen, freeze
from portal.common.kept.readings import (
    Kept,
    as_of_now,
    drawn,
    kept,
    listen,
    once_a_request,
    one_question,
    one_stamp,
    readings,
    stands_as,
)
from portal.common.kept.stamp import Changes, renew, renew_after_migrations, renew_if_kept, watched

__all__ = [
    "Changes",
    "Frozen",
    "Kept",
    "as_of_now",
    "drawn",
    "freeze",
    "kept",
    "listen",
    "once_a_request",
    "one_question",
    "one_stamp",
    "readings",
    "renew",
    "renew_after_migrations",
    "renew_if_kept",
    "stands_as",
    "watched",
]
