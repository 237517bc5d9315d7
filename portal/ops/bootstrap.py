"""Makes the portal's own Python environment in ``.venv`` and moves the running command into it.

This file is read by whatever ``python3`` a machine has, so it keeps to the standard library and to the syntax of
Python 3.6: an old interpreter must get as far as the sentence that says what to install.
"""

import contextlib
import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Dict, Iterator, List, Optional, Sequence

OLDEST, NEWEST = (3, 11), (3, 13)
CANDIDATES = ("python3.13", "python3.12", "python3.11")
EXTRA_PLACES = ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin")

# Written before the first package lands and removed after the last: finding it means that a set-up was cut short.
UNFINISHED = ".portal-unfinished"
FINISHED = ".portal-lock"


class CannotSetUp(Exception):
    """Carries one sentence for the person at the keyboard: what is wrong and what to do."""


def ensure_environment(root: str) -> None:
    """Returns when this process runs among the locked packages; else sets those up and starts it again there."""
    if os.environ.get("PORTAL_NO_VENV") == "1":
        if not _has("django"):
            sys.exit(
                "PORTAL_NO_VENV=1 is set, but this Python has no Django: pip install -r requirements.txt, or unset it."
            )
        return
    environment = Environment(root)
    try:
        if environment.is_ready():
            if not environment.is_current():
                _become(environment.python)
            for mark in ("PORTAL_STEPPED_OUT", "PORTAL_FOUND_PYTHON"):
                os.environ.pop(mark, None)
            return
        if environment.is_current():
            # A half-made environment cannot repair itself from within: step out to the Python that it was made from.
            _become(getattr(sys, "_base_executable", None) or shutil.which("python3"), once="PORTAL_STEPPED_OUT")
        if not _is_supported(*sys.version_info[:2]):
            _become(_find_python(), once="PORTAL_FOUND_PYTHON")
        environment.set_up()
        _become(environment.python)
    except CannotSetUp as problem:
        sys.stderr.write("\n%s\n" % problem)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped before the set-up was complete. The same command will finish it.\n")
        sys.exit(130)


class Environment:
    """The folder ``.venv`` of one checkout."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.folder = os.path.join(root, ".venv")
        self.python = os.path.join(self.folder, "bin", "python")
        self.requirements = os.path.join(root, "requirements.txt")

    def is_current(self) -> bool:
        return os.path.realpath(sys.prefix) == os.path.realpath(self.folder)

    def is_ready(self) -> bool:
        if not os.path.exists(self.python) or os.path.exists(os.path.join(self.folder, UNFINISHED)):
            return False
        with contextlib.suppress(OSError), open(os.path.join(self.folder, FINISHED)) as stamp:
            return stamp.read().strip() == self._lock_digest()
        return False

    def set_up(self) -> None:
        """Makes or repairs the environment; a second start at the same time waits for the first."""
        if os.name != "posix":
            raise CannotSetUp("The portal runs on Linux and macOS. On Windows, run it inside WSL (wsl --install).")
        with self._only_one():
            if self.is_ready():
                return
            began = time.time()
            try:
                self._make_folder()
                self._install()
            except OSError as problem:
                raise CannotSetUp(_explain(problem, self.folder)) from problem
            _say("The environment is ready (%d seconds).\n" % round(time.time() - began))

    def _make_folder(self) -> None:
        unfinished = os.path.join(self.folder, UNFINISHED)
        if os.path.exists(unfinished):
            _say("The last set-up was cut short; starting it afresh.")
            shutil.rmtree(self.folder)
        elif os.path.lexists(self.folder) and not os.path.exists(self.python):
            _say("The environment in .venv lost its Python; making it afresh.")
            shutil.rmtree(self.folder)
        if os.path.exists(self.python):
            _say("The list of packages has changed; bringing .venv up to date.")
        else:
            _say("Setting up the portal's own Python environment in .venv (first time only, usually under a minute).")
            # Begun under the marker, so that a cut between here and the last package is noticed.
            os.makedirs(self.folder)
        open(unfinished, "w").close()
        if os.path.exists(self.python):
            return
        without_pip = bool(shutil.which("uv")) or not _has("ensurepip")
        if without_pip and not shutil.which("uv") and not _has("pip"):
            version = "%d.%d" % sys.version_info[:2]
            raise CannotSetUp(
                "This Python cannot make virtual environments. On Debian or Ubuntu, run: "
                "apt-get install python%s-venv   (or python3-venv), then the same command again." % version
            )
        command = [sys.executable, "-m", "venv", *(["--without-pip"] if without_pip else []), self.folder]
        _run(command, "The virtual environment could not be made.")

    def _install(self) -> None:
        _say("Fetching the packages named in requirements.txt, each checked against its hash ...")
        if not self._install_by_uv():
            _say("Going on with pip, which takes a little longer ...")
            _run(
                [*self._pip(), "install", "--quiet", "--require-hashes", "-r", self.requirements],
                "The packages could not be installed. Check the internet connection (and any proxy), then try again.",
            )
        stamp = os.path.join(self.folder, FINISHED)
        with open(stamp + ".new", "w") as file:
            file.write(self._lock_digest() + "\n")
        os.replace(stamp + ".new", stamp)
        os.remove(os.path.join(self.folder, UNFINISHED))

    def _install_by_uv(self) -> bool:
        """Tries the fast installer: the machine's own uv, or the locked one put into the environment first."""
        uv = shutil.which("uv") or self._fetch_uv()
        if not uv:
            return False
        command = [uv, "pip", "install", "--quiet", "--no-config", "--python", self.python]
        command += ["--require-hashes", "-r", self.requirements]
        done = subprocess.run(
            command, env=_environment_for_uv(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.root
        )
        return done.returncode == 0

    def _fetch_uv(self) -> Optional[str]:
        with open(self.requirements) as file:
            locked = re.search(r"^uv==(?:.*\\\n)*.*\n", file.read(), re.MULTILINE)
        if not locked:
            return None
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
            only_uv.write(locked.group())
            only_uv.flush()
            command = [*self._pip(), "install", "--quiet", "--require-hashes", "-r", only_uv.name]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return os.path.join(self.folder, "bin", "uv") if done.returncode == 0 else None

    def _pip(self) -> List[str]:
        options = ["--disable-pip-version-check", "--no-input"]
        inside = os.path.join(self.folder, "bin", "pip")
        if not os.path.exists(inside) and _has("ensurepip"):
            _run([self.python, "-m", "ensurepip"], "pip could not be put into .venv.")
        if os.path.exists(inside):
            return [self.python, "-m", "pip", *options]
        return [sys.executable, "-m", "pip", "--python", self.python, *options]

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        import fcntl

        path = self.folder + ".lock"
        try:
            file = open(path, "w")  # noqa: SIM115 - held open for as long as the lock is
        except OSError as problem:
            raise CannotSetUp(_explain(problem, path)) from problem
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                _say("Another command is setting up the environment; waiting for it ...")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _lock_digest(self) -> str:
        try:
            with open(self.requirements, "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
        except OSError as problem:
            raise CannotSetUp("requirements.txt is missing beside manage.py: is this checkout complete?") from problem


def _is_supported(major: int, minor: int) -> bool:
    return OLDEST <= (major, minor) <= NEWEST


def _find_python() -> str:
    for name in CANDIDATES:
        for folder in os.environ.get("PATH", "").split(os.pathsep) + list(EXTRA_PLACES):
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK) and _runs_supported(path):
                return path
    raise CannotSetUp(
        "The portal needs Python 3.11, 3.12 or 3.13, and this is %d.%d. Install one of them "
        "(Debian or Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13), "
        "then run the same command again." % sys.version_info[:2]
    )


def _runs_supported(path: str) -> bool:
    # A pyenv shim stands on PATH for versions that are not switched on: only running it tells.
    try:
        words = subprocess.check_output(
            [path, "-c", "import sys; print(*sys.version_info[:2])"], stderr=subprocess.DEVNULL, timeout=20
        )
        major, minor = words.split()
        return _is_supported(int(major), int(minor))
    except (OSError, subprocess.SubprocessError, ValueError):
        return False


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _become(python: Optional[str], once: Optional[str] = None) -> None:
    """Replaces this process by the same command under another interpreter."""
    if not python or (once and os.environ.get(once)):
        raise CannotSetUp(
            "The environment in .venv cannot be repaired from here: delete the folder .venv and try again."
        )
    if once:
        os.environ[once] = "1"
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(python, [python, *sys.argv])


def _run(command: Sequence[str], sentence: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-8:]
        raise CannotSetUp("%s\n\nThe installer's last words:\n  %s" % (sentence, "\n  ".join(last)))


def _environment_for_uv() -> Dict[str, str]:
    """Lets uv go the way that pip is told to go: behind the same mirror and with the same certificates."""
    environment = dict(os.environ)
    environment.pop("VIRTUAL_ENV", None)
    for ours, theirs in (("UV_DEFAULT_INDEX", "PIP_INDEX_URL"), ("SSL_CERT_FILE", "PIP_CERT")):
        if theirs in environment:
            environment.setdefault(ours, environment[theirs])
    return environment


def _explain(problem: OSError, path: str) -> str:
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "This user may not write %s: run as the user who owns the checkout, or mend the folder's owner." % path
    if problem.errno == errno.ENOSPC:
        return "The disk is full: the environment needs about 1 GB. Free some space, then run the same command again."
    return "The environment in %s could not be made: %s" % (path, problem)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
