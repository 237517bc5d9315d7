"""Photos on the website: in sizes, kept by browsers under their version, and only of those who work here."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from portal.clinic import actions
from portal.clinic.models import Psychologist
from portal.common.media.pictures import KINDS, PORTRAIT
from portal.common.media.uploads import MB, clean_image
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def mai(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make.clinic()
    mai = make.psychologist(slug="mai")
    put(mai, "teal")
    return Psychologist.objects.get(pk=mai.pk)


def put(psychologist, colour):
    buffer = BytesIO()
    Image.new("RGB", (900, 900), colour).save(buffer, "PNG")
    photo = clean_image(SimpleUploadedFile("me.png", buffer.getvalue()), max_bytes=MB, max_edge=900)
    actions.update_psychologist(
        psychologist=psychologist, values={"photo": photo}, by=make.actor(role="manager"), now=psychologist.created_at
    )


def addresses(html):
    return sorted(set(re.findall(r"/psychologists/mai/photo/[^ \"]+", html)))


@pytest.mark.parametrize("page", ["/psychologists/mai/", "/ar/psychologists/mai/", "/psychologists/"])
def test_every_address_on_a_page_answers_with_that_picture(client, mai, page):
    found = addresses(client.get(page).content.decode())
    assert len(found) == len(PORTRAIT) * len(KINDS)
    for address in found:
        width, kind = re.search(r"/(\d+)\.(\w+)\?v=", address).groups()
        response = client.get(address)
        assert (response.status_code, response["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        with Image.open(BytesIO(response.getvalue())) as image:
            assert (image.width, {"jpg": "jpeg"}.get(kind, kind)) == (int(width), image.format.lower())
        assert not response.cookies


def test_drawing_them_asks_no_disk(client, mai, monkeypatch):
    for name in ("open", "exists", "size"):
        monkeypatch.setattr(mai.photo.storage, name, lambda *a, **k: pytest.fail("it looked at the disk"))
    assert addresses(client.get("/psychologists/mai/").content.decode())


def test_new_photo_has_new_addresses_and_the_old_ones_are_not_kept_for_long(client, mai):
    before = addresses(client.get(reverse("public:psychologist", args=["mai"])).content.decode())
    put(mai, "red")
    after = addresses(client.get("/psychologists/mai/?mode=video").content.decode())
    assert not set(before) & set(after)
    response = client.get(before[0])
    assert (response.status_code, response["Cache-Control"]) == (200, "public, max-age=600")
    response.getvalue()


def test_browser_that_has_it_gets_no_second_copy(client, mai):
    url = reverse("machines:portrait", args=["mai", "320.webp"])
    first = client.get(url)
    first.getvalue()
    again = client.get(url, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "rest",
    ["161.jpg", "320.gif", "320.jpg.exe", "9999999999999.jpg", "-1.jpg", "320.", "0.jpg", "900.jpg", "..%2f.jpg"],
)
def test_what_is_no_size_is_not_found(client, mai, rest):
    assert client.get(f"/psychologists/mai/photo/{rest}").status_code == 404


@pytest.mark.parametrize("url", ["/psychologists/mai/photo/320.jpg", "/psychologists/mai/photo/"])
def test_gone_with_the_person(client, mai, url):
    response = client.get(url)
    assert response.status_code == 200
    response.getvalue()
    actions.retire_psychologist(psychologist=mai, by=make.actor(role="manager"), now=mai.created_at)
    assert client.get(url).status_code == 404


def test_old_address_still_answers_with_a_jpeg(client, mai):
    response = client.get("/psychologists/mai/photo/")
    assert response["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(response.getvalue())).size == (640, 640)


def test_no_photo_and_a_lost_one(client, mai):
    make.psychologist(slug="tom")
    assert client.get("/psychologists/tom/photo/").status_code == 404
    mai.photo.storage.delete(mai.photo.name)
    assert client.get("/psychologists/mai/photo/").status_code == 404
    assert client.get("/psychologists/mai/photo/320.jpg").status_code == 404
