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
ROOT_URLCONF = __name__
urlpatterns = []
