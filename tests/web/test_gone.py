"""A step that takes something away, pressed twice or sent after somebody else was faster: words, and the way on."""

import uuid

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import PendingGrant
from portal.accounts.roles import Role
from portal.clinic.models import Language, Specialisation
from portal.resources.models import BlogPost, Category, Tag
from tests import make
from tests.pages import form_with, forms_in, sent_by

pytestmark = pytest.mark.django_db

GONE = "It was deleted before this was sent, so there was nothing left to do."


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def twice(client, address, sent):
    """Both answers to a press and its repeat, each followed to the page that it leads to."""
    first = client.post(address, sent, follow=True)
    again = client.post(address, sent, follow=True)
    assert first.redirect_chain == again.redirect_chain
    assert again.status_code == 200
    return told(first), told(again)


@pytest.mark.parametrize(("area", "role"), [("psychologist", Role.PSYCHOLOGIST), ("manager", Role.MANAGER)])
def test_a_draft_deleted_twice(area, role):
    client = make.signed_in_client(role=role)
    post = make.post(author=client.user, draft=True)
    address = reverse(f"{area}:delete_article", args=[post.code])
    sent = form_with(client.get(address), "version")
    assert twice(client, address, sent) == (["The draft is deleted."], [GONE])
    assert not BlogPost.objects.exists()
    # Whatever else an older page does to it leads to the list as well.
    for step in ("take_back_article", "article_reviewed", "article_link", "article_address", "restore_article"):
        late = client.post(reverse(f"{area}:{step}", args=[post.code]), {"number": 1, **sent}, follow=True)
        assert (late.redirect_chain, told(late)) == ([(reverse(f"{area}:articles"), 302)], [GONE])
    # A page that nobody sent anything to stays not found.
    assert client.get(address).status_code == 404


def test_a_colleagues_draft_is_nobody_elses_to_delete():
    client = make.signed_in_client(role=Role.PSYCHOLOGIST)
    post = make.post(draft=True)
    assert client.post(reverse("psychologist:delete_article", args=[post.code]), {"version": 1}).status_code == 404
    assert BlogPost.objects.get() == post


def test_a_category_deleted_twice_and_changed_after_that():
    client = make.signed_in_client(role=Role.MANAGER)
    shelf = make.category(name="Sleep")
    address = reverse("manager:category", args=[shelf.code])
    page = client.get(address)
    sent = next(sent_by(form) for form in forms_in(page) if "do" in form.fields or b'value="delete"' in page.content)
    sent |= {"do": "delete", **make.shown_in(page)}
    assert twice(client, address, sent) == (["Sleep is deleted."], [GONE])
    for late in ({"do": "put_away"}, {"name": "Rest"}):
        assert told(client.post(address, late, follow=True)) == [GONE]
    assert told(client.post(reverse("manager:categories"), {"earlier": shelf.slug}, follow=True)) == [GONE]
    assert not Category.objects.exists()


def test_a_tag_and_the_words_of_profiles_taken_away_twice():
    client = make.signed_in_client(role=Role.MANAGER)
    make.post(tags=("Sleep",))
    topic, language = make.specialisation(name="Grief"), make.language(code="vi", name="Tiếng Việt")
    for name, sent in (
        ("tags", {"remove": "sleep"}),
        ("specialisations", {"remove": topic.slug}),
        ("languages", {"remove": language.code}),
    ):
        first, again = twice(client, reverse(f"manager:{name}"), sent)
        assert (len(first), again) == (1, [GONE])
    assert [model.objects.count() for model in (Tag, Specialisation, Language)] == [0, 0, 0]
    assert told(client.post(reverse("manager:tags"), {"tag": "sleep", "name": "Rest"}, follow=True)) == [GONE]


def test_a_role_that_was_confirmed_meanwhile_is_not_said_to_be_withdrawn():
    boss, second = make.signed_in_client(role=Role.MANAGER), make.signed_in_client(role=Role.MANAGER)
    desk = make.user(role=Role.RECEPTION)
    pending = PendingGrant.objects.create(user=desk, role="psychologist", asked_by=boss.user, asked_at=timezone.now())
    second.post(reverse("manager:confirm_role", args=[pending.code]))
    late = boss.post(reverse("manager:withdraw_role", args=[pending.code]), follow=True)
    assert told(late) == ["That was settled before."]
    assert desk.grants.in_force().filter(role="psychologist").exists()


@pytest.mark.parametrize("step", ["mfa_deactivate_totp", "mfa_remove_webauthn", "mfa_edit_webauthn"])
def test_a_second_step_that_is_gone_leads_back_to_the_others(step):
    client = make.signed_in_client()
    client.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})
    args = [] if step == "mfa_deactivate_totp" else [12345]
    answer = client.post(reverse(step, args=args), {"name": "Mine"}, follow=True)
    assert GONE in told(answer)
    assert not Authenticator.objects.filter(user=client.user).exists()


def test_a_thing_that_never_was_is_said_to_be_gone_too():
    """Nobody learns from the answer which codes there once were."""
    client = make.signed_in_client(role=Role.MANAGER)
    answer = client.post(reverse("manager:delete_article", args=[uuid.uuid4()]), {"version": 1}, follow=True)
    assert told(answer) == [GONE]
