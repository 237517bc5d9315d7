"""What a guard is made of, said as data, so that it can be put up, taken down and compared with what stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ON = re.compile(r"\A(?:BEFORE|AFTER)\s.*?\sON\s+(\w+)\s", re.DOTALL)


def _quoted(words: str) -> str:
    return words.replace("'", "''")


@dataclass(frozen=True)
class Trigger:
    """A trigger; `definition` is all that follows its name, from BEFORE or AFTER on. Names are unique on an engine."""

    name: str
    definition: str

    @property
    def table(self) -> str:
        """The table that it is ON; raises ValueError if its words do not say."""
        found = _ON.match(self.definition)
        if found is None:
            raise ValueError(f"the trigger {self.name} does not say ON which table")
        return found[1]

    @property
    def create(self) -> str:
        """The statement that makes it."""
        return f"CREATE TRIGGER {self.name} {self.definition}"

    def drop(self, vendor: str) -> str:
        """The statement that takes it away where it is, and does nothing where it is not."""
        return f"DROP TRIGGER IF EXISTS {self.name}" + (f" ON {self.table}" if vendor == "postgresql" else "")


@dataclass(frozen=True)
class Function:
    """A PostgreSQL function, by default one that a trigger runs; `body` is what stands between the $$."""

    name: str
    body: str
    arguments: str = ""
    returns: str = "trigger LANGUAGE plpgsql"

    @property
    def definition(self) -> str:
        """Its words as the database keeps them, for comparing."""
        return f"{self.name}({self.arguments}) RETURNS {self.returns} AS $${self.body}$$"

    @property
    def create(self) -> str:
        """The statement that makes or replaces it."""
        return f"CREATE OR REPLACE FUNCTION {self.definition}"


@dataclass(frozen=True)
class Constraint:
    """A PostgreSQL constraint that no model can declare on both engines; `definition` is what follows its name."""

    name: str
    table: str
    definition: str

    @property
    def create(self) -> str:
        """The statement that adds it."""
        return f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} {self.definition}"

    def drop(self, vendor: str) -> str:
        """The statement that takes it away where it is, and does nothing where it is not."""
        return f"ALTER TABLE {self.table} DROP CONSTRAINT IF EXISTS {self.name}"


Part = Trigger | Function | Constraint


@dataclass(frozen=True)
class Guard:
    """What keeps one thing; `name` says which, as doctor's sentence ends: "the database does not guard the books"."""

    name: str
    sqlite: Sequence[Trigger]
    postgresql: Sequence[Part]

    def on(self, vendor: str) -> Sequence[Part]:
        """The parts that one engine has: `vendor` is what Django calls it."""
        return self.postgresql if vendor == "postgresql" else self.sqlite

    def tables(self, vendor: str) -> set[str]:
        """The tables that its triggers and constraints stand on."""
        return {part.table for part in self.on(vendor) if not isinstance(part, Function)}


def refuses(when: str, table: str, condition: str, words: str) -> str:
    """The definition of a SQLite trigger that refuses what happens to a row for which the condition holds."""
    return f"{when} ON {table} FOR EACH ROW WHEN {condition} BEGIN SELECT RAISE(ABORT, '{_quoted(words)}'); END"


# 23000 is integrity_constraint_violation: both engines then raise Django's IntegrityError.
_AS_INTEGRITY_ERROR = "USING ERRCODE = '23000', CONSTRAINT = TG_NAME;"


def raises(words: str) -> str:
    """The PL/pgSQL statement that refuses, for the body of a Function."""
    return f"RAISE EXCEPTION '{_quoted(words).replace('%', '%%')}' {_AS_INTEGRITY_ERROR}"


REFUSE = Function("portal_refuse", f" BEGIN RAISE EXCEPTION '%', TG_ARGV[0] {_AS_INTEGRITY_ERROR} END ")


def runs(when: str, table: str, condition: str, function: Function, *words: str, each: str = "ROW") -> str:
    """The definition of a PostgreSQL trigger that runs a function, with words as its arguments."""
    arguments = ", ".join(f"'{_quoted(word)}'" for word in words)
    only = f"WHEN ({condition}) " if condition else ""
    return f"{when} ON {table} FOR EACH {each} {only}EXECUTE FUNCTION {function.name}({arguments})"
