"""Words that people are looked for by stay out of addresses: proxies log those, and browsers keep them.

A search is sent by POST, and the page that answers it has an address of its own in which the words stand encrypted. So
lists still turn, sort, reload and go back by their addresses, and nobody reads a name in a log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase

from portal.common.crypto.ciphertext import TOKEN, EncryptionError, Sealed, seal, unseal
from portal.common.forms.hidden import OWN_FIELDS
from portal.common.forms.lines import SearchField
from portal.common.web.htmx import htmx_of

# Longer words are no search: an address has an end.
LONGEST = 200
_PURPOSE = "words of a search"

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)


def sealed(words: str) -> str:
    """What stands for the words in an address."""
    return seal(words[:LONGEST].encode(errors="replace"), context=_PURPOSE).token


def opened(value: str) -> str:
    """The words that an address stands for; words in clear are themselves, what doesn't open is none."""
    if not TOKEN.fullmatch(value):
        return value
    try:
        return unseal(Sealed(value), context=_PURPOSE).decode()
    except EncryptionError:
        return ""


class SearchWords(SearchField):
    """What somebody looks for, from a form or from an address. Its box shows the words."""

    def to_python(self, value: Any) -> str:
        return super().to_python(opened(value) if isinstance(value, str) else value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return opened(data) if isinstance(data, str) else data


def searched_by_post(
    *names: str,
) -> Callable[[Callable[Concatenate[R, P], HttpResponseBase]], Callable[Concatenate[R, P], HttpResponseBase]]:
    """Answers the form of a list that is searched by the fields `names`, and leaves the list's own view to read GET.

    Without script the form is sent on to the list's address; htmx gets the list at once, and the address to show.
    """

    def mark(view: Callable[Concatenate[R, P], HttpResponseBase]) -> Callable[Concatenate[R, P], HttpResponseBase]:
        @wraps(view)
        def searching(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            asked = _address_of(request.POST, names)
            query = asked.urlencode()
            address = f"{request.path}?{query}" if query else request.path
            if htmx_of(request) is None:
                return HttpResponseRedirect(address)
            request.method, request.GET = "GET", QueryDict(query)
            request.META["QUERY_STRING"] = query
            response = view(request, *args, **kwargs)
            response["HX-Push-Url"] = address
            return response

        return searching

    return mark


def _address_of(form: QueryDict, names: tuple[str, ...]) -> QueryDict:
    """What was chosen, without what was left empty, the form's own marks, and any word of a search in clear."""
    asked = QueryDict(mutable=True)
    for name, values in form.lists():
        if name in OWN_FIELDS:
            continue
        kept = [opened(value) if name in names else value for value in values if value.strip()]
        if kept:
            asked.setlist(name, [sealed(value) for value in kept] if name in names else kept)
    return asked
