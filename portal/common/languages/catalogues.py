"""Compiles the words of other languages: `locale/<language>/LC_MESSAGES/django.po` into the `.mo` that Django reads.

Every process of the portal comes by here as it starts, so that a fresh checkout speaks all its languages without
gettext's own programs, and a changed word shows after the next start. An up-to-date catalogue costs a look at its age.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

logger = logging.getLogger(__name__)


def compile_stale(folder: Path) -> list[Path]:
    """Compiles what is older than its words, and names what it wrote. Fuzzy entries are left out."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not _is_older(target, source):
            continue
        try:
            _compile(source, target)
        except (OSError, ValueError) as problem:
            # A portal installed where it may not write was compiled when it was built; a file that somebody is just
            # writing is read at the next start. The words of before serve meanwhile.
            logger.warning("The words in %s could not be compiled: %s", source, problem)
        else:
            written.append(target)
    return written


def _is_older(target: Path, source: Path) -> bool:
    try:
        return target.stat().st_mtime_ns < source.stat().st_mtime_ns
    except FileNotFoundError:
        return True


def _compile(source: Path, target: Path) -> None:
    # Imported only when there is something to do: Babel takes a tenth of a second.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    changed = source.stat().st_mtime_ns
    try:
        with source.open("rb") as words:
            catalogue = read_po(words, locale=locale_of(source), abort_invalid=True)
    except PoFileError as problem:
        raise ValueError(str(problem)) from problem
    # Two processes may start at once: whoever reads finds the old file or the new one, never half of one.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write_mo(file, catalogue)
        os.chmod(name, 0o644)
        os.utime(name, ns=(changed, changed))
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def locale_of(source: Path) -> str:
    """Babel's name of the locale whose folder this is: `zh_Hans`, `vi`, `ar`."""
    return source.parents[1].name
