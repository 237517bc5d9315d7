from portal.resources.models.categories import Category, Tag
from portal.resources.models.posts import (
    BlogPost,
    PostState,
    PostStatus,
    Revision,
    UsedSlug,
)

__all__ = ["BlogPost", "Category", "PostState", "PostStatus", "Revision", "Tag", "UsedSlug"]
