"""The first start on a machine, with real interpreters and real environments; only the list of packages is empty."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from portal.ops import bootstrap

ROOT = Path(__file__).resolve().parents[2]
STARTED = """
import sys
from portal.ops import bootstrap
{patch}
bootstrap.ensure_environment({root!r})
print("started in", sys.prefix)
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout with the real bootstrap and no packages to fetch."""
    (tmp_path / "portal" / "ops").mkdir(parents=True)
    for name in ("portal/__init__.py", "portal/ops/__init__.py", "portal/ops/bootstrap.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "manage.py").write_text(STARTED.format(root=str(tmp_path), patch=""))
    return tmp_path


def command(checkout, python=sys.executable):
    return [python, str(checkout / "manage.py"), "hello"]


def environment(**more):
    """A shell where uv is at hand, which makes an environment in a moment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "VIRTUAL_ENV"))}
    path = os.pathsep.join([sysconfig.get_path("scripts"), kept["PATH"]])
    return {**kept, "PATH": path, **more}


def start(checkout, python=sys.executable, **more):
    return subprocess.run(
        command(checkout, python), env=environment(**more), capture_output=True, text=True, timeout=120, check=False
    )


def patched(checkout, patch):
    (checkout / "manage.py").write_text(STARTED.format(root=str(checkout), patch=patch))


def test_first_start_makes_the_environment_and_the_second_only_uses_it(checkout):
    first = start(checkout)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("Setting up the portal's own Python environment in .venv")
    assert first.stdout.endswith(f"started in {checkout}/.venv\n")

    second = start(checkout)
    assert (second.returncode, second.stdout) == (0, f"started in {checkout}/.venv\n")

    from_within = start(checkout, python=str(checkout / ".venv/bin/python"))
    assert from_within.stdout == second.stdout


def test_machine_without_uv_sets_up_with_its_own_pip(checkout):
    done = start(checkout, PATH="/nonexistent")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Going on with pip" in done.stdout
    assert done.stdout.endswith(f"started in {checkout}/.venv\n")


def test_changed_list_of_packages_is_installed(checkout):
    start(checkout)
    (checkout / "requirements.txt").write_text("# something else\n")
    again = start(checkout)
    assert again.stdout.startswith("The list of packages has changed; bringing .venv up to date.\n")
    assert start(checkout).stdout == f"started in {checkout}/.venv\n"


@pytest.mark.parametrize("who", ["the machine's Python", "the environment's own"])
def test_cut_short_set_up_is_begun_afresh(checkout, who):
    start(checkout)
    (checkout / ".venv" / bootstrap.UNFINISHED).touch()
    (checkout / ".venv" / "half-written").touch()
    python = sys.executable if who == "the machine's Python" else str(checkout / ".venv/bin/python")
    again = start(checkout, python=python)
    assert again.stdout.startswith("The last set-up was cut short; starting it afresh.\n")
    assert again.stdout.endswith(f"started in {checkout}/.venv\n")
    assert not (checkout / ".venv" / "half-written").exists()


def test_interrupt_leaves_a_set_up_that_the_next_start_repairs(checkout):
    process = subprocess.Popen(command(checkout), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 20
    while not (checkout / ".venv" / bootstrap.UNFINISHED).exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert complaint.decode() == "\nStopped before the set-up was complete. The same command will finish it.\n"
    assert start(checkout).stdout.endswith(f"started in {checkout}/.venv\n")


def test_two_starts_at_once_set_up_once(checkout):
    both = [
        subprocess.Popen(
            command(checkout), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    words = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("The environment is ready" in out for out, _ in words) == 1
    assert all(out.endswith(f"started in {checkout}/.venv\n") for out, _ in words)


def test_unsupported_python_is_told_what_to_install(checkout):
    patched(checkout, "bootstrap.OLDEST, bootstrap.NEWEST = (3, 98), (3, 99)")
    done = start(checkout, PATH="/nonexistent")
    assert done.returncode == 1
    assert "The portal needs Python 3.11, 3.12 or 3.13, and this is 3." in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_python_without_pip_and_venv_is_told_what_to_install(checkout):
    patched(checkout, "bootstrap._has = lambda module: False")
    done = start(checkout, PATH="/nonexistent")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 1
    assert f"apt-get install python{version}-venv" in done.stderr


def test_packages_that_cannot_be_fetched_are_one_sentence_and_tried_again(checkout):
    package = "no-such-package==1.0 --hash=sha256:" + "0" * 64
    (checkout / "requirements.txt").write_text(package + "\n")
    # No index at all stands for a machine that is cut off.
    shut = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "PIP_CONFIG_FILE": os.devnull}
    done = start(checkout, **shut)
    assert done.returncode == 1
    assert "The packages could not be installed. Check the internet connection (and any proxy)" in done.stderr
    assert "Traceback" not in done.stderr

    (checkout / "requirements.txt").write_text("# nothing\n")
    assert start(checkout).returncode == 0


def test_no_venv_uses_the_environment_as_it_stands(checkout):
    done = start(checkout, PORTAL_NO_VENV="1")
    assert done.stdout == f"started in {sys.prefix}\n"
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    "name", ["manage.py", "portal/ops/bootstrap.py", "portal/__init__.py", "portal/ops/__init__.py"]
)
def test_bootstrap_is_read_by_old_interpreters(name):
    tree = ast.parse((ROOT / name).read_text(), feature_version=(3, 6))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported <= set(sys.stdlib_module_names)
