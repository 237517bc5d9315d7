"""The addresses and articles of the audience whose pages these are: a psychologist's own, or the manager's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.common.access.decorators import ActorRequest
from portal.common.media import pictures
from portal.common.media.pictures import Picture
from portal.resources.models import BlogPost

NAMES = (
    *("articles", "new_article", "article", "keep_article", "article_preview", "article_revisions"),
    *("restore_article", "article_address", "article_link", "article_reviewed", "take_back_article"),
    *("delete_article", "article_picture"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """`namespace` of the audience whose addresses the pages have. Templates write `{% url desk.article code %}`."""

    namespace: str

    def __getattr__(self, name: str) -> str:
        if name not in NAMES:
            raise AttributeError(name)
        return f"{self.namespace}:{name}"

    def url(self, name: str, *args: Any) -> str:
        return reverse(getattr(self, name), args=args)

    def crumbs(self, *further: tuple[str, str]) -> list[tuple[str, str]]:
        return [(self.url("articles"), _("Articles")), *further]

    def crumbs_of(self, post: BlogPost) -> list[tuple[str, str]]:
        return self.crumbs((self.url("article", post.code), post.title or _("Without a title")))

    def post(self, request: ActorRequest, code: UUID) -> BlogPost:
        posts = BlogPost.objects.visible_to(request.actor).select_related("author", "category")
        return get_object_or_404(posts, code=code)

    def picture_of(self, post: BlogPost | None) -> Picture | None:
        """For the desk: one of a draft is shown to nobody else."""
        if post is None:
            return None
        return pictures.draw(
            post.picture,
            widths=(480, 800),
            address=lambda width, kind: self.url("article_picture", post.code, f"{width}.{kind}"),
        )
