from portal.resources.models.categories import Category, Tag
from portal.resources.models.files import (
    Audience,
    DownloadCount,
    Resource,
    ResourceFile,
    ResourceSlug,
    Share,
)
from portal.resources.models.posts import (
    BlogPost,
    PostState,
    PostStatus,
    Revision,
    UsedSlug,
)

__all__ = [
    "Audience",
    "BlogPost",
    "Category",
    "DownloadCount",
    "PostState",
    "PostStatus",
    "Resource",
    "ResourceFile",
    "ResourceSlug",
    "Revision",
    "Share",
    "Tag",
    "UsedSlug",
]
