"""Nothing slow is done while a transaction is open: whoever waits for its locks would wait for that as well.

Slow is what draws a PDF, encodes a picture, hashes a password, encrypts or sends away a whole file, or calls another
server. The demo is set up in one transaction on purpose, before anybody works with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from PIL import Image

from portal.common.paper import fonts
from portal.resources import storage

HERE = Path(__file__).resolve().parents[1]
THE_DEMO, A_TESTS_OWN_ROWS = str(HERE / "portal/ops/demo"), str(HERE / "tests/make.py")
OURS = (str(HERE / "portal"), str(HERE / "tests"))


class SlowInTransaction(AssertionError):
    pass


def is_open():
    """Whether a block of the portal's own is open; those round a test are not."""
    return any(
        not getattr(block, "_from_testcase", False)
        for connection in connections.all(initialized_only=True)
        for block in connection.atomic_blocks
    )


def _asked_by():
    """The files of ours that the work is done for, the nearest first."""
    frame = sys._getframe(2)
    while frame is not None:
        if (name := frame.f_code.co_filename).startswith(OURS) and name != __file__:
            yield name
        frame = frame.f_back


def refuse(what):
    """Raises SlowInTransaction if the portal does this while it keeps others waiting."""
    if not is_open():
        return
    files = list(_asked_by())
    # The rows that a test begins with keep nobody waiting.
    test = next((name for name in files if name.startswith(OURS[1])), "")
    if test == A_TESTS_OWN_ROWS or any(name.startswith(THE_DEMO) for name in files):
        return
    if files and files[0].startswith(OURS[0]):
        raise SlowInTransaction(f"{what} inside a transaction, by {files[0]}")


def _guarded(what, real):
    def run(*args, **kwargs):
        refuse(what)
        return real(*args, **kwargs)

    return run


def watch(patch):
    """Puts the guard before everything slow that the portal does."""
    patch.setattr(fonts, "choose", _guarded("a PDF is drawn", fonts.choose))
    patch.setattr(Image.Image, "save", _guarded("a picture is encoded", Image.Image.save))
    patch.setattr(MD5PasswordHasher, "encode", _guarded("a password is hashed", MD5PasswordHasher.encode))
    patch.setattr(storage, "put", _guarded("a file is put away", storage.put))
