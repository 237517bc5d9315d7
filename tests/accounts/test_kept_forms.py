"""What was typed when a session ended comes back to whoever typed it, and to nobody else."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import tasks
from portal.accounts.kept_forms import keeping, marks
from portal.accounts.models import Invitation, KeptForm
from portal.accounts.roles import Role
from portal.common import schedules
from portal.common.web.filling import fill
from portal.patients.models import Patient
from tests import make

pytestmark = pytest.mark.django_db

KEPT = "We kept what you typed."
# Kept as it is typed, whatever becomes of it: marks are no part of a name, and are refused when it is sent.
TYPED = {"first_name": "Mai", "last_name": 'Đặng "quoted" <b>', "email": "mai@example.com", "roles": ["reception"]}
NAMED = {"last_name": "Đặng"}


@pytest.fixture
def invite():
    return reverse("manager:invite")


def manager(**fields):
    make.clinic()
    return make.user(role=Role.MANAGER, **fields)


def mark_in(response):
    return re.search(rf'name="{marks.FIELD}" value="([^"]+)"', response.content.decode())[1]


def lose(client, page, **typed):
    """Opens a form, loses the session, sends it: gives the answer."""
    mark = mark_in(client.get(page))
    client.session.flush()
    return client.post(page, {**TYPED, **typed, marks.FIELD: mark})


def test_it_comes_back_after_signing_in_by_the_door_that_people_use(invite, app_code, clock):
    user = manager()
    client = make.client_for(user)
    response = lose(client, invite)
    assert response.url == f"{reverse('account_login')}?next={invite}"
    door = client.get(response.url)
    assert b"mai@example.com" not in door.content
    response = client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD, "next": invite})
    assert response.url.startswith(reverse("mfa_authenticate"))
    response = client.post(reverse("mfa_authenticate"), {"code": app_code(user)}, follow=True)
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == invite
    assert KEPT in page
    assert 'value="mai@example.com"' in page
    assert "Đặng &quot;quoted&quot; &lt;b&gt;" in page
    assert re.search(r'<input[^>]*value="reception"[^>]*checked', page)
    # Nothing was sent by itself.
    assert not Invitation.objects.exists()


def test_it_is_given_back_until_it_is_sent(invite):
    user = manager()
    lose(make.client_for(user), invite)
    client = make.client_for(user)
    for _ in range(2):
        assert KEPT in client.get(invite).content.decode()
    code = str(KeptForm.objects.get().code)
    mark = mark_in(client.get(invite))
    assert client.post(invite, {**TYPED, **NAMED, "kept_form": code, marks.FIELD: mark}).status_code == 302
    assert not KeptForm.objects.exists()
    assert KEPT not in client.get(invite).content.decode()


def test_what_came_back_and_is_refused_stays_on_the_page_once(invite):
    user = manager()
    lose(make.client_for(user), invite)
    client = make.client_for(user)
    page = client.post(invite, {**TYPED, "email": "not an address"}).content.decode()
    assert 'value="not an address"' in page
    assert not KeptForm.objects.exists()


def test_it_can_be_dropped(invite):
    user = manager()
    lose(make.client_for(user), invite)
    client = make.client_for(user)
    page = client.get(invite).content.decode()
    assert f'action="{reverse("drop_kept_form")}"' in page
    code = KeptForm.objects.get().code
    response = client.post(reverse("drop_kept_form"), {"kept_form": str(code), "next": invite})
    assert response.url == invite
    assert KEPT not in client.get(invite).content.decode()
    for wrong in ("", "x", str(code)):
        assert client.post(reverse("drop_kept_form"), {"kept_form": wrong, "next": "https://evil.example"}).url == (
            reverse("account_home")
        )


# ---- Whose it is -----------------------------------------------------------------------------------------------------


def test_another_person_at_the_same_browser_sees_nothing(invite):
    owner, other = manager(), make.user(role=Role.MANAGER)
    client = make.client_for(owner)
    lose(client, invite)
    client.cookies.update(make.client_for(other).cookies)
    page = client.get(invite).content.decode()
    assert (KEPT in page, "mai@example.com" in page) == (False, False)
    # Nor can they drop it, or fetch it by its code.
    client.post(reverse("drop_kept_form"), {"kept_form": str(KeptForm.objects.get().code), "next": invite})
    client.post(invite, {**TYPED, **NAMED, "kept_form": str(KeptForm.objects.get().code)})
    assert KEPT in make.client_for(owner).get(invite).content.decode()


def test_a_tab_of_somebody_else_sends_nothing_in_the_name_of_who_signed_in_since(invite):
    owner, other = manager(), make.user(role=Role.MANAGER)
    client = make.client_for(owner)
    mark = mark_in(client.get(invite))
    client = make.client_for(other)
    response = client.post(invite, {**TYPED, marks.FIELD: mark})
    assert response.status_code == 403
    assert not Invitation.objects.exists()
    assert KeptForm.objects.get().user == owner
    assert KEPT not in client.get(invite).content.decode()


def test_signing_out_leaves_nothing(invite):
    user = manager()
    lose(make.client_for(user), invite)
    client = make.client_for(user)
    client.post(reverse("account_logout"))
    assert not KeptForm.objects.exists()


@pytest.mark.parametrize(
    "mark",
    ["", "x", "x" * 5000, "forged", "of another secret", "old", "of nobody", "of somebody closed", "shape", "\udcff"],
)
def test_a_mark_that_is_not_ours_keeps_nothing(invite, mark, time_machine):
    user = manager()
    client = make.client_for(user)
    real = mark_in(client.get(invite))
    if mark == "forged":
        mark = real[:-2] + ("AA" if real[-2:] != "AA" else "BB")
    elif mark == "of another secret":
        mark = signing.dumps([user.code.hex, invite], salt=marks.SALT, key="x" * 50)
    elif mark == "old":
        mark = real
        time_machine.move_to(timezone.now() + marks.LASTS + timedelta(seconds=1))
    elif mark == "of nobody":
        mark = signing.dumps(["0" * 32, invite], salt=marks.SALT)
    elif mark == "of somebody closed":
        mark = real
        type(user).objects.filter(pk=user.pk).update(is_active=False)
    elif mark == "shape":
        mark = signing.dumps("nothing like it", salt=marks.SALT)
    client.session.flush()
    response = client.post(invite, {**TYPED, marks.FIELD: mark.encode("utf-8", "replace").decode()})
    assert (response.status_code, KeptForm.objects.count()) == (302, 0)


def test_another_sites_page_cannot_put_words_into_a_form(invite):
    """Without a mark it has nothing to show; with its owner's own, it only reaches its owner."""
    user, attacker = manager(), make.user(role=Role.MANAGER)
    victim = Client(enforce_csrf_checks=True)
    victim.cookies.update(make.client_for(user).cookies)
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert victim.post(invite, TYPED, headers=elsewhere).status_code == 403
    theirs = mark_in(make.client_for(attacker).get(invite))
    assert victim.post(invite, {**TYPED, marks.FIELD: theirs}, headers=elsewhere).status_code == 403
    own = mark_in(victim.get(invite))
    assert victim.post(invite, {**TYPED, marks.FIELD: own}, headers=elsewhere).status_code == 403
    assert KEPT not in victim.get(invite).content.decode()
    assert not KeptForm.objects.filter(user=user).exists()


# ---- Where else a form meets the door --------------------------------------------------------------------------------


def test_stillness_ends_a_session_and_loses_nothing(invite, clock, settings):
    user = manager()
    client = make.client_for(user)
    mark = mark_in(client.get(invite))
    clock.shift(settings.STAFF_IDLE.total_seconds() + 1)
    response = client.post(invite, {**TYPED, marks.FIELD: mark})
    assert response.url == f"{reverse('account_login')}?next={invite}"
    assert KEPT in make.client_for(user).get(invite).content.decode()


def test_an_htmx_form_too(invite):
    user = manager()
    client = make.client_for(user)
    mark = mark_in(client.get(invite))
    client.session.flush()
    here = {"hx-request": "true", "hx-current-url": f"http://testserver{invite}"}
    response = client.post(invite, {**TYPED, marks.FIELD: mark}, headers=here)
    assert (response.status_code, response["HX-Redirect"]) == (204, f"{reverse('account_login')}?next={invite}")
    assert KEPT in make.client_for(user).get(invite).content.decode()


def test_a_form_that_is_fetched_into_a_page_is_announced_there_and_filled_when_it_comes(invite):
    """Sent by htmx from another page than its own: one lands there again."""
    user = manager()
    client = make.client_for(user)
    staff = reverse("manager:staff")
    mark = signing.dumps([user.code.hex, staff], salt=marks.SALT)
    client.session.flush()
    here = {"hx-request": "true", "hx-current-url": f"http://testserver{staff}"}
    assert client.post(invite, {**TYPED, marks.FIELD: mark}, headers=here)["HX-Redirect"].endswith(f"?next={staff}")
    client = make.client_for(user)
    assert "Open the form again: it is filled in" in client.get(staff).content.decode()
    assert "Open the form again" not in client.get(reverse("manager:services")).content.decode()
    assert 'value="mai@example.com"' in client.get(invite, headers=here).content.decode()


def test_a_button_that_was_pressed_is_announced_nowhere(invite):
    user = manager()
    client = make.client_for(user)
    staff = reverse("manager:staff")
    mark = signing.dumps([user.code.hex, staff], salt=marks.SALT)
    client.session.flush()
    client.post(invite, {"code": "5f0c", "version": "2", marks.FIELD: mark})
    assert "We kept what you typed" not in make.client_for(user).get(staff).content.decode()


def test_a_token_that_ended_leads_back_to_the_form(invite):
    """Signed in again in another tab: the form of the first has an old token, and is shown again at once."""
    user = manager()
    client = Client(enforce_csrf_checks=True)
    client.cookies.update(make.client_for(user).cookies)
    mark = mark_in(client.get(invite))
    here = {"sec-fetch-site": "same-origin"}
    response = client.post(invite, {**TYPED, marks.FIELD: mark, "csrfmiddlewaretoken": "x" * 64}, headers=here)
    assert (response.status_code, response.url) == (302, invite)
    assert KEPT in client.get(invite).content.decode()
    client.session.flush()
    response = client.post(invite, {**TYPED, marks.FIELD: mark, "csrfmiddlewaretoken": "x" * 64}, headers=here)
    assert response.url == f"{reverse('account_login')}?next={invite}"


def test_a_second_step_that_is_asked_for_first(invite, settings):
    settings.STAFF_SECOND_FACTOR = False
    user = manager()
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    mark = mark_in(client.get(invite))
    settings.STAFF_SECOND_FACTOR = True
    assert client.post(invite, {**TYPED, marks.FIELD: mark}).url == reverse("mfa_index")
    make.second_factor(user)
    assert KEPT in client.get(invite).content.decode()


def test_in_the_language_of_the_page():
    make.clinic()
    client = make.signed_in_client()
    page = "/vi" + reverse("patient:edit_details", args=[Patient.objects.get().code])
    mark = mark_in(client.get(page))
    client.session.flush()
    assert client.post(page, {"preferred_name": "Ánh", marks.FIELD: mark}).url.startswith("/vi/accounts/login/")
    client = make.client_for(client.user)
    again = client.get(page).content.decode()
    assert 'value="Ánh"' in again
    assert 'class="note-box warm kept-form"' in again
    assert KEPT not in again  # said in Vietnamese
    assert 'value="Ánh"' in client.get(page.removeprefix("/vi")).content.decode()


def test_a_form_that_anybody_may_send_is_kept_for_whoever_was_signed_in():
    """The last step of booking answers everybody; without its session it leads back to the times."""
    make.clinic()
    client = make.signed_in_client()
    page = reverse("public:confirm", args=[make.service().slug])
    mark = signing.dumps([client.user.code.hex, page], salt=marks.SALT)
    client.session.flush()
    client.post(page, {"reason": "Exams", marks.FIELD: mark})
    assert KeptForm.objects.get().typed["fields"] == {"reason": ["Exams"]}


# ---- What is kept, and how long --------------------------------------------------------------------------------------


def test_passwords_cards_and_files_are_never_kept(invite):
    user = manager()
    secrets = {
        "password": "hunter2hunter2",
        "new_password1": "hunter2hunter2",
        "otp": "123456",
        "one_time_code": "123456",
        "card_number": "4242424242424242",
        "cvc": "123",
        "client_secret": "hunter2",
        "credential": "{}",
    }
    lose(make.client_for(user), invite, **secrets)
    assert set(KeptForm.objects.get().typed["fields"]) == set(TYPED)


def test_a_chosen_file_is_named_and_not_kept(invite):
    user = manager()
    picture = SimpleUploadedFile("me & you.jpg", b"\xff\xd8 not kept \xff")
    lose(make.client_for(user), invite, portrait=picture)
    kept = KeptForm.objects.get().typed
    assert (kept["files"], "portrait" in kept["fields"]) == (["me & you.jpg"], False)
    assert "not kept" not in str(kept)
    assert "Choose again: me &amp; you.jpg" in make.client_for(user).get(invite).content.decode()


def test_nothing_of_the_accounts_own_pages_is_kept():
    client = make.client_for(make.user())
    page = reverse("account_change_password")
    mark = mark_in(client.get(page))
    client.session.flush()
    client.post(page, {"oldpassword": "x", "password1": "y", "password2": "y", "note": "z", marks.FIELD: mark})
    assert not KeptForm.objects.exists()


def test_it_is_encrypted_and_says_nothing_of_itself(invite):
    lose(make.client_for(manager()), invite)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_keptform")
        row = str(cursor.fetchall())
    assert "mai@example.com" not in row
    assert "Mai" not in row
    assert str(KeptForm.objects.get()) == str(KeptForm.objects.get().code)


@pytest.mark.parametrize(("hours", "is_there"), [(23.99, True), (24, False)])
def test_a_day_at_most(invite, clock, hours, is_there):
    user = manager()
    lose(make.client_for(user), invite)
    clock.shift(hours * 3600)
    assert (KEPT in make.client_for(user).get(invite).content.decode()) is is_there
    assert tasks.forget_old_forms() == (0 if is_there else 1)
    assert KeptForm.objects.count() == (1 if is_there else 0)


def test_the_worker_forgets():
    assert schedules.declared()["kept forms"].path == "portal.accounts.tasks.forget_old_forms"


def test_one_person_has_few_and_the_same_form_once(invite):
    user = manager()
    client = make.client_for(user)
    mark = mark_in(client.get(invite))
    client.session.flush()
    for n in range(40):
        client.post(f"{reverse('manager:settings')}?{n}", {"name": f"Clinic {n}", marks.FIELD: mark})
    assert KeptForm.objects.count() == 1
    for n in range(40):
        place = make.location()
        client.post(reverse("manager:location", args=[place.code]), {"name": f"Place {n}", marks.FIELD: mark})
    assert KeptForm.objects.count() == keeping.MOST


def test_what_is_too_large_is_not_kept(invite):
    client = make.client_for(manager())
    lose(client, invite, notes="x" * (keeping.LARGEST + 1))
    assert not KeptForm.objects.exists()


def test_what_is_more_than_the_portal_reads_is_refused_and_forgets_nothing(invite):
    user = manager()
    lose(make.client_for(user), invite)
    client = make.client_for(user)
    page = client.get(invite)
    assert KEPT in page.content.decode()
    too_much = {**TYPED, marks.FIELD: mark_in(page), "notes": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    assert client.post(invite, too_much).status_code == 413
    assert KEPT in client.get(invite).content.decode()


def test_nobody_else_pays_for_it(invite, django_assert_num_queries):
    client = make.client_for(manager())
    client.get(invite)
    with django_assert_num_queries(4) as asked:
        client.get(invite)
    assert not [query for query in asked if "keptform" in query["sql"]]


def test_a_note_comes_back_to_its_author_alone():
    make.clinic()
    author, colleague = make.user(role=Role.PSYCHOLOGIST), make.user(role=Role.PSYCHOLOGIST)
    psychologist = make.psychologist(user=author)
    make.psychologist(user=colleague)
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    session = make.appointment(psychologist=psychologist, starts_at=start)
    page = reverse("psychologist:note", args=[session.code])
    client = make.client_for(author)
    mark = mark_in(client.get(page))
    client.session.flush()
    # The page saves by itself, and htmx is told to leave; the script stays, and so does what is kept.
    here = {"hx-request": "true", "hx-current-url": f"http://testserver{page}"}
    sent = {"body": "Slept badly.\r\nAfraid of <the> exam.", "version": "0", "template": "free", marks.FIELD: mark}
    assert client.post(reverse("psychologist:draft_note", args=[session.code]), sent, headers=here).status_code == 204
    assert make.client_for(colleague).get(page).status_code == 404
    client = make.client_for(author)
    again = client.get(page).content.decode()
    assert "\nSlept badly.\r\nAfraid of &lt;the&gt; exam.</textarea>" in again
    assert KEPT in again


# ---- The page itself -------------------------------------------------------------------------------------------------


def filled(html, typed, **kwargs):
    options = {"is_its_address": lambda address: address == "/here/", "is_its_page": False, "own": frozenset({"csrf"})}
    return fill(html, typed, head=lambda is_old: "[old]" if is_old else "[head]", tail="[tail]", **options | kwargs)


def test_only_the_right_form_is_filled():
    html = (
        '<form method="get" action="/here/"><input name="q"></form>'
        '<form method="post" action="/there/"><input name="q"></form>'
        '<form method="post" action="/here/"><input type="hidden" name="row" value="1"><input name="q"></form>'
        '<form method="post" action="/here/"><input type="hidden" name="row" value="2"><input name="q"></form>'
    )
    got = filled(html, {"q": ["typed"], "row": ["2"]})
    assert got.count('value="typed"') == 1
    assert got.endswith('value="2">' + '<input name="q" value="typed"></form>[tail]')


def test_what_is_a_secret_or_the_pages_own_is_left():
    html = (
        '<form method="post" action="/here/"><input type="hidden" name="csrf" value="new">'
        '<input type="password" name="p"><input type="file" name="f"><button name="b" value="1">x</button>'
        '<input name="q" disabled><input name="t"></form>'
    )
    sent = {name: ["x"] for name in ("csrf", "p", "f", "b", "q", "t")}
    assert (
        filled(html, sent)
        == html.replace('action="/here/">', 'action="/here/">[head]').replace(
            '<input name="t">', '<input name="t" value="x">'
        )
        + "[tail]"
    )


def test_controls_of_every_kind():
    html = (
        '<form id="f" method="post" action="/here/"><textarea name="a">\nold &amp; worn</textarea>'
        '<select name="s"><option value="1" selected>One<option value="2">Two</select>'
        '<select name="gone"><option value="1" selected>One</option></select>'
        '<select name="m" multiple><option selected>x</option><option>y</option></select>'
        '<input type="checkbox" name="c" value="1" checked><input type="checkbox" name="c" value="2">'
        '<input type="radio" name="r" value="1" checked><input type="radio" name="r" value="2">'
        '<input name="d" value="1"><input name="d" value="2"></form><input name="far" form="f"><p>&copy; kept</p>'
    )
    got = filled(
        html,
        {
            "a": ['</textarea><script>"x"'],
            "s": ["2"],
            "gone": ["9"],
            "m": ["y"],
            "c": ["2"],
            "r": ["2"],
            "d": ["3", "4"],
            "far": ["away"],
        },
    )
    assert got == (
        '<form id="f" method="post" action="/here/">[head]<textarea name="a">\n&lt;/textarea&gt;&lt;script&gt;'
        "&quot;x&quot;"
        '</textarea><select name="s"><option value="1">One<option value="2" selected>Two</select>'
        '<select name="gone"><option value="1" selected>One</option></select>'
        '<select name="m" multiple><option>x</option><option selected>y</option></select>'
        '<input type="checkbox" name="c" value="1"><input type="checkbox" name="c" value="2" checked>'
        '<input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked>'
        '<input name="d" value="3"><input name="d" value="4"></form>[tail]<input name="far" form="f" value="away">'
        "<p>&copy; kept</p>"
    )


def test_nothing_new_says_nothing():
    html = (
        '<form method="post" action="/here/"><input type="hidden" name="h" value="1"><input name="q" value="x"></form>'
    )
    assert filled(html, {"q": ["x"], "h": ["2"]}) == html
    assert filled("<p>no form</p>", {"q": ["x"]}) is None


@pytest.mark.parametrize(
    ("typed", "opened"),
    [({"q": ["new"]}, True), ({"q": ["was"]}, False), ({"outside": ["new"]}, False)],
)
def test_what_was_typed_in_a_fold_is_to_be_seen(typed, opened):
    html = (
        '<details class="other"><summary>Other</summary></details>'
        '<form method="post" action="/here/"><input name="outside"><details class="a"><summary>More</summary>'
        '<details><input name="q" value="was"></details></details></form>'
    )
    page = filled(html, typed)
    assert ('<details class="a" open>' in page, "<details open>" in page) == (opened, opened)
    assert '<details class="other">' in page


@pytest.mark.parametrize("name", ["seen", "version", "2-shown"])
def test_a_page_that_has_changed_since_says_so(name):
    html = f'<form method="post" action="/here/"><input type="hidden" name="{name}" value="now"><input name="q"></form>'
    assert "[old]" in filled(html, {name: ["then"], "q": ["new"]})
    assert "[head]" in filled(html, {name: ["now"], "q": ["new"]})
    assert "[head]" in filled(html, {"q": ["new"]})


@pytest.mark.parametrize(("mark", "status"), [("nonsense", 403), (" ", 403), ("", 302)])
def test_a_mark_that_is_not_ours_is_refused_and_none_is_a_visitors_page(mark, status):
    client = make.client_for(make.user())
    assert client.post(reverse("patient:agree"), {"whose_form": mark}).status_code == status
