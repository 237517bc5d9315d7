"""A private file is handed out under our type and name, in parts for players, and into no cache it must not be in."""

from io import BytesIO

import pytest
from django.test import RequestFactory

from portal.common.media.serving import file_response, is_first_part

# An answer that is closed puts the database's connections in order.
pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 400
SIZE = len(CONTENT)
DIGEST = "ab" * 32
ETAG = f'"{DIGEST[:32]}"'


def answer(method="get", *, media_type="audio/mpeg", name="exercise.mp3", inline=True, public=True, **headers):
    request = getattr(RequestFactory(), method)("/", headers={k.replace("_", "-"): v for k, v in headers.items()})
    file = BytesIO(CONTENT)
    response = file_response(
        request,
        file,
        size=SIZE,
        media_type=media_type,
        name=name,
        digest=DIGEST,
        inline=inline,
        public=public,
    )
    response.request, response.file = request, file
    return response


def body(response):
    content = b"".join(response) if response.streaming else response.content
    response.close()
    assert response.file.closed
    return content


def test_whole_file():
    response = answer()
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert dict(response.headers) == {
        "Content-Type": "audio/mpeg",
        "Content-Length": str(SIZE),
        "Content-Disposition": 'inline; filename="exercise.mp3"',
        "ETag": ETAG,
        "Accept-Ranges": "bytes",
        "Cache-Control": "public, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }


def test_what_is_somebodys_stays_out_of_every_cache():
    headers = answer(public=False).headers
    assert (headers["Cache-Control"], headers["X-Robots-Tag"]) == ("no-store, private", "noindex")


def test_what_a_browser_does_not_show_is_saved_under_its_name_in_any_script():
    response = answer(inline=False, name="nhật ký 睡眠.docx", media_type="application/x")
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''nh%E1%BA%ADt%20k%C3%BD%20%E7%9D%A1%E7%9C%A0.docx"
    )


def test_a_quote_in_a_name_ends_nothing():
    assert answer(name='a"; filename="b.exe')["Content-Disposition"] == 'inline; filename="a\\"; filename=\\"b.exe"'


@pytest.mark.parametrize(
    "media_type", ["application/pdf", "audio/mpeg", "image/png", "text/plain; charset=utf-8", "x/y"]
)
def test_no_file_may_run_a_script(media_type):
    policy = answer(media_type=media_type)["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert ("sandbox" in policy) == (media_type != "application/pdf")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-10", SIZE - 10, SIZE - 1),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=5-5", 5, 5),
        (f"bytes=10-{SIZE * 9}", 10, SIZE - 1),
        (f"bytes=-{SIZE * 9}", 0, SIZE - 1),
        ("BYTES = 0-1", 0, 1),
    ],
)
def test_one_range_gets_its_part(wanted, first, last):
    response = answer(range=wanted)
    assert (response.status_code, body(response)) == (206, CONTENT[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", "bytes=-0", "bytes=9-3"])
def test_a_part_that_is_not_there(wanted):
    response = answer(range=wanted)
    assert (response.status_code, body(response)) == (416, b"")
    assert response["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,5-9", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=1", "bytes=" + "9" * 40]
)
def test_other_ranges_get_the_whole(wanted):
    assert body(answer(range=wanted)) == CONTENT


def test_a_part_of_another_version_is_not_given():
    assert body(answer(range="bytes=0-9", if_range='"other"')) == CONTENT
    assert body(answer(range="bytes=0-9", if_range=ETAG)) == CONTENT[:10]


def test_a_reader_who_has_it_already_gets_nothing_again():
    response = answer(if_none_match=ETAG)
    assert (response.status_code, body(response)) == (304, b"")
    assert response["ETag"] == ETAG
    assert "Content-Type" not in response
    assert response["Cache-Control"] == "public, no-cache"


def test_a_condition_that_fails():
    assert answer(if_match='"other"').status_code == 412


@pytest.mark.parametrize("wanted", [{}, {"range": "bytes=0-9"}, {"range": f"bytes={SIZE}-"}])
def test_head_says_how_large_it_is_and_sends_nothing(wanted):
    response = answer("head", **wanted)
    assert (response.status_code, response["Content-Length"], body(response)) == (200, str(SIZE), b"")
    assert "Content-Range" not in response


@pytest.mark.parametrize(
    ("method", "headers", "counts"),
    [
        ("get", {}, True),
        ("get", {"range": "bytes=0-"}, True),
        ("get", {"range": "bytes=0-1"}, True),
        ("get", {"range": "bytes=100-"}, False),
        ("get", {"if_none_match": ETAG}, False),
        ("get", {"range": f"bytes={SIZE}-"}, False),
        ("get", {"sec_purpose": "prefetch;prerender"}, False),
        ("get", {"purpose": "prefetch"}, False),
        ("head", {}, False),
    ],
)
def test_who_begins_to_read(method, headers, counts):
    response = answer(method, **headers)
    assert is_first_part(response.request, response) is counts
