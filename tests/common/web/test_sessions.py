import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import RequestFactory

from portal.common.web.sessions import Sessions

pytestmark = pytest.mark.django_db


def test_an_answer_outlives_the_session_that_a_sign_in_beside_it_ended(settings):
    session = SessionStore()
    session["seen"] = 1
    session.save()
    request = RequestFactory().post("/accounts/invitation/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = session.session_key

    def answered(request):
        request.session["seen"] += 1
        Session.objects.all().delete()
        return HttpResponse("done")

    answer = Sessions(answered)(request)
    assert (answer.status_code, answer.content) == (200, b"done")
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    assert not Session.objects.exists()
