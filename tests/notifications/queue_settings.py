"""What the processes of test_killed_workers run on: the portal's settings with the outbox alone, to start fast."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_q",
    "portal.common",
    "portal.notifications",
]
AUTH_USER_MODEL = "auth.User"
MIDDLEWARE = []
NOTICE_CONTEXT = []
# The clinic's words are no part of the outbox.
_options = TEMPLATES[0]["OPTIONS"]  # noqa: F405
_options["builtins"] = [name for name in _options["builtins"] if not name.startswith("portal.website.")]
ROOT_URLCONF = __name__
urlpatterns = []
# What answers a stale form needs the accounts, which are no part of it either.
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
