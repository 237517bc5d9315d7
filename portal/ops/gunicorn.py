"""Serves the portal: `python3 -m gunicorn portal.wsgi --config portal/ops/gunicorn.py`."""

import os

bind = os.environ.get("BIND") or f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Read the code once and fork: half the memory and half the time to start. Nothing may ask the database while it loads.
preload_app = True
timeout = 30
graceful_timeout = 20
keepalive = 5
# The control socket would stand in $HOME, where another user's portal may already have one.
control_socket_disable = True
errorlog = "-"
loglevel = os.environ.get("WEB_LOG_LEVEL", "info")
