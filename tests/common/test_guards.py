"""Every guard that is registered stands, and what is gone, off, changed or not asked for is found and mended."""

from contextlib import contextmanager
from importlib import import_module

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, migrations, transaction

from portal.audit import trail
from portal.common import guards
from portal.common.access.actors import Actor
from portal.common.guards import Constraint, Function, Trigger
from portal.common.kept import stamp
from portal.ops import health
from tests import older

POSTGRES = connection.vendor == "postgresql"
PARTS = {
    f"{guard.name}: {type(part).__name__.lower()} {part.name}": (guard, part)
    for guard in guards.registered()
    for part in guard.on(connection.vendor)
}


def _of(*kinds, on=(connection.vendor,)):
    named = {name: pair for name, pair in PARTS.items() if isinstance(pair[1], kinds) and connection.vendor in on}
    return pytest.mark.parametrize(("guard", "part"), named.values(), ids=named.keys())


def _run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _found():
    """What doctor says is wrong."""
    return [finding.what for finding in health.database_guards() if finding.state is health.State.WRONG]


@contextmanager
def _mended():
    """What follows is mended by what every `migrate` does at its end.

    That nothing was wrong before needs no look of its own: each test then finds what it did, and nothing else.
    """
    yield
    guards.restore(connection)
    assert _found() == []


def _nothing(part):
    """A trigger of the same name on the same table, that does nothing."""
    body = "EXECUTE FUNCTION nothing()" if POSTGRES else "BEGIN SELECT 1; END"
    return f"CREATE TRIGGER {part.name} AFTER INSERT ON {part.table} FOR EACH ROW {body}"


def _less_often(part):
    """The same words, but for a condition that is never true."""
    if POSTGRES and " FOR EACH ROW WHEN (" in part.create:
        return part.create.replace(" FOR EACH ROW WHEN (", " FOR EACH ROW WHEN (false AND ", 1)
    if POSTGRES:
        return part.create.replace(" EXECUTE FUNCTION", " WHEN (false) EXECUTE FUNCTION", 1)
    if " WHEN " in part.create:
        return part.create.replace(" WHEN ", " WHEN 0 AND ", 1)
    return part.create.replace(" BEGIN ", " WHEN 0 BEGIN ", 1)


@pytest.mark.django_db
@_of(Trigger)
def test_a_trigger_that_is_gone_or_another_is_found(guard, part):
    missing, altered = (
        f"the database does not guard {guard.name}: {part.name} {how}" for how in ("missing", "altered")
    )
    unknown = "the database does what no guard asks for: nothing() unknown"
    with _mended():
        _run(part.drop(connection.vendor))
        assert _found() == [missing]
        assert guards.problem(connection, guard) == missing
        if POSTGRES:
            _run("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$")
        _run(_nothing(part))
        assert _found() == ([altered, unknown] if POSTGRES else [altered])
        _run("DROP FUNCTION nothing CASCADE" if POSTGRES else part.drop(connection.vendor))
        _run(_less_often(part))
        assert _found() == [altered]


@pytest.mark.django_db
@_of(Constraint)
def test_a_dropped_constraint_is_found(guard, part):
    with _mended():
        _run(part.drop(connection.vendor))
        missing = f"the database does not guard {guard.name}: {part.name} missing"
        assert _found() == [missing]
        assert guards.problem(connection, guard) == missing


@pytest.mark.django_db
@_of(Trigger, on=["postgresql"])
@pytest.mark.parametrize("off", ["DISABLE TRIGGER", "ENABLE REPLICA TRIGGER"])
def test_a_disabled_trigger_is_found(guard, part, off):
    with _mended():
        _run(f"ALTER TABLE {part.table} {off} {part.name}")
        assert _found() == [f"the database does not guard {guard.name}: {part.name} disabled"]


@pytest.mark.django_db
@_of(Function)
def test_an_altered_function_is_found(guard, part):
    body = "BEGIN RETURN NEW; END" if part.returns.startswith("trigger") else "SELECT true"
    with _mended():
        _run(f"CREATE OR REPLACE FUNCTION {part.name}({part.arguments}) RETURNS {part.returns} AS $${body}$$")
        sharing = [one for one in guards.registered() if part in one.on("postgresql")]
        assert _found() == [f"the database does not guard {one.name}: {part.name}() altered" for one in sharing]


@pytest.mark.django_db
@_of(Function)
def test_a_dropped_function_is_found(guard, part):
    with _mended():
        _run(f"DROP FUNCTION {part.name} CASCADE")
        assert f"{part.name}() missing" in guards.problem(connection, guard)


@pytest.mark.django_db
@_of(Constraint)
def test_an_altered_constraint_is_found(guard, part):
    with _mended():
        _run(part.drop(connection.vendor))
        _run(f"ALTER TABLE {part.table} ADD CONSTRAINT {part.name} CHECK (id > 0) NOT VALID")
        assert _found() == [f"the database does not guard {guard.name}: {part.name} altered"]


@pytest.mark.django_db
def test_what_no_guard_asks_for_is_found_and_goes():
    with _mended():
        if POSTGRES:
            _run("CREATE FUNCTION left_over() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$")
            _run("CREATE TRIGGER left_behind BEFORE INSERT ON billing_line FOR EACH ROW EXECUTE FUNCTION left_over()")
            names = "left_behind unknown, left_over() unknown"
        else:
            _run("CREATE TRIGGER left_behind BEFORE INSERT ON billing_line BEGIN SELECT 1; END")
            names = "left_behind unknown"
        assert _found() == [f"the database does what no guard asks for: {names}"]


@pytest.mark.django_db
def test_a_guard_that_is_no_longer_registered_leaves_nothing(monkeypatch):
    once = guards.Guard(
        "what was",
        sqlite=[Trigger("once", guards.refuses("BEFORE DELETE", "billing_line", "1", "Once."))],
        postgresql=[
            Function("once_helper", "SELECT true", returns="boolean LANGUAGE sql"),
            once_refused := Function("once", f"BEGIN {guards.raises('Once.')} END"),
            Trigger("once", guards.runs("BEFORE DELETE", "billing_line", "", once_refused)),
            Constraint("once_held", "billing_line", "CHECK (id > 0)"),
        ],
    )
    with _mended():
        with monkeypatch.context() as patch:
            patch.setattr("portal.common.guards.registry._registered", [*guards.registered(), once])
            guards.restore(connection)
            assert _found() == []
        assert _found() != []


@pytest.mark.skipif(not POSTGRES, reason="SQLite's triggers run no functions")
@pytest.mark.django_db
def test_a_function_that_answers_something_else_now_is_made_anew():
    with _mended():
        _run("DROP FUNCTION records_rekeyed CASCADE")
        _run("CREATE FUNCTION records_rekeyed(was text, becomes text) RETURNS text LANGUAGE sql AS 'SELECT was'")
        assert "records_rekeyed() altered" in _found()[0]


def test_two_guards_of_one_name_are_refused():
    trail = next(guard for guard in guards.registered() if guard.name == "the trail")
    name = trail.sqlite[0].name
    with pytest.raises(ValueError, match=f"two parts of the name {name}"):
        guards.register(
            guards.Guard("other", sqlite=[Trigger(name, "BEFORE DELETE ON x BEGIN SELECT 1; END")], postgresql=[])
        )
    assert "other" not in {guard.name for guard in guards.registered()}


# ---- Through migrations ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_guards_outlive_rebuilt_tables_and_unfinished_migrations():
    """Through the door that people use: `migrate`, to an older state and on again."""
    try:
        call_command("migrate", "website", "0001", verbosity=0)
        by_name = {guard.name: guard for guard in guards.registered()}
        assert guards.problem(connection, by_name["the books"]) == ""
        assert guards.problem(connection, by_name["the trail"]) == ""
    finally:
        call_command("migrate", verbosity=0)
    assert _found() == []


@pytest.mark.django_db(transaction=True)
def test_migrate_with_nothing_to_do_puts_back_what_is_gone():
    _run("DROP TRIGGER audit_entry_no_delete" if not POSTGRES else "DROP TRIGGER audit_entry_guard ON audit_entry")
    assert _found() != []
    call_command("migrate", verbosity=0)
    assert _found() == []


@pytest.mark.django_db(transaction=True)
def test_a_failed_migration_leaves_the_rows_guarded(monkeypatch):
    def fail(apps, schema_editor):
        raise CommandError("no more room")

    call_command("migrate", "website", "0001", verbosity=0)
    try:
        module = import_module("portal.website.migrations.0002_who_checked_a_crisis_line")
        operations = [migrations.RunPython(fail, migrations.RunPython.noop), *module.Migration.operations]
        monkeypatch.setattr(module.Migration, "operations", operations)
        before = _found()
        with pytest.raises(CommandError, match="no more room"):
            call_command("migrate", verbosity=0)
        assert _found() == before
        assert [words for words in before if "books" in words or "trail" in words] == []
    finally:
        monkeypatch.undo()
        call_command("migrate", verbosity=0)
    assert _found() == []


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_a_table_that_was_renamed_before_a_migration_failed_is_guarded(monkeypatch):
    """Of several migrations the first ones stay: their tables have other names by then."""

    def fail(apps, schema_editor):
        raise CommandError("no more room")

    policies = next(guard for guard in guards.registered() if guard.name == "the policies")
    try:
        older.go_back("clinic", "0008")
        module = import_module("portal.clinic.migrations.0011_own_fees")
        operations = [migrations.RunPython(fail, migrations.RunPython.noop), *module.Migration.operations]
        monkeypatch.setattr(module.Migration, "operations", operations)
        before = stamp.read()
        with pytest.raises(CommandError, match="no more room"):
            call_command("migrate", verbosity=0)
        assert "policies_policyversion" in connection.introspection.table_names()
        if not POSTGRES:  # there they stood through the renaming
            assert guards.problem(connection, policies) == ""
            assert stamp.read() != before
    finally:
        monkeypatch.undo()
        call_command("migrate", verbosity=0)
    assert _found() == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_may_lift_the_guards_of_the_tables_it_names():
    trail.record("page.made", by=Actor.system("tests"))
    change = "UPDATE audit_entry SET actor_name = 'changed'"
    with transaction.atomic(), guards.lifted(connection, "audit_entry"):
        _run(change)
    with pytest.raises(DatabaseError), transaction.atomic():
        _run(change)
    assert _found() == []
