"""Production's settings, with two bare views beside the portal's own."""

import logging
import os

from portal.settings import *  # noqa: F403
from tests.notifications import twilio

ROOT_URLCONF = "tests.bench.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
MIDDLEWARE = ["tests.bench.clock.processor_time", *MIDDLEWARE]  # noqa: F405
# Whoever loses a race for one time is answered with a conflict: hundreds of lines that are no news, as are requests.
LOGGING |= {"level": logging.ERROR, "requests": False}  # noqa: F405
# No phone rings: the bench answers for Twilio (tests/bench/texts.py).
TWILIO_PORT = int(os.environ["BENCH_TWILIO_PORT"])
globals().update(twilio.environment(f"http://127.0.0.1:{TWILIO_PORT}"))
