"""Serves the portal: `python3 -m gunicorn portal.wsgi --config portal/ops/gunicorn.py`."""

import gc
import os
import pathlib
import socket
import subprocess
import sys
from typing import Any

# The worker below is the portal's own, also where gunicorn is started, or starts itself anew, from another folder.
ROOT = str(pathlib.Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.append(ROOT)

bind = os.environ.get("BIND") or f"0.0.0.0:{os.environ.get('PORT', '8000')}"
# gthread, of which no slow line holds a thread that runs the portal; WEB_THREADS says how many of those there are.
worker_class = "portal.ops.bounded_worker.BoundedWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# These only wait: for the rest of a request, or for a reader.
threads = int(os.environ.get("WEB_LINES", "64"))
# Read the code once and fork: half the memory and half the time to start. Nothing may ask the database while it loads.
preload_app = True
# A listener of its own for each process: on a shared one, whoever is awake takes nearly every connection that a proxy
# keeps open (of 32, one process of two had 30). Linux alone spreads connections so, and only over network ports.
reuse_port = sys.platform == "linux" and not bind.startswith(("unix:", "fd:")) and "LISTEN_FDS" not in os.environ
timeout = 30
graceful_timeout = 20
keepalive = 5
# As long as gunicorn can read: what is longer than any page's address is answered by the portal, with words.
limit_request_line = 8190
# The control socket would stand in $HOME, where another user's portal may already have one.
control_socket_disable = True
errorlog = "-"
loglevel = os.environ.get("WEB_LOG_LEVEL", "info")

# Python looks for rings of dead objects after this many that live on. Its own 700 looks several times a page.
GARBAGE_EVERY = 50_000


def on_starting(server: Any) -> None:
    """Refuses keys that don't open what the database holds, and a port that another portal listens on.

    With `reuse_port` both portals would answer, in turn.

    Who is started by the USR2 of a running server stands beside it on purpose, until that one is told to QUIT.
    """
    if getattr(server.app, "app_uri", "") == "portal.wsgi":
        # In a process of its own: this one is forked, and must not hold a connection.
        words = ["check", "--tag", "keys", "--database", "default"]
        asked = subprocess.run([sys.executable, f"{ROOT}/manage.py", *words], stdout=subprocess.DEVNULL, check=False)
        if asked.returncode:
            sys.exit("Can't start: the keys of PORTAL_ENCRYPTION_KEYS don't open what the database holds.")
    if not reuse_port:
        return
    if "GUNICORN_PID" in os.environ:
        # Listeners are made by each process, so there are none to hand over, and gunicorn can't read an empty list.
        os.environ["GUNICORN_FD"] = "-1"
        return
    for host, port in server.cfg.address:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as problem:
                sys.exit(f"Can't listen on {host}:{port}: {problem.strerror}")


def when_ready(server: Any) -> None:
    """Sets aside what was loaded before the processes are forked: it is never garbage, and stays in shared memory."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY, 20, 20)
