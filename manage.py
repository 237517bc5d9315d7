#!/usr/bin/env python3
"""Runs the portal's commands. Begin with ``python3 manage.py demo``; it needs Python 3.11 to 3.13 and nothing else."""

import os
import sys

from portal.ops import bootstrap

HERE = os.path.dirname(os.path.abspath(__file__))

# None of these reads a real clinic's settings; the first key is made before there are any.
ENVIRONMENT_OF = {"demo": "demo", **dict.fromkeys(["test", "bench", "outage", "chaos", "make_key"], "test")}


def main():
    bootstrap.ensure_environment(HERE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in ENVIRONMENT_OF:
        os.environ["PORTAL_ENV"] = ENVIRONMENT_OF[command]

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from environs import EnvError

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EnvError) as problem:
        sys.exit("%s\nEvery setting is explained in .env.example." % problem)


if __name__ == "__main__":
    main()
