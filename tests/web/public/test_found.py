"""What search engines, and those who share a page, are told; read by parsers that are not ours."""

import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import html5lib
import pytest
from django.conf import settings
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pyld import jsonld

from portal.accounts.roles import Role
from portal.common.media.uploads import save_picture
from portal.web.public import sitemaps
from tests import make
from tests.test_house import our_views

BASE = "https://portal.example"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LANGUAGES = {"en-AU": "", "zh-Hans": "/zh-hans", "vi": "/vi", "ar": "/ar"}
PAGES = ["/", "/services/", "/fees/", "/psychologists/", "/psychologists/mai/", "/book/", "/blog/", "/blog/sleep/"]
PAGES += ["/blog/category/worry/", "/blog/tag/sleep/"]


@pytest.fixture(autouse=True)
def _portal(db, settings):
    settings.PORTAL_BASE_URL = BASE
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    make.clinic(street="12 Banksia Lane", suburb="Brunswick", state="VIC", postcode="3056", phone="+61370105500")
    place = make.location(name="Brunswick")
    mai = make.psychologist(
        user=make.user(first_name="Mai", last_name="Nguyễn", role=Role.PSYCHOLOGIST),
        slug="mai",
        headline="Anxiety </script><script>alert(1)</script>",
        qualifications="DPsych (Clinical)\nBA (Hons)",
        ahpra_number="PSY0001234567",
        languages=(make.language(code="vi", name="Tiếng Việt"),),
    )
    make.week(psychologist=mai, location=place)
    make.service(slug="session", name="Session")
    post = make.post(
        title='Sleep & "worry" </script>',
        slug="sleep",
        excerpt='Why we <wake> & "worry".',
        author=mai.user,
        category=make.category(name="Worry", slug="worry"),
        tags=("Sleep",),
        published_at=NOW - timedelta(days=3),
        updated_at=NOW - timedelta(days=1),
        picture_alt="Hills",
        picture="to come",
    )
    photo = save_picture(Image.new("RGB", (1600, 1000)), name="b" * 32)
    post.picture.save(photo.name, photo, save=True)


def head(response):
    assert response.status_code == 200
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False).find(".//head")


def links(head, rel):
    return [link for link in head.findall("link") if link.get("rel") == rel]


def metas(head):
    found = [(meta.get("property") or meta.get("name"), meta.get("content")) for meta in head.findall("meta")]
    return {name: content for name, content in found if name}


# ---- One address -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("language", "prefix"), LANGUAGES.items())
def test_each_page_has_one_address_in_each_language(client, path, language, prefix):
    page = head(client.get(prefix + path))
    assert [link.get("href") for link in links(page, "canonical")] == [BASE + prefix + path]
    alternates = {link.get("hreflang"): link.get("href") for link in links(page, "alternate") if link.get("hreflang")}
    expected = {other: BASE + before + path for other, before in LANGUAGES.items()}
    assert alternates == expected | {"x-default": BASE + path}


@pytest.mark.parametrize("path", PAGES)
def test_a_claimed_host_is_never_repeated(client, path):
    for page in (path, f"/ar{path}"):
        answer = client.get(page, headers={"Host": "other.example", "X-Forwarded-Host": "evil.example"})
        assert b"other.example" not in answer.content
        assert b"evil.example" not in answer.content


def test_what_only_chooses_among_rows_is_left_out_of_the_address(client):
    assert links(head(client.get("/psychologists/?language=vi&topic=x")), "canonical")[0].get("href") == (
        f"{BASE}/psychologists/"
    )
    assert links(head(client.get("/blog/?utm_source=mail")), "canonical")[0].get("href") == f"{BASE}/blog/"


def test_a_page_of_a_list_is_a_page_of_its_own(client):
    for n in range(13):
        make.post(slug=f"older-{n}", published_at=NOW - timedelta(days=30 + n))
    following = links(head(client.get("/blog/")), "next")[0].get("href")
    page = head(client.get(f"/blog/{following}&utm_source=x"))
    assert links(page, "canonical")[0].get("href") == f"{BASE}/blog/{following}"
    assert f"{BASE}/ar/blog/{following}" in {link.get("href") for link in links(page, "alternate")}


@pytest.mark.parametrize("path", ["/accounts/login/", "/book/session/confirm/", "/no-such-page/", "/my/"])
def test_rooms_that_ask_who_one_is_are_not_to_be_found(client, path):
    signed = make.client_for(make.user())
    for browser in (client, signed):
        page = browser.get(path, follow=True).content.decode()
        if "<html" in page and "/accounts/login/" not in path:
            assert 'rel="canonical"' not in page or 'content="noindex"' not in page
    answer = signed.get("/my/")
    assert b'content="noindex"' in answer.content
    assert b"canonical" not in answer.content
    assert b"canonical" not in client.get("/no-such-page/").content
    assert b"canonical" not in client.get("/accounts/login/").content


# ---- What is shared --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_each_page_says_what_it_is(client, path):
    page = head(client.get(path))
    told = metas(page)
    assert page.find("title").text == f"{told['og:title']} · Banksia Lane Psychology"
    assert told["description"]
    assert told["og:description"] == told["description"]
    assert told["og:url"] == BASE + path
    assert told["og:site_name"] == "Banksia Lane Psychology"
    assert told["og:locale"] == "en_AU"
    assert told["og:image"].startswith(BASE + "/")
    assert int(told["og:image:width"]) >= 1200
    assert told["og:image:alt"]
    assert told["twitter:card"] == "summary_large_image"


def test_descriptions_are_each_pages_own(client):
    told = [metas(head(client.get(path)))["description"] for path in PAGES]
    assert len(told) == len(set(told))


def test_an_article_is_shared_with_its_picture_and_dates(client):
    told = metas(head(client.get("/blog/sleep/")))
    assert told["og:type"] == "article"
    assert told["og:title"] == 'Sleep & "worry" </script>'
    assert told["description"] == 'Why we <wake> & "worry".'
    assert told["article:published_time"] == "2026-11-19T09:00:00+00:00"
    assert told["article:modified_time"] == "2026-11-21T09:00:00+00:00"
    assert (told["article:section"], told["article:tag"]) == ("Worry", "Sleep")
    assert (told["og:image:alt"], told["og:image:width"], told["og:image:height"]) == ("Hills", "1200", "750")
    answer = client.get(urlsplit(told["og:image"]).path)
    with Image.open(BytesIO(b"".join(answer.streaming_content))) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 750))


def test_the_clinics_own_picture_is_of_the_size_that_is_told(client):
    told = metas(head(client.get("/")))
    assert told["og:image"] == f"{BASE}/static/img/shared.png"
    with Image.open(Path(settings.STATICFILES_DIRS[0]) / "img/shared.png") as image:
        assert image.size == (int(told["og:image:width"]), int(told["og:image:height"])) == (1200, 630)


def test_the_browsers_bar_is_of_the_papers_colour(client):
    """The two colours are those of the tokens."""
    tokens = (Path(settings.STATICFILES_DIRS[0]) / "css/tokens.css").read_text()
    light, dark, *_ = re.findall(r"--paper: (#[0-9a-f]{6})", tokens)

    def bars():
        found = head(client.get("/")).findall("meta[@name='theme-color']")
        return [(meta.get("content"), meta.get("media")) for meta in found]

    assert bars() == [(light, "(prefers-color-scheme: light)"), (dark, "(prefers-color-scheme: dark)")]
    client.cookies["theme"] = "dark"
    assert bars() == [(dark, None)]
    client.cookies["theme"] = "light"
    assert bars() == [(light, None)]


def test_no_page_asks_anybody_else_for_anything(client):
    """Whatever a page loads comes from here; to others it only links."""
    for path in PAGES:
        page = html5lib.parse(client.get(path).content.decode(), namespaceHTMLElements=False)
        loaded = [node.get("src") for node in page.iter() if node.get("src")]
        loaded += [part.split()[0] for node in page.iter() for part in (node.get("srcset") or "").split(",") if part]
        loaded += [
            link.get("href")
            for link in page.iter("link")
            if link.get("rel") not in {"canonical", "alternate", "next", "prev"}
        ]
        assert loaded
        assert [address for address in loaded if not address.startswith(("/", "data:"))] == [], path


# ---- Structured data -------------------------------------------------------------------------------------------------

# Of schema.org: the properties that each type has, of itself or of those above it, as far as we use any.
THING = {"name", "description", "url", "image", "identifier", "mainEntityOfPage"}
ORGANIZATION = THING | {"legalName", "logo", "telephone", "email", "address", "location", "areaServed"}
CREATIVE_WORK = THING | {"headline", "inLanguage", "datePublished", "dateModified", "author", "publisher", "keywords"}
CREATIVE_WORK |= {"isAccessibleForFree"}
VOCABULARY = {
    "MedicalBusiness": ORGANIZATION | {"currenciesAccepted"},
    "Organization": ORGANIZATION,
    "Place": THING | {"address", "telephone"},
    "PostalAddress": THING | {"streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry"},
    "Country": THING,
    "Person": THING
    | {"honorificPrefix", "jobTitle", "worksFor", "knowsLanguage", "knowsAbout", "hasCredential", "hasOccupation"},
    "PropertyValue": THING | {"propertyID", "value"},
    "EducationalOccupationalCredential": CREATIVE_WORK,
    "Occupation": THING | {"occupationalCategory"},
    "Blog": CREATIVE_WORK | {"blogPost"},
    "BlogPosting": CREATIVE_WORK | {"articleSection", "wordCount"},
    "ImageObject": CREATIVE_WORK | {"width", "height", "caption"},
    "BreadcrumbList": THING | {"itemListElement"},
    "ListItem": THING | {"position", "item"},
}
SCHEMA = "https://schema.org/"


def only_here(url, options):
    """Stands for schema.org: the network is shut in tests, and its context says no more than this for our terms."""
    assert url in {"https://schema.org", SCHEMA}
    context = {"@vocab": SCHEMA, "id": "@id", "type": "@type", "url": {"@type": "@id"}, "item": {"@type": "@id"}}
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url,
            "document": {"@context": context}}  # fmt: skip


def structured(client, path):
    scripts = head(client.get(path)).findall("script[@type='application/ld+json']")
    return [json.loads(script.text) for script in scripts]


def things(expanded):
    """Every node that has a type, however deep, by the names that JSON-LD gives them."""
    if isinstance(expanded, list):
        for one in expanded:
            yield from things(one)
    elif isinstance(expanded, dict):
        if "@type" in expanded and "@value" not in expanded:
            yield expanded
        for value in expanded.values():
            yield from things(value)


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("/", ["MedicalBusiness"]),
        ("/psychologists/mai/", ["Person", "BreadcrumbList"]),
        ("/blog/", ["BreadcrumbList", "Blog"]),
        ("/blog/category/worry/", ["BreadcrumbList"]),
        ("/blog/sleep/", ["BlogPosting", "BreadcrumbList"]),
        ("/ar/blog/sleep/", ["BlogPosting", "BreadcrumbList"]),
    ],
)
def test_structured_data_is_schema_orgs(client, path, types):
    found = structured(client, path)
    assert [thing["@type"] for thing in found] == types
    for thing in found:
        assert thing["@context"] == "https://schema.org"
        expanded = jsonld.expand(thing, {"documentLoader": only_here})
        nodes = list(things(expanded))
        assert nodes
        for node in nodes:
            (kind,) = (name.removeprefix(SCHEMA) for name in node["@type"])
            said = {name.removeprefix(SCHEMA) for name in node if not name.startswith("@")}
            assert said <= VOCABULARY[kind], kind
            assert all(value not in ([], [{"@value": ""}]) for value in node.values())
        # As a graph: nothing is lost for want of a name, and nothing hangs in the air.
        assert jsonld.to_rdf(thing, {"documentLoader": only_here})["@default"]


def test_the_clinic_is_told_with_its_places(client):
    (clinic,) = structured(client, "/")
    assert clinic["@id"] == f"{BASE}/#clinic"
    assert clinic["telephone"] == "+61370105500"
    assert clinic["address"] == {
        "@type": "PostalAddress",
        "streetAddress": "12 Banksia Lane",
        "addressLocality": "Brunswick",
        "addressRegion": "VIC",
        "postalCode": "3056",
        "addressCountry": "AU",
    }
    assert [place["name"] for place in clinic["location"]] == ["Brunswick"]


def test_a_psychologist_is_a_person_with_a_registration(client):
    person = structured(client, "/psychologists/mai/")[0]
    assert person["name"] == "Mai Nguyễn"
    assert person["identifier"] == {"@type": "PropertyValue", "propertyID": "AHPRA", "value": "PSY0001234567"}
    assert [one["name"] for one in person["hasCredential"]] == ["DPsych (Clinical)", "BA (Hons)"]
    assert person["knowsLanguage"] == ["Tiếng Việt"]
    assert person["url"] == f"{BASE}/psychologists/mai/"


def test_an_article_and_its_author_are_one_in_every_language(client):
    english, arabic = structured(client, "/blog/sleep/")[0], structured(client, "/ar/blog/sleep/")[0]
    assert english["@id"] == arabic["@id"]
    assert english["author"]["@id"] == arabic["author"]["@id"] == structured(client, "/psychologists/mai/")[0]["@id"]
    assert (english["url"], arabic["url"]) == (f"{BASE}/blog/sleep/", f"{BASE}/ar/blog/sleep/")
    assert (english["inLanguage"], english["headline"]) == ("en-AU", 'Sleep & "worry" </script>')
    assert english["datePublished"] == "2026-11-19T20:00:00+11:00"
    assert english["dateModified"] == "2026-11-21T20:00:00+11:00"
    assert english["image"]["url"].endswith("/w1200.jpg")


def test_nothing_that_is_typed_ends_the_block(client):
    for path in ("/psychologists/mai/", "/blog/sleep/"):
        page = client.get(path).content.decode()
        blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        assert blocks
        for block in blocks:
            assert not set("<>&") & set(block)
            json.loads(block)
    drawn = Template("{% load page_head %}{% json_ld thing %}").render(
        Context({"thing": {"name": "</script><!--<script>&\u2028"}})
    )
    assert drawn.count("<") == 2
    assert json.loads(drawn[len('<script type="application/ld+json">') : -len("</script>")]) == {
        "name": "</script><!--<script>&\u2028"
    }


# ---- Sitemap and robots ----------------------------------------------------------------------------------------------

NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def sitemap(client, name):
    answer = client.get(f"/sitemap/{name}.xml")
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    return {
        url.find("s:loc", NS).text: (
            url.findtext("s:lastmod", namespaces=NS),
            {link.get("hreflang"): link.get("href") for link in url.findall("x:link", NS)},
        )
        for url in ET.fromstring(answer.content).findall("s:url", NS)  # noqa: S314 - our own
    }


def test_the_sitemap_names_every_page_in_every_language(client):
    index = ET.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 - our own
    files = [node.text for node in index.findall("s:sitemap/s:loc", NS)]
    assert files == [f"{BASE}/sitemap/{name}.xml" for name in ("pages", "psychologists", "categories", "articles-1")]
    found = {}
    for file in files:
        found |= sitemap(client, urlsplit(file).path.removeprefix("/sitemap/").removesuffix(".xml"))
    for path in ("/", "/services/", "/fees/", "/psychologists/", "/book/", "/book/session/", "/blog/",
                 "/psychologists/mai/", "/blog/category/worry/", "/blog/sleep/"):  # fmt: skip
        expected = {language: BASE + prefix + path for language, prefix in LANGUAGES.items()}
        for address in expected.values():
            assert found[address][1] == expected | {"x-default": BASE + path}
    assert {address for address in found if not address.startswith(BASE + "/")} == set()


def test_the_sitemap_tells_when_a_page_changed_or_nothing(client):
    assert sitemap(client, "articles-1")[f"{BASE}/blog/sleep/"][0] == "2026-11-21T09:00:00+00:00"
    assert sitemap(client, "categories")[f"{BASE}/blog/category/worry/"][0] == "2026-11-21T09:00:00+00:00"
    assert sitemap(client, "pages")[f"{BASE}/blog/"][0] == "2026-11-21T09:00:00+00:00"
    assert sitemap(client, "psychologists")[f"{BASE}/psychologists/mai/"][0] is None


def test_every_page_of_the_sitemap_is_there_and_calls_itself_so(client):
    for name in ("pages", "psychologists", "categories", "articles-1"):
        for address in sitemap(client, name):
            page = head(client.get(urlsplit(address).path))
            assert [link.get("href") for link in links(page, "canonical")] == [address]


def test_what_may_not_be_read_is_not_in_the_sitemap(client):
    make.post(slug="a-draft", draft=True, category=make.category(slug="only-drafts"))
    make.psychologist(slug="gone", is_active=False)
    text = b"".join(
        client.get(f"/sitemap/{name}.xml").content for name in ("psychologists", "categories", "articles-1")
    )
    for hidden in (b"a-draft", b"only-drafts", b"gone"):
        assert hidden not in text


@pytest.mark.parametrize(
    "name", ["nothing", "articles-0", "articles-2", "articles-", "articles--1", "articles-1e9", "articles-²"]
)
def test_there_are_no_other_sitemaps(client, name):
    assert client.get(reverse("machines:sitemap_part", args=[name])).status_code == 404


def test_many_articles_make_more_files_of_bounded_size(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "IN_A_FILE", 4)
    for n in range(9):
        make.post(slug=f"more-{n}")
    files = [name for name, _ in sitemaps.files(datetime.now(tz=UTC)) if name.startswith("articles-")]
    assert files == ["articles-1", "articles-2", "articles-3"]
    each = [sitemap(client, name) for name in files]
    assert [len(one) for one in each] == [16, 16, 8]
    assert len(set().union(*each)) == 40


def test_a_sitemap_takes_the_same_queries_for_1_and_for_30(client):
    counts = []
    for number in (1, 29):
        for _ in range(number):
            make.post()
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/sitemap/articles-1.xml").status_code == 200
            assert client.get("/sitemap/categories.xml").status_code == 200
            assert client.get("/sitemap.xml").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_robots_keep_out_of_the_rooms_and_find_the_sitemap(client):
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").content.decode().splitlines())
    assert robots.site_maps() == [f"{BASE}/sitemap.xml"]
    for path in ("/my/", "/ar/my/invoices/", "/practice/", "/reception/patients/", "/manage/", "/vi/accounts/login/",
                 "/blog/preview/abc/", "/zh-hans/blog/preview/abc/"):  # fmt: skip
        assert not robots.can_fetch("Anybody", BASE + path), path
    for path in ("/", "/blog/", "/ar/blog/sleep/", "/psychologists/mai/", "/book/", "/crisis/", "/sitemap.xml"):
        assert robots.can_fetch("Anybody", BASE + path), path


def test_every_room_is_named_to_robots():
    rooms = {address.split("/")[0] for address, view in our_views() if getattr(view, "portal_access", "") and
             not isinstance(view.portal_access, str)}  # fmt: skip
    lines = Client().get("/robots.txt").content.decode()
    assert rooms
    assert [room for room in rooms if f"Disallow: /{room}/" not in lines] == []
