"""One view of each kind, beside the portal's own addresses."""

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.common.access.decorators import allow, open_to_all, signed_in
from portal.urls import urlpatterns as portal_urls


@require_http_methods(["GET", "POST"])
def who(request):
    actor = getattr(request, "actor", None)
    return HttpResponse(f"{actor.role} {actor.user_id}" if actor else "nobody in particular")


urlpatterns = [
    path("test/desk/", allow(Role.RECEPTION, Role.MANAGER)(who), name="desk"),
    path("test/manager/", allow(Role.MANAGER, Role.RECEPTION)(who), name="manager"),
    path("test/patient/", allow(Role.PATIENT)(who), name="patient"),
    path("test/signed-in/", signed_in(who), name="signed_in"),
    path("test/open/", open_to_all(reason="a test")(who), name="open"),
    path("test/forgotten/", who, name="forgotten"),
    *portal_urls,
]
