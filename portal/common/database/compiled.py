"""Questions that pages ask all the time: their SQL is built once, and then only given new values.

Building the SQL of a queryset takes longer than the database takes to answer it. A question is an ordinary function
that returns a `values_list`; called, it answers the rows. It is run with stand-ins for moments and numbers, once for
each shape of what it is asked with: how many ids there are, and everything that is neither a moment nor a number. Where
the stand-ins end up in the SQL is where later values go.

So the function only hands its moments and numbers to the ORM, moments with a time added or taken away too; it doesn't
compare them, or decide by them. This is checked when the SQL is built, by building it twice with other stand-ins.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection as current
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.db.models.query import ValuesListIterable

P = ParamSpec("P")
Row = TypeVar("Row", bound=tuple[Any, ...])

# So many shapes of one question are known at a time: a clinic asks about few different numbers of people.
MOST_SHAPES = 100
# Stand-ins lie so far apart, and no moment is put off by half of it.
_APART = timedelta(days=400)
_FIRST_MOMENTS = (datetime(3000, 1, 1, tzinfo=UTC), datetime(3001, 3, 5, 7, 9, 11, tzinfo=UTC))
_FIRST_NUMBERS = (2**40, 2**41)
# What stands for a value in a shape.
_MOMENT, _NUMBER = object(), object()


class CannotCompile(TypeError):
    """A question does more with its values than hand them on."""


class _Slot(NamedTuple):
    """Where a value goes: which one, of which type the driver is handed it, and what is added to a moment."""

    value: int
    kind: type
    later: timedelta


class _Statement:
    """The SQL of one shape; `parts` are its parameters, each a value's slot or as it stands in any such question."""

    def __init__(self, sql: str, parts: list[_Slot | Any], converters: list[tuple[int, list[Any], Any]]) -> None:
        self.sql, self.parts, self.converters = sql, parts, converters

    def rows(self, values: Sequence[Any], connection: BaseDatabaseWrapper) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, list(self._params(values, connection)))
            found = cursor.fetchall()
        return [self._converted(row, connection) for row in found] if self.converters else list(found)

    def _params(self, values: Sequence[Any], connection: BaseDatabaseWrapper) -> Iterator[Any]:
        for part in self.parts:
            if not isinstance(part, _Slot):
                yield part
            elif isinstance(value := values[part.value], datetime):
                yield connection.ops.adapt_datetimefield_value(value + part.later if part.later else value)
            else:
                yield part.kind(value)

    def _converted(self, row: Sequence[Any], connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
        changed = list(row)
        for at, functions, expression in self.converters:
            for convert in functions:
                changed[at] = convert(changed[at], expression, connection)
        return tuple(changed)


class Compiled(Generic[P, Row]):
    """A question whose SQL is kept, by connection and shape: called, it answers all rows."""

    def __init__(self, build: Callable[P, QuerySet[Any, Row]]) -> None:
        self.build, self.__name__, self.__doc__ = build, build.__name__, build.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[Row]:
        values: list[Any] = []
        shape = (*(_shape(one, values) for one in args), *((name, _shape(one, values)) for name, one in kwargs.items()))
        connection = connections[current.alias]
        known: dict[Compiled[..., Any], dict[Hashable, tuple[_Statement | None, object]]]
        known = connection.__dict__.setdefault("compiled_statements", {})
        statements = known.setdefault(self, {})
        try:
            statement, _asked = statements[shape]
        except KeyError:
            if len(statements) >= MOST_SHAPES:
                statements.clear()
            statement = self._compile(connection, args, kwargs)
            # Expressions are told apart by where they lie in memory, so none of these may go.
            statements[shape] = statement, (args, kwargs)
        return [] if statement is None else statement.rows(values, connection)

    def _compile(
        self, connection: BaseDatabaseWrapper, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> _Statement | None:
        """None for a question that no row can answer, such as one about nobody."""
        try:
            one, other = (self._built(connection, args, kwargs, turn) for turn in (0, 1))
        except EmptyResultSet:
            return None
        if one.sql != other.sql or one.parts != other.parts:
            raise CannotCompile(f"{self.__name__} does more with its moments and numbers than hand them to the ORM")
        return one

    def _built(
        self, connection: BaseDatabaseWrapper, args: tuple[Any, ...], kwargs: dict[str, Any], turn: int
    ) -> _Statement:
        stand_ins = _StandIns(turn)
        asked = [stand_ins.of(one) for one in args]
        named = {name: stand_ins.of(one) for name, one in kwargs.items()}
        queryset = self.build(*asked, **named)
        if queryset._iterable_class is not ValuesListIterable:
            raise CannotCompile(f"{self.__name__} is no plain values_list")
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        read = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = [(at, *how) for at, how in compiler.get_converters(read).items()]
        return _Statement(sql, [stand_ins.slot(one, connection) for one in params], converters)


def compiled(build: Callable[P, QuerySet[Any, Row]]) -> Compiled[P, Row]:
    """Makes a function that returns a `values_list` one that answers its rows, and builds the SQL once."""
    return Compiled(build)


def _shape(asked: Any, values: list[Any]) -> Hashable:
    """What the SQL depends on; what it does not goes into `values`."""
    match asked:
        case None | bool() | str():
            return asked
        case datetime() | int():
            values.append(asked)
            return _MOMENT if isinstance(asked, datetime) else _NUMBER
        case list() | tuple() | set() | frozenset():
            if all(type(one) is int for one in asked):
                values.extend(asked)
                return (_NUMBER, len(asked))
            return tuple(_shape(one, values) for one in asked)
        case Combinable():
            return id(asked)
    raise CannotCompile(f"nobody knows how to ask with {type(asked).__name__}")


class _StandIns:
    """Values that no question is asked with, in the order in which `_shape` takes them down."""

    def __init__(self, turn: int) -> None:
        self.first_moment, self.first_number, self.count = _FIRST_MOMENTS[turn], _FIRST_NUMBERS[turn], 0
        # Which value each moment stands for.
        self.moments: list[int] = []

    def of(self, asked: Any) -> Any:
        match asked:
            case None | bool() | str() | Combinable():
                return asked
            case datetime():
                self.moments.append(self._next())
                return self.first_moment + (len(self.moments) - 1) * _APART
            case int():
                return self.first_number + self._next()
        return [self.of(one) for one in asked]

    def _next(self) -> int:
        self.count += 1
        return self.count - 1

    def slot(self, param: Any, connection: BaseDatabaseWrapper) -> _Slot | Any:
        """Which value goes where a parameter stands; the parameter itself if none does."""
        if isinstance(moment := _moment(param, connection), datetime):
            n = round((moment - self.first_moment) / _APART)
            later = moment - self.first_moment - n * _APART
            return _Slot(self.moments[n], type(param), later) if 0 <= n < len(self.moments) else param
        if isinstance(param, int) and 0 <= (value := int(param) - self.first_number) < self.count:
            return _Slot(value, type(param), timedelta())
        return param


def _moment(param: Any, connection: BaseDatabaseWrapper) -> Any:
    """A moment as it is, or read from the text that SQLite keeps."""
    if isinstance(param, str):
        try:
            param = datetime.fromisoformat(param)
        except ValueError:
            return None
        return param.replace(tzinfo=connection.timezone) if param.tzinfo is None else param
    return param
