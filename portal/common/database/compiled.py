"""Questions that pages ask all the time: their SQL is built once, and then only given new values.

Building the SQL of a queryset takes longer than the database takes to answer it. A question is an ordinary function
that returns a queryset; called, it answers all of it. It is run with stand-ins for moments, numbers and codes, once for
each shape of what it is asked with: how many ids there are, and everything that is none of these. Where the stand-ins
end up in the SQL is where later values go.

So the function only hands its values to the ORM, moments with a time added or taken away too; it doesn't compare them,
or decide by them. This is checked when the SQL is built, by building it twice with other stand-ins.

Neither a clock nor anything that is kept or set may have a say in it either: what they say is handed over as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection as current
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

P = ParamSpec("P")
Row = TypeVar("Row")

# So many shapes of one question are known at a time: a clinic asks about few different numbers of people.
MOST_SHAPES = 100
# Stand-ins lie so far apart, and no moment is put off by half of it.
_APART = timedelta(days=1_500)
_FIRST_MOMENTS = (datetime(3000, 1, 1, tzinfo=UTC), datetime(3001, 3, 5, 7, 9, 11, tzinfo=UTC))
_FIRST_NUMBERS = (2**40, 2**41)
# What stands for a value in a shape.
_MOMENT, _NUMBER, _CODE, _GIVEN = object(), object(), object(), object()


class CannotCompile(TypeError):
    """A question does more with its values than hand them on."""


class Given(str):
    """Text that is a value like a number: any other is part of the question, as a role or a status is."""

    __slots__ = ()


class _Slot(NamedTuple):
    """Where a value goes: which one, of which type the driver is handed it, and what is added to a moment."""

    value: int
    kind: type
    later: timedelta


class _Statement:
    """The SQL of one shape; `parts` are its parameters, each a value's slot or as it stands in any such question."""

    def __init__(self, queryset: QuerySet[Any, Any], compiler: SQLCompiler, sql: str, parts: list[_Slot | Any]) -> None:
        self.queryset, self.compiler, self.sql, self.parts = queryset, compiler, sql, parts

    def answer(self, values: Sequence[Any]) -> list[Any]:
        with self.compiler.connection.cursor() as cursor:
            cursor.execute(self.sql, list(self._params(values)))
            found = cursor.fetchall()
        made_of: Any = self.queryset._iterable_class
        return [*made_of(_Answered(self.queryset, self.compiler, found))]

    def _params(self, values: Sequence[Any]) -> Iterator[Any]:
        adapt = self.compiler.connection.ops.adapt_datetimefield_value
        for part in self.parts:
            if not isinstance(part, _Slot):
                yield part
            elif isinstance(value := values[part.value], datetime):
                yield adapt(value + part.later if part.later else value)
            elif isinstance(value, UUID):
                yield value.hex if part.kind is str else value
            else:
                yield part.kind(value)


class _Answered:
    """What Django makes models or tuples of: it is asked for a queryset, its query and the compiler in one."""

    def __init__(self, queryset: QuerySet[Any, Any], compiler: SQLCompiler, rows: list[Any]) -> None:
        self.model, self.db, self.query = queryset.model, queryset.db, self
        # By which the members of named tuples are called.
        self._fields = queryset._fields  # type: ignore[attr-defined]  # not in the stubs
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map
        self._known_related_objects: dict[Any, Any] = {}
        self._compiler, self._rows = compiler, rows

    def get_compiler(self, using: str) -> _Answered:
        return self

    def execute_sql(self, **how: Any) -> list[list[Any]]:
        return [self._rows]

    def results_iter(self, results: Any = None, *, tuple_expected: bool = False, **how: Any) -> Iterator[Any]:
        return self._compiler.results_iter([self._rows], tuple_expected=tuple_expected)


class Compiled(Generic[P, Row]):
    """A question whose SQL is kept, by connection and shape: called, it answers all that it finds."""

    def __init__(self, build: Callable[P, QuerySet[Any, Row]]) -> None:
        self.build, self.__name__, self.__doc__ = build, build.__name__, build.__doc__
        # In this process, on any connection.
        self._checked: set[Hashable] = set()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[Row]:
        values: list[Any] = []
        shape = (*(_shape(one, values) for one in args), *((name, _shape(one, values)) for name, one in kwargs.items()))
        connection = connections[current.alias]
        known: dict[Compiled[..., Any], dict[Hashable, _Statement | None]]
        known = connection.__dict__.setdefault("compiled_statements", {})
        statements = known.setdefault(self, {})
        try:
            statement = statements[shape]
        except KeyError:
            if len(statements) >= MOST_SHAPES:
                statements.clear()
                self._checked.clear()
            statement = statements[shape] = self._compile(connection, shape, args, kwargs)
        return [] if statement is None else statement.answer(values)

    def _compile(
        self, connection: BaseDatabaseWrapper, shape: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> _Statement | None:
        """None for a question that no row can answer, such as one about nobody."""
        try:
            made = self._built(connection, args, kwargs, 0)
        except EmptyResultSet:
            return None
        if shape not in self._checked:
            other = self._built(connection, args, kwargs, 1)
            if (made.sql, made.parts) != (other.sql, other.parts):
                raise CannotCompile(f"{self.__name__} does more with its values than hand them to the ORM")
            self._checked.add(shape)
        return made

    def _built(
        self, connection: BaseDatabaseWrapper, args: tuple[Any, ...], kwargs: dict[str, Any], turn: int
    ) -> _Statement:
        stand_ins = _StandIns(turn)
        asked = [stand_ins.of(one) for one in args]
        named = {name: stand_ins.of(one) for name, one in kwargs.items()}
        queryset = self.build(*asked, **named)
        if queryset._prefetch_related_lookups or queryset._known_related_objects:  # type: ignore[attr-defined]  # not in the stubs
            raise CannotCompile(f"{self.__name__} reads more than one statement does")
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        return _Statement(queryset, compiler, sql, [stand_ins.slot(one, connection) for one in params])


def compiled(build: Callable[P, QuerySet[Any, Row]]) -> Compiled[P, Row]:
    """Makes a function that returns a queryset one that answers its rows or models, and builds the SQL once."""
    return Compiled(build)


def _shape(asked: Any, values: list[Any]) -> Hashable:
    """What the SQL depends on; what it does not goes into `values`."""
    match asked:
        case Given() | UUID():
            values.append(asked)
            return _CODE if isinstance(asked, UUID) else _GIVEN
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
            return _Same(asked)
    raise CannotCompile(f"nobody knows how to ask with {type(asked).__name__}")


class _Same:
    """An expression, the same as itself alone: to compare what two are made of would take long."""

    def __init__(self, expression: Combinable) -> None:
        self.expression = expression

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.expression is self.expression

    def __hash__(self) -> int:
        return id(self.expression)


class _StandIns:
    """Values that no question is asked with, in the order in which `_shape` takes them down."""

    def __init__(self, turn: int) -> None:
        self.first_moment, self.first_number, self.count = _FIRST_MOMENTS[turn], _FIRST_NUMBERS[turn], 0
        # Which value each moment stands for.
        self.moments: list[int] = []
        # The same of every form that text and codes may take.
        self.words: dict[Any, int] = {}

    def of(self, asked: Any) -> Any:
        match asked:
            case Given() | UUID():
                n = self._next()
                code = UUID(int=self.first_number + n)
                self.words |= {code: n, code.hex: n}
                return code if isinstance(asked, UUID) else Given(code.hex)
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
        if isinstance(param, str | UUID) and param in self.words:
            return _Slot(self.words[param], str if isinstance(param, str) else UUID, timedelta())
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
