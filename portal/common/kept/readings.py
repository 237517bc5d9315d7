"""What was read under a stamp, and when the stamp is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, ParamSpec, TypeVar

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from portal.common.kept import stamp
from portal.common.kept.freezing import freeze

P = ParamSpec("P")
T = TypeVar("T")

# Every statement that writes begins so, by Django's own hand; on SQLite a many-to-many relation's is OR IGNORE.
_WRITING = re.compile(r'(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) "?(\w+)')


class _Shelf(dict[tuple["Kept[..., Any]", tuple[Any, ...]], Any]):
    """Everything that was read while one stamp stood."""

    def __init__(self, stamp: str | None) -> None:
        super().__init__()
        self.stamp = stamp


class _Store:
    """The shelf of this process. A new stamp brings a new one; whoever still reads from the old one may."""

    def __init__(self) -> None:
        self.newest = _Shelf(None)

    def shelf(self, stamp: str | None) -> _Shelf:
        shelf = self.newest
        if stamp is None or shelf.stamp != stamp:
            shelf = self.newest = _Shelf(stamp)
        return shelf


class _Request:
    """What one request knows of the stamp."""

    __slots__ = ("has_written", "shelf")

    def __init__(self) -> None:
        self.shelf: _Shelf | None = None
        self.has_written = False


_store = _Store()
_request: ContextVar[_Request | None] = ContextVar("kept", default=None)
_readings: list[Kept[..., Any]] = []


class Kept(Generic[P, T]):
    """A reading of tables that are watched: called, it answers what it answered before unless one of them changed."""

    def __init__(self, read: Callable[P, T], tables: frozenset[str], *, is_drawn: bool = False) -> None:
        self.read, self.tables, self.is_drawn = read, tables, is_drawn
        self.__doc__, self.__name__ = read.__doc__, read.__name__
        _readings.append(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        if kwargs:
            raise TypeError(f"{self.__name__} keeps what it answers by the order of what it is asked with")
        if self.is_drawn and settings.DEBUG:
            return self.read(*args, **kwargs)
        shelf, asked = _shelf(), (self, args)
        try:
            found: T = shelf[asked]
        except KeyError:
            if unwatched := self.tables - stamp.watched_tables():
                raise LookupError(
                    f"{self.__name__} keeps what nothing watches: {', '.join(sorted(unwatched))}"
                ) from None
            # The stamp was read before the rows: what changes in between has a newer stamp, and is read again.
            found = shelf[asked] = freeze(self.read(*args, **kwargs))
        return found


def kept(*sources: type[Model] | Kept[..., Any]) -> Callable[[Callable[P, T]], Kept[P, T]]:
    """Keeps what a function makes of these models' tables and of what these readings keep, and of nothing else.

    What it is asked with decides all else about the answer, a language or a day, and is kept beside each: so it can be
    told apart, and is one of few.
    """

    def decorate(read: Callable[P, T]) -> Kept[P, T]:
        return Kept(read, _tables(sources))

    return decorate


def drawn(*sources: type[Model] | Kept[..., Any]) -> Callable[[Callable[P, T]], Kept[P, T]]:
    """The same for what templates draw of them: while somebody works on templates, it is drawn anew.

    It is everybody's, so nothing of a request may be in it.
    """

    def decorate(read: Callable[P, T]) -> Kept[P, T]:
        return Kept(read, _tables(sources), is_drawn=True)

    return decorate


def _tables(sources: Iterable[type[Model] | Kept[..., Any]]) -> frozenset[str]:
    named = (each.tables if isinstance(each, Kept) else {each._meta.db_table} for each in sources)
    return frozenset().union(*named)


def readings() -> tuple[Kept[..., Any], ...]:
    """All that is kept."""
    return tuple(_readings)


def stands_as() -> str | None:
    """The stamp under which this request reads: whatever is kept is the same while it is."""
    return _shelf().stamp


def as_of_now() -> None:
    """Reads the stamp again when something kept is next asked for: said once a lock is held."""
    if (request := _request.get()) is not None:
        request.shelf = None


def once_a_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a request reads the stamp once. Outside of requests it is read at every question."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with one_stamp():
            return get_response(request)

    return middleware


@contextmanager
def one_stamp() -> Iterator[None]:
    """Reads the stamp once for all that is asked within."""
    token = _request.set(_Request())
    try:
        yield
    finally:
        _request.reset(token)


@contextmanager
def one_question() -> Iterator[None]:
    """The same for several questions that belong together, also of who has written; nothing is written within."""
    request = _request.get()
    if request is not None and not request.has_written:
        yield
        return
    with one_stamp():
        yield


def _shelf() -> _Shelf:
    request = _request.get()
    # Who has written may roll back again, wholly or to a savepoint: their stamp is only good for one question.
    if request is None or request.has_written:
        return _store.shelf(stamp.read())
    if request.shelf is None:
        request.shelf = _store.shelf(stamp.read())
    return request.shelf


# ---- A request sees what it writes itself --------------------------------------------------------------------------


def listen(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receives `connection_created`, which a pooled connection sends each time it is taken."""
    if _notice_writing not in connection.execute_wrappers:
        connection.execute_wrappers.append(_notice_writing)


def _notice_writing(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    request = _request.get()
    if request is not None and isinstance(sql, str) and (found := _WRITING.match(sql)):
        request.has_written = request.has_written or found[1] in stamp.watched_tables()
    return execute(sql, params, many, context)
