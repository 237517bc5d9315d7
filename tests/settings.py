"""The portal's own settings, with a data folder that this run shares with nobody."""

import atexit
import os
import shutil
import tempfile

os.environ["PORTAL_ENV"] = "test"
if "PORTAL_DATA_DIR" not in os.environ:
    # Set in the environment, so that the workers of a parallel run and the processes that tests start share it.
    os.environ["PORTAL_DATA_DIR"] = tempfile.mkdtemp(prefix="portal-test-")
    atexit.register(shutil.rmtree, os.environ["PORTAL_DATA_DIR"], ignore_errors=True)

from portal.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.common.sealed"]  # noqa: F405
