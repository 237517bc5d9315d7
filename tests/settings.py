"""The portal's own settings, with a data folder that this run shares with nobody."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["PORTAL_ENV"] = "test"
if "PORTAL_DATA_DIR" not in os.environ:
    # Set in the environment, so that the processes that tests start share it.
    os.environ["PORTAL_DATA_DIR"] = tempfile.mkdtemp(prefix="portal-test-")
    atexit.register(shutil.rmtree, os.environ["PORTAL_DATA_DIR"], ignore_errors=True)
# Each worker of a parallel run has its own within it: e-mails, pictures and keys are as apart as the databases.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and Path(os.environ["PORTAL_DATA_DIR"]).name != _worker:
    os.environ["PORTAL_DATA_DIR"] = os.path.join(os.environ["PORTAL_DATA_DIR"], _worker)
    os.makedirs(os.environ["PORTAL_DATA_DIR"], exist_ok=True)

from portal.settings import *  # noqa: E402, F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.common.crypto.sealed"]  # noqa: F405
