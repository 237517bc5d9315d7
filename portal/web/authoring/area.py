"""The area in which articles are written, a psychologist's or the manager's: its addresses and its articles."""

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
class Area:
    """Where the pages are, by the `namespace` of its addresses. Templates write `{% url area.article code %}`."""

    namespace: str

    def __getattr__(self, name: str) -> str:
        if name not in NAMES:
            raise AttributeError(name)
        return f"{self.namespace}:{name}"

    def url(self, name: str, *args: Any) -> str:
        """The address of one of NAMES; raises AttributeError for another."""
        return reverse(getattr(self, name), args=args)

    def crumbs(self, *further: tuple[str, str]) -> list[tuple[str, str]]:
        """The way from the list of articles, as pairs of address and words."""
        return [(self.url("articles"), _("Articles")), *further]

    def crumbs_of(self, post: BlogPost) -> list[tuple[str, str]]:
        """The same with the article at its end."""
        return self.crumbs((self.url("article", post.code), post.title or _("Without a title")))

    def post(self, request: ActorRequest, code: UUID) -> BlogPost:
        """The article that somebody may write on; raises Http404."""
        posts = BlogPost.objects.visible_to(request.actor).select_related("author", "category")
        return get_object_or_404(posts, code=code)

    def picture_of(self, post: BlogPost | None) -> Picture | None:
        """The picture at the area's own address: that of a draft is shown nowhere else."""
        if post is None:
            return None
        return pictures.draw(
            post.picture,
            widths=(480, 800),
            address=lambda width, kind: self.url("article_picture", post.code, f"{width}.{kind}"),
        )
