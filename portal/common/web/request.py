"""Reads every request body as UTF-8, the encoding of all our pages, whatever the browser claims."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters

UTF_8 = frozenset({"utf-8", "utf8"})


def is_utf_8(encoded: bytes) -> bool:
    """Whether what is sent as an address or a form is UTF-8 once its `%` signs are read."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


class Utf8Request(WSGIRequest):
    """A request whose Content-Type chooses no other encoding.

    Django takes the name of any of Python's codecs there, and decodes the address by it while the request is made,
    before anything can turn an error into an answer. Some of them refuse (`hex`, `undefined`), some make halves of
    characters that no page and no database can hold (`utf-7`, `unicode_escape`).
    """

    is_utf8 = True

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}
        self.is_utf8 = self.content_params.get("charset", "utf-8").lower() in UTF_8

    def _load_post_and_files(self) -> None:
        if self.method == "POST" and not self.is_utf8:
            # Whoever draws the answer may look for fields again.
            self._mark_post_parse_error()  # type: ignore[attr-defined]  # Django has it, its stubs don't
            raise BadRequest("A form is written in UTF-8.")
        super()._load_post_and_files()
        if self.method == "POST" and self._lost_something():
            self._mark_post_parse_error()  # type: ignore[attr-defined]  # as above
            raise BadRequest("A form is written in UTF-8.")

    def _lost_something(self) -> bool:
        """Whether the form has bytes that are no UTF-8: Django puts U+FFFD in their place, and a view would save it."""
        if self.content_type == "application/x-www-form-urlencoded":
            return not is_utf_8(self.body)
        # The parser of parts has read the bytes away, so a U+FFFD that was sent as such is refused too.
        return any("\ufffd" in text for name, values in self.POST.lists() for text in (name, *values))
