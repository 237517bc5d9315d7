"""What the database itself refuses or does, whoever writes to it: triggers, their functions and exclusion constraints.

An app declares its guards in its own `guards.py` and registers them in its AppConfig. After every `migrate` the
database holds exactly what is registered, on both engines; `doctor` compares names
and bodies.
"""

from portal.common.guards.comparing import MayNotCompare
from portal.common.guards.frozen import frozen
from portal.common.guards.migrating import lifted, restore, restore_after_failure, watch_migrations
from portal.common.guards.once import changes_once, fills_once
from portal.common.guards.parts import REFUSE, Constraint, Function, Guard, Trigger, raises, refuses, runs
from portal.common.guards.registry import problem, problems, register, registered

__all__ = [
    "REFUSE",
    "Constraint",
    "Function",
    "Guard",
    "MayNotCompare",
    "Trigger",
    "changes_once",
    "fills_once",
    "frozen",
    "lifted",
    "problem",
    "problems",
    "raises",
    "refuses",
    "register",
    "registered",
    "restore",
    "restore_after_failure",
    "runs",
    "watch_migrations",
]
