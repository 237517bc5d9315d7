"""Every article of the clinic. portal/web/authoring makes the pages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.gone import leads_on_when_gone
from portal.resources.models import BlogPost
from portal.web.authoring import article_actions, editor
from portal.web.authoring.area import Area

AREA = Area("manager")


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    return editor.listing(request, AREA)


@allow(Role.MANAGER)
@require_safe
def begin(request: ActorRequest) -> HttpResponse:
    return editor.begin(request, AREA)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def article(request: ActorRequest, code: UUID) -> HttpResponse:
    return editor.article(request, AREA, code)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: ActorRequest, code: UUID) -> HttpResponse:
    return editor.keep(request, AREA, code)


@allow(Role.MANAGER)
@require_POST
def preview(request: ActorRequest, code: UUID) -> HttpResponse:
    return editor.preview(request, AREA, code)


@allow(Role.MANAGER)
@require_safe
def picture(request: ActorRequest, code: UUID, name: str) -> HttpResponseBase:
    return editor.picture(request, AREA, code, name)


@allow(Role.MANAGER)
@require_safe
def revisions(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.revisions(request, AREA, code)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:articles", BlogPost)
@require_POST
def restore(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.restore(request, AREA, code)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:articles", BlogPost)
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.address(request, AREA, code)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:articles", BlogPost)
@require_POST
def link(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.link(request, AREA, code)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:articles", BlogPost)
@require_http_methods(["GET", "HEAD", "POST"])
def reviewed(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.reviewed(request, AREA, code)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:articles", BlogPost)
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.take_back(request, AREA, code)


@allow(Role.MANAGER)
@leads_on_when_gone("manager:articles", BlogPost)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ActorRequest, code: UUID) -> HttpResponse:
    return article_actions.delete(request, AREA, code)
