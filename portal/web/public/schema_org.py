"""What pages tell machines in schema.org's words, and what those who share them show.

Only what the page itself says, and only what the clinic knows: no ratings, no opening hours that nobody keeps right.
An organisation, a person and an article are named by `@id`, so that a page need not say again what another one says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.media.pictures import WIDE, Picture
from portal.common.web.addresses import absolute, language_tag
from portal.resources.models import BlogPost

CONTEXT = "https://schema.org"
# The Australian and New Zealand classification of occupations, unit group 2723.
OCCUPATION = "2723"


@dataclass(frozen=True, slots=True)
class Shared:
    """What OpenGraph tells of an article."""

    kind: str = "article"
    published: datetime | None = None
    modified: datetime | None = None
    section: str = ""
    tags: Sequence[str] = field(default_factory=tuple)
    image: str = ""
    image_width: int = 0
    image_height: int = 0
    image_alt: str = ""


def clinic_id() -> str:
    return absolute("/#clinic")


def organisation(clinic: ClinicSettings, locations: Iterable[Location] = ()) -> dict[str, Any]:
    """The clinic, as on the front page: who it is and where."""
    places = [_place(place) for place in locations]
    return _said(
        {
            "@context": CONTEXT,
            "@type": "MedicalBusiness",
            "@id": clinic_id(),
            "name": clinic.name,
            "legalName": clinic.legal_name,
            "url": absolute(reverse("public:home")),
            "image": absolute(static("img/shared.png")),
            "logo": absolute(reverse("public:logo")) if clinic.logo else "",
            "telephone": clinic.phone.as_e164 if clinic.phone else "",
            "email": clinic.email,
            "address": _address(clinic),
            "location": places,
            "currenciesAccepted": "AUD",
            "areaServed": {"@type": "Country", "name": "Australia"},
        }
    )


def _place(place: Location) -> dict[str, Any]:
    return _said(
        {
            "@type": "Place",
            "name": place.name,
            "address": _address(place),
            "telephone": place.phone.as_e164 if place.phone else "",
        }
    )


def _address(place: ClinicSettings | Location) -> dict[str, Any]:
    written = _said(
        {
            "streetAddress": place.street,
            "addressLocality": place.suburb,
            "addressRegion": place.state,
            "postalCode": place.postcode,
        }
    )
    return {"@type": "PostalAddress", **written, "addressCountry": "AU"} if written else {}


def person(
    psychologist: Psychologist, *, clinic: ClinicSettings, topics: Sequence[str] = (), image: str = ""
) -> dict[str, Any]:
    """A psychologist, as on their profile; `topics` are what they work with, as the page names it. `languages` should
    be prefetched.

    schema.org knows physicians, which a psychologist is not: a person, with an occupation and a registration.
    """
    url = absolute(reverse("public:psychologist", args=[psychologist.slug]))
    return _said(
        {
            "@context": CONTEXT,
            "@type": "Person",
            "@id": person_id(psychologist),
            "name": psychologist.user.public_name or psychologist.name,
            "honorificPrefix": psychologist.title,
            "jobTitle": psychologist.get_registration_display(),
            "description": psychologist.headline,
            "url": url,
            "image": image,
            "worksFor": {"@type": "MedicalBusiness", "@id": clinic_id(), "name": clinic.name},
            "knowsLanguage": [language.name for language in psychologist.languages.all()],
            "knowsAbout": list(topics),
            "identifier": _said(
                {"@type": "PropertyValue", "propertyID": "AHPRA", "value": psychologist.ahpra_number},
                needs="value",
            ),
            "hasCredential": [
                {"@type": "EducationalOccupationalCredential", "name": line}
                for line in psychologist.qualifications.splitlines()
                if line.strip()
            ],
            "hasOccupation": {"@type": "Occupation", "name": "Psychologist", "occupationalCategory": OCCUPATION},
        }
    )


def person_id(psychologist: Psychologist) -> str:
    """The same in every language of the page."""
    return absolute(f"/#psychologist-{psychologist.code}")


def breadcrumbs(steps: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The way to a page, of (label, path) from the outermost to the page itself."""
    return {
        "@context": CONTEXT,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": n, "name": label, "item": absolute(path)}
            for n, (label, path) in enumerate(steps, start=1)
        ],
    }


def blog(name: str, *, clinic: ClinicSettings, posts: Iterable[BlogPost] = ()) -> dict[str, Any]:
    url = absolute(reverse("public:blog"))
    return {
        "@context": CONTEXT,
        "@type": "Blog",
        "@id": f"{url}#blog",
        "name": name,
        "url": url,
        "publisher": {"@type": "MedicalBusiness", "@id": clinic_id(), "name": clinic.name},
        "blogPost": [
            {
                "@type": "BlogPosting",
                "@id": post_id(post),
                "headline": post.title,
                "url": absolute(reverse("public:post", args=[post.slug])),
                "datePublished": _when(post.published_at, clinic),
                "inLanguage": language_tag(post.language),
            }
            for post in posts
        ],
    }


def post_id(post: BlogPost) -> str:
    """The same in every language of the page, and whatever its address becomes."""
    return absolute(f"/#article-{post.code}")


def posting(
    post: BlogPost,
    *,
    clinic: ClinicSettings,
    author: str,
    psychologist: Psychologist | None,
    shared: Shared,
) -> dict[str, Any]:
    """An article. Its author is linked to their profile, if they have one."""
    url = absolute(reverse("public:post", args=[post.slug]))
    publisher = {"@type": "MedicalBusiness", "@id": clinic_id(), "name": clinic.name}
    writer: dict[str, Any] = {"@type": "Organization", "@id": clinic_id(), "name": clinic.name}
    if author:
        writer = {"@type": "Person", "name": author}
    if psychologist is not None:
        writer |= {
            "@id": person_id(psychologist),
            "url": absolute(reverse("public:psychologist", args=[psychologist.slug])),
            "jobTitle": psychologist.get_registration_display(),
        }
    return _said(
        {
            "@context": CONTEXT,
            "@type": "BlogPosting",
            "@id": post_id(post),
            "mainEntityOfPage": url,
            "url": url,
            "headline": post.title,
            "description": post.summary,
            "inLanguage": language_tag(post.language),
            "datePublished": _when(post.published_at, clinic),
            "dateModified": _when(modified(post), clinic),
            "author": writer,
            "publisher": publisher,
            "articleSection": shared.section,
            "keywords": list(shared.tags),
            "wordCount": post.words,
            "isAccessibleForFree": True,
            "image": _said(
                {
                    "@type": "ImageObject",
                    "url": shared.image,
                    "width": shared.image_width,
                    "height": shared.image_height,
                    "caption": shared.image_alt,
                },
                needs="url",
            ),
        }
    )


def modified(post: BlogPost) -> datetime | None:
    """When it was last changed for readers: a correction made before it came out is none."""
    if post.updated_at and post.published_at and post.updated_at > post.published_at:
        return post.updated_at
    return post.published_at


def sharing(post: BlogPost, *, section: str, tags: Sequence[str], picture: Picture | None, address: str) -> Shared:
    """`section` and `tags` are the names of its category and tags, in the page's language; `address` is where the
    picture is, in a size that a preview shows."""
    shared = Shared(published=post.published_at, modified=modified(post), section=section, tags=tags)
    if picture is None:
        return shared
    width = shared_width(picture)
    return replace(
        shared,
        image=absolute(address),
        image_width=width,
        image_height=max(1, round(picture.height * width / picture.width)),
        image_alt=post.picture_alt,
    )


def shared_width(picture: Picture) -> int:
    """1200 pixels, as all who show previews ask for, or the most that the picture has."""
    return max((width for width in WIDE if width <= min(1200, picture.width)), default=picture.width)


def _when(at: datetime | None, clinic: ClinicSettings) -> str:
    return at.astimezone(clinic.zone).isoformat(timespec="seconds") if at else ""


def _said(thing: dict[str, Any], *, needs: str = "") -> dict[str, Any]:
    """Leaves out what is empty; and all of it, if what it `needs` is."""
    if needs and not thing[needs]:
        return {}
    return {name: value for name, value in thing.items() if value not in ("", None, [], {}, 0)}
