import base64
import copy
import json
import pickle
import uuid
from contextlib import contextmanager

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.forms import Textarea, modelform_factory
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.views.debug import ExceptionReporter
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.common.crypto import keys
from portal.common.crypto.ciphertext import BoundValueChanged, KeyMissing, Sealed, Tampered, seal, unseal
from portal.common.crypto.fields import EncryptedJSONField, EncryptedTextField, encrypted_fields
from tests.common.crypto.sealed.models import Page

SECRET = "The reason I came: sleepless since March."
OLD, NEW = (f"{name}:{base64.b64encode(byte * 32).decode()}" for name, byte in (("old_1", b"o"), ("new", b"n")))


@pytest.fixture
def two_keys(settings):
    """Rows are written under the old key first; calling it makes the new one current."""
    settings.PORTAL_ENCRYPTION_KEYS = OLD

    def turn(text=f"{NEW},{OLD}"):
        settings.PORTAL_ENCRYPTION_KEYS = text

    return turn


@contextmanager
def refused(problem):
    with pytest.raises(problem), transaction.atomic():
        yield


def stored(page, column="body"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM sealed_page WHERE id = %s", [page.pk])
        return cursor.fetchone()[0]


def store(page, value, column="body"):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE sealed_page SET {column} = %s WHERE id = %s", [value, page.pk])


# ---- Sealing


@given(clear=st.binary(max_size=2000), context=st.text(st.characters(codec="utf-8"), max_size=60))
def test_seal_any_bytes_come_back(clear, context):
    sealed = seal(clear, context=context)
    assert unseal(sealed, context=context) == clear
    assert sealed.token != seal(clear, context=context).token


@given(clear=st.binary(min_size=1, max_size=80), data=st.data())
def test_unseal_one_changed_character_is_refused(clear, data):
    token = seal(clear, context="x").token
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("AZaz09_-:=. \n").filter(lambda c: c != token[place]))
    with pytest.raises((Tampered, KeyMissing)):
        unseal(Sealed(token[:place] + letter + token[place + 1 :]), context="x")


@pytest.mark.parametrize(
    "token", ["", "plain words", "v1:test", "v1:test:", "v1:test:AAAA", "v2:test:AAAA", "v1:test:" + "A" * 40, "v1::A"]
)
def test_unseal_what_was_never_sealed_is_refused(token):
    with pytest.raises(Tampered):
        unseal(Sealed(token), context="x")


def test_sealed_shows_nothing():
    sealed = seal(SECRET.encode(), context="x")
    assert {repr(sealed), str(sealed), f"{sealed}", f"{[sealed]}"} == {"<sealed>", "[<sealed>]"}
    with pytest.raises(AttributeError):
        sealed.token = "v1:other"


# ---- A row


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=300),
    answers=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
        ),
        max_leaves=12,
    ),
)
def test_row_any_value_comes_back(text, answers):
    page = Page.objects.create(body=text, answers=answers)
    again = Page.objects.get(pk=page.pk)
    assert (again.body, again.answers, again.aside) == (text, answers, None)
    assert stored(page).startswith("v1:test:")
    assert (stored(page, "answers") is None) is (answers is None)


@pytest.mark.django_db
def test_row_empty_text_is_encrypted_and_none_is_null():
    page = Page.objects.create(body="", aside=None)
    assert stored(page).startswith("v1:test:")
    assert stored(page, "aside") is None
    assert Page.objects.get().body == ""
    store(page, "")
    with pytest.raises(Tampered):
        Page.objects.get().body  # noqa: B018


@pytest.mark.django_db
def test_row_column_and_queries_hold_no_clear_text():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = Page.objects.create(body=SECRET, answers={"why": SECRET})
        page.body += "!"
        page.save()
    assert "sleepless" not in stored(page) + stored(page, "answers")
    assert len(queries) == 2
    assert "sleepless" not in str([q["sql"] for q in queries])


@pytest.mark.django_db
def test_row_same_text_twice_looks_different():
    first, second = Page.objects.create(body=SECRET), Page.objects.create(body=SECRET)
    assert stored(first) != stored(second)


@pytest.mark.django_db
@pytest.mark.parametrize(("column", "onto"), [("body", "row"), ("aside", "column"), ("answers", "column")])
def test_row_copied_value_does_not_open(column, onto):
    page = Page.objects.create(body=SECRET)
    target = Page.objects.create() if onto == "row" else page
    store(target, stored(page), column)
    with pytest.raises(Tampered, match=f"sealed.Page.{column}:{target.code}"):
        getattr(Page.objects.get(pk=target.pk), column)


@pytest.mark.django_db
def test_row_opens_only_when_read():
    page = Page.objects.create(body=SECRET)
    store(page, "v1:test:" + "A" * 60)
    again = Page.objects.get(pk=page.pk)
    assert again.title == ""
    with pytest.raises(Tampered):
        again.body  # noqa: B018


@pytest.mark.django_db
@pytest.mark.parametrize("read_first", [True, False])
def test_save_unchanged_keeps_the_ciphertext(read_first):
    page = Page.objects.create(body=SECRET, answers={"a": [1, 2]})
    before = stored(page), stored(page, "answers")
    again = Page.objects.get(pk=page.pk)
    if read_first:
        assert (again.body, again.answers) == (SECRET, {"a": [1, 2]})
    again.title = "new"
    again.save()
    page.save()
    assert (stored(page), stored(page, "answers")) == before
    again.body = SECRET + "."
    again.save(update_fields=["title"])
    assert stored(page) == before[0]
    again.save(update_fields=["body"])
    assert stored(page) != before[0]
    assert Page.objects.get().body == SECRET + "."


@pytest.mark.django_db
def test_save_notices_a_change_inside_json():
    page = Page.objects.get(pk=Page.objects.create(answers={"sleep": [1]}).pk)
    page.answers["sleep"].append(2)
    page.save(update_fields=["answers"])
    assert Page.objects.get(pk=page.pk).answers == {"sleep": [1, 2]}


@pytest.mark.django_db
def test_save_raises_on_what_json_cannot_write():
    with pytest.raises(ValueError, match=r"sealed\.Page\.answers") as caught, transaction.atomic():
        Page.objects.create(answers={"x": object(), "y": SECRET})
    assert "sleepless" not in str(caught.value)
    with pytest.raises(ValueError, match="lone surrogate") as caught, transaction.atomic():
        Page.objects.create(body=SECRET + "\ud800")
    assert caught.value.__cause__ is None
    with pytest.raises(TypeError, match="takes text"):
        Page(body=3)


@pytest.mark.django_db
@pytest.mark.parametrize("first", [lambda p: None, lambda p: p.body, lambda p: setattr(p, "body", "new")])
def test_changed_code_is_refused(first):
    page = Page.objects.get(pk=Page.objects.create(body=SECRET).pk)
    first(page)
    page.code = uuid.uuid4()
    for attempt in (
        page.save,
        lambda: page.save(update_fields=["body"]),
        lambda: Page.objects.bulk_update([page], ["body"]),
    ):
        with refused(BoundValueChanged):
            attempt()
    assert Page.objects.get().body == SECRET


@pytest.mark.django_db
def test_changed_code_is_refused_to_a_reader():
    Page.objects.create(body=SECRET)
    for narrow, problem in ((Page.objects, BoundValueChanged), (Page.objects.only("body"), Tampered)):
        page = narrow.get()
        page.code = uuid.uuid4()
        with pytest.raises(problem):
            page.body  # noqa: B018
        with refused(problem):
            page.save()
    assert Page.objects.get().body == SECRET


@pytest.mark.django_db
def test_code_may_be_set_until_the_first_save():
    page = Page(title="x", body=SECRET)
    page.full_clean()
    page.code = uuid.uuid4()
    page.save()
    assert Page.objects.get(code=page.code).body == SECRET
    page.code = None
    with refused(BoundValueChanged):
        page.save()


@pytest.mark.django_db
def test_sealed_value_of_another_row_is_refused_on_save():
    page, other = Page.objects.create(body=SECRET), Page.objects.create(body="mine")
    other.body = page.body_sealed
    with refused(Tampered):
        other.save()
    with refused(Tampered):
        Page.objects.create(body=page.body_sealed)
    assert Page.objects.get(pk=other.pk).body == "mine"


@pytest.mark.django_db
def test_copy_of_a_row_needs_its_values_opened():
    page = Page.objects.get(pk=Page.objects.create(body=SECRET).pk)
    page.pk, page._state.adding, page.code = None, True, uuid.uuid4()
    with refused(BoundValueChanged):
        page.save()
    page = Page.objects.get()
    assert page.body == SECRET
    page.pk, page._state.adding, page.code = None, True, uuid.uuid4()
    page.save()
    assert {p.body for p in Page.objects.all()} == {SECRET}


# ---- What Django does with it


@pytest.mark.django_db
def test_bulk_create_and_bulk_update():
    pages = Page.objects.bulk_create([Page(body=f"text {n}", answers=[n]) for n in range(5)])
    assert [(p.body, p.answers) for p in Page.objects.order_by("pk")] == [(f"text {n}", [n]) for n in range(5)]
    pages = list(Page.objects.order_by("pk"))
    untouched = stored(pages[4])
    for page in pages[:4]:
        page.body += " again"
    pages[0].answers = None
    assert Page.objects.bulk_update(pages, ["body", "answers"]) == 5
    assert [p.body for p in Page.objects.order_by("pk")] == [f"text {n} again" for n in range(4)] + ["text 4"]
    assert [p.answers for p in Page.objects.order_by("pk")] == [None, [1], [2], [3], [4]]
    assert stored(pages[4]) == untouched


@pytest.mark.django_db
def test_bulk_create_updating_conflicts():
    page = Page.objects.create(body="first")
    Page.objects.bulk_create(
        [Page(code=page.code, body="second")], update_conflicts=True, update_fields=["body"], unique_fields=["code"]
    )
    assert Page.objects.get().body == "second"


@pytest.mark.django_db
def test_get_or_create_and_update_or_create():
    code = uuid.uuid4()
    page, created = Page.objects.get_or_create(code=code, defaults={"body": SECRET})
    assert (page.body, created) == (SECRET, True)
    page, created = Page.objects.update_or_create(code=code, defaults={"body": "changed"})
    assert (Page.objects.get().body, created) == ("changed", False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("narrow", "queries"), [(lambda qs: qs.defer("body"), 2), (lambda qs: qs.only("title"), 3)], ids=["defer", "only"]
)
def test_deferred_value_is_fetched_when_read(narrow, queries, django_assert_num_queries):
    Page.objects.create(body=SECRET)
    with django_assert_num_queries(queries):
        page = narrow(Page.objects).get()
        assert page.title == ""
        assert page.get_deferred_fields() >= {"body_sealed"}
        assert page.body == SECRET
    page = narrow(Page.objects).get()
    page.title = "x"
    page.save()
    assert Page.objects.get().body == SECRET


@pytest.mark.django_db
def test_refresh_from_db_forgets_what_was_read():
    page = Page.objects.create(body="first")
    other = Page.objects.get()
    other.body = "second"
    other.save()
    page.refresh_from_db(fields=["body"])
    assert page.body == "second"
    page.body = "unsaved"
    page.refresh_from_db()
    assert page.body == "second"
    page.answers = {"a": 1}
    page.save()
    page.answers["a"] = "unsaved"
    page.refresh_from_db()
    assert page.answers == {"a": 1}


@pytest.mark.django_db
def test_values_give_ciphertext_that_hides_itself():
    page = Page.objects.create(body=SECRET, answers={"a": SECRET})
    rows = [
        Page.objects.values("body", "answers", "aside").get(),
        Page.objects.values().get(),
        Page.objects.values_list("body", flat=True).get(),
        Page.objects.annotate(same=F("body")).get().same,
    ]
    assert rows[0]["aside"] is None
    assert isinstance(rows[0]["body"], Sealed)
    assert rows[2] == rows[3] == page.body_sealed == rows[1]["body_sealed"]
    assert "sleepless" not in repr(rows)
    assert "v1:" not in repr(rows)
    assert Page.objects.values("body").distinct().count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "condition",
    [
        {"body": SECRET}, {"body": None}, {"body__exact": "x"}, {"body__contains": "x"}, {"body__in": ["x"]},
        {"body__gt": "x"}, {"body__regex": "x"}, {"answers__a": 1}, {"answers__has_key": "a"}, {"body__length": 3},
    ],
)  # fmt: skip
def test_filter_is_refused(condition):
    with pytest.raises(FieldError, match=r"sealed\.Page\.(body|answers) is encrypted"):
        Page.objects.filter(**condition)
    with pytest.raises(FieldError):
        Page.objects.exclude(Q(**condition))


@pytest.mark.django_db
def test_filter_isnull_works():
    Page.objects.create(aside="x")
    Page.objects.create()
    assert Page.objects.filter(aside__isnull=True).count() == Page.objects.exclude(aside__isnull=True).count() == 1


@pytest.mark.django_db
def test_update_takes_only_null_and_ciphertext():
    page = Page.objects.create(body=SECRET, aside="x")
    with pytest.raises(FieldError, match="set it on the instance"), transaction.atomic():
        Page.objects.update(body="clear words")
    Page.objects.update(aside=None, body=page.body_sealed)
    page = Page.objects.get()
    assert (page.body, page.aside) == (SECRET, None)


@pytest.mark.django_db
@pytest.mark.parametrize("read_first", [True, False])
def test_copies_are_independent(read_first):
    page = Page.objects.get(pk=Page.objects.create(body=SECRET, answers={"a": [1]}).pk)
    assert not read_first or (page.body, page.answers) == (SECRET, {"a": [1]})
    shallow, deep = copy.copy(page), copy.deepcopy(page)
    shallow.body = "other"
    deep.answers["a"].append(2)
    assert (page.body, page.answers) == (SECRET, {"a": [1]})
    assert (deep.body, deep.answers) == (SECRET, {"a": [1, 2]})


@pytest.mark.django_db
@pytest.mark.parametrize("read_first", [True, False])
def test_pickle_carries_ciphertext_only(read_first):
    page = Page.objects.get(pk=Page.objects.create(body=SECRET, answers={"a": SECRET}).pk)
    assert not read_first or (page.body, page.answers) == (SECRET, {"a": SECRET})
    data = pickle.dumps(page)
    assert b"sleepless" not in data
    again = pickle.loads(data)  # noqa: S301
    assert (again.body, again.answers, again.aside) == (SECRET, {"a": SECRET}, None)


@pytest.mark.django_db
def test_pickle_of_unsaved_clear_text_is_refused():
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(Page(body=SECRET))
    page = Page.objects.create(answers={"a": 1})
    page.body = "changed"
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(page)
    page = Page.objects.get()
    page.answers["a"] = SECRET
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(page)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["json", "python", "xml", "jsonl"])
def test_serializers_write_ciphertext_and_read_it_back(form):
    page = Page.objects.create(body=SECRET, answers={"a": SECRET})
    before = stored(page), stored(page, "answers"), stored(page, "aside")
    written = serializers.serialize(form, Page.objects.all())
    assert "sleepless" not in str(written)
    Page.objects.all().delete()
    for row in serializers.deserialize(form, written):
        row.save()
    page = Page.objects.get()
    assert (page.body, page.answers, page.aside) == (SECRET, {"a": SECRET}, None)
    assert (stored(page), stored(page, "answers"), stored(page, "aside")) == before


@pytest.mark.django_db
def test_dumpdata_holds_no_clear_text(capsys):
    Page.objects.create(body=SECRET)
    call_command("dumpdata", "sealed")
    out = capsys.readouterr().out
    assert "sleepless" not in out
    assert json.loads(out)[0]["fields"]["body"].startswith("v1:test:")


# ---- Forms


@pytest.mark.django_db
def test_form_edits_the_clear_value():
    page = Page.objects.get(pk=Page.objects.create(body=SECRET, answers={"a": 1}).pk)
    form_class = modelform_factory(Page, fields=["body", "aside", "answers"])
    form = form_class(instance=page)
    assert SECRET in form.as_p()
    assert isinstance(form.fields["body"].widget, Textarea)
    form = form_class({"body": "new\r\nline", "aside": "", "answers": '{"a": 2}'}, instance=page)
    assert form.is_valid(), form.errors
    form.save()
    page = Page.objects.get()
    assert (page.body, page.aside, page.answers) == ("new\r\nline", None, {"a": 2})


@pytest.mark.django_db
def test_form_words_that_look_like_ciphertext_are_only_words():
    typed = Page.objects.create(body=SECRET).body_sealed.token
    form = modelform_factory(Page, fields=["body"])({"body": typed})
    assert form.is_valid(), form.errors
    assert Page.objects.get(pk=form.save().pk).body == typed


@pytest.mark.django_db
def test_form_too_long_is_said_beside_the_field():
    form = modelform_factory(Page, fields=["aside"])({"aside": "x" * 21})
    assert not form.is_valid()
    assert set(form.errors) == {"aside"}
    with pytest.raises(ValidationError) as caught:
        Page(title="x", aside="x" * 21).full_clean()
    assert set(caught.value.message_dict) == {"aside"}


# ---- Keys


def test_keys_a_report_of_a_failure_shows_no_clear_text(rf, settings):
    """Django's own report of an error hides what a function marks as sensitive."""
    settings.PORTAL_ENCRYPTION_KEYS = "broken"
    with pytest.raises(ImproperlyConfigured) as failed:
        Page._meta.get_field("body").pre_save(Page(body=SECRET), add=True)
    reporter = ExceptionReporter(rf.get("/"), failed.type, failed.value, failed.tb)
    frames = [frame for frame in reporter.get_traceback_frames() if "/portal/common/" in frame["filename"]]
    assert {"sealed_value", "seal"} <= {frame["function"] for frame in frames}
    assert "sleepless" not in str([frame["vars"] for frame in frames])


@pytest.mark.django_db
def test_keys_old_value_opens_and_new_value_takes_the_first_key(two_keys):
    page = Page.objects.create(body=SECRET)
    two_keys()
    page = Page.objects.get()
    assert page.body == SECRET
    page.save()
    assert stored(page).startswith("v1:old_1:")
    page.body += "!"
    page.save()
    assert stored(page).startswith("v1:new:")
    assert Page.objects.get().body == SECRET + "!"


@pytest.mark.django_db
def test_keys_missing_key_is_named_and_nothing_is_lost(two_keys):
    page = Page.objects.create(body=SECRET)
    before = stored(page)
    two_keys(NEW)
    page = Page.objects.get()
    with pytest.raises(KeyMissing, match=r"sealed\.Page\.body.*'old_1'.*PORTAL_ENCRYPTION_KEYS"):
        page.body  # noqa: B018
    page.title = "saved all the same"
    page.save()
    assert stored(page) == before
    two_keys(OLD)
    assert (Page.objects.get().body, Page.objects.get().title) == (SECRET, "saved all the same")


@pytest.mark.django_db
def test_keys_wrong_key_under_the_same_id_is_named_and_nothing_is_lost(two_keys):
    page = Page.objects.create(body=SECRET)
    two_keys("old_1:" + base64.b64encode(b"x" * 32).decode())
    with pytest.raises(Tampered, match="the key beside that id in PORTAL_ENCRYPTION_KEYS is another one"):
        Page.objects.get().body  # noqa: B018
    Page.objects.get().save()
    two_keys(OLD)
    assert Page.objects.get(pk=page.pk).body == SECRET


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no key"),
        (" , ", "holds no key"),
        ("justakey", "not of the form id:base64"),
        ("a b:AAAA", "not of the form id:base64"),
        ("a:not base64!", "is not base64"),
        ("a:" + base64.b64encode(b"short").decode(), "has 5 bytes"),
        (f"{OLD},{OLD}", "'old_1' twice"),
        ("2026-11.00000000:" + base64.b64encode(b"n" * 32).decode(), "not the one this id was made for"),
    ],
)
def test_check_names_what_is_wrong_with_the_keys(settings, text, words):
    settings.PORTAL_ENCRYPTION_KEYS = text
    [error] = keys.check_keys()
    assert (error.id, words in error.msg) == ("common.E001", True)
    assert not any(key in error.msg for key in ("not base64!", base64.b64encode(b"n" * 32).decode()))


def test_check_passes_on_made_keys(settings, capsys):
    call_command("make_key")
    name, _, value = capsys.readouterr().out.strip().partition("=")
    assert name == "PORTAL_ENCRYPTION_KEYS"
    settings.PORTAL_ENCRYPTION_KEYS = f"{value}, {keys.generate_key('second')}"
    assert keys.check_keys() == []
    assert [len(key) for key in keys.parse(settings.PORTAL_ENCRYPTION_KEYS).values()] == [32, 32]
    assert keys.ring().current == value.partition(":")[0]
    urlsafe = value.replace("+", "-").replace("/", "_")
    assert keys.parse(urlsafe) == keys.parse(value)


def test_make_key_never_makes_the_same_twice(capsys):
    for kind in ("encryption", "secret", "trail"):
        call_command("make_key", kind)
        call_command("make_key", kind)
    lines = capsys.readouterr().out.split()
    assert [line.partition("=")[0] for line in lines[::2]] == ["PORTAL_ENCRYPTION_KEYS", "SECRET_KEY", "TRAIL_KEY"]
    assert len(set(lines)) == 6
    assert all(len(line.partition("=")[2]) >= 50 for line in lines)


# ---- Declaring a field


def test_deconstruct_comes_back():
    field = EncryptedTextField(bound_to="code", bound_as="old.Name.body", max_length=9, null=True)
    field.set_attributes_from_name("body")
    _name, path, args, kwargs = field.deconstruct()
    assert path == "portal.common.crypto.fields.EncryptedTextField"
    assert (args, kwargs) == ([], {"bound_to": "code", "bound_as": "old.Name.body", "max_length": 9, "null": True})
    assert len(EncryptedTextField(**kwargs).validators) == len(field.validators)


@isolate_apps("tests.common.crypto.sealed")
def test_bound_as_reads_rows_of_a_renamed_field():
    class Sheet(models.Model):
        code = models.UUIDField(unique=True)
        text = EncryptedTextField(bound_to="code", bound_as="sealed.Page.body")

        class Meta:
            app_label = "sealed"

    code = uuid.uuid4()
    assert Sheet(code=code, text_sealed=Page(code=code, body=SECRET).body_sealed).text == SECRET


@isolate_apps("tests.common.crypto.sealed")
@pytest.mark.parametrize(
    ("bound", "options", "problems"),
    [
        (models.UUIDField(unique=True), {}, []),
        (models.UUIDField(), {}, ["common.E102"]),
        (models.UUIDField(unique=True, null=True), {}, ["common.E102"]),
        (models.UUIDField(unique=True), {"unique": True}, ["common.E105"]),
        (models.UUIDField(unique=True), {"db_index": True}, ["common.E105"]),
        (models.UUIDField(unique=True), {"bound_to": "nothing"}, ["common.E101"]),
        (models.UUIDField(unique=True), {"bound_to": "id"}, ["common.E103"]),
    ],
)
def test_field_check(bound, options, problems):
    bound = bound.clone()

    class Sheet(models.Model):
        id = models.BigAutoField(primary_key=True)
        code = bound
        text = EncryptedJSONField(**{"bound_to": "code"} | options)

        class Meta:
            app_label = "sealed"

    assert [p.id for p in Sheet._meta.get_field("text").check() if p.id.startswith("common")] == problems


@isolate_apps("tests.common.crypto.sealed")
def test_field_check_wants_the_code_first():
    class Sheet(models.Model):
        text = EncryptedTextField(bound_to="code")
        code = models.UUIDField(unique=True)

        class Meta:
            app_label = "sealed"

    assert [p.id for p in Sheet._meta.get_field("text").check()] == ["common.E104"]


def test_encrypted_fields_are_found():
    assert [f.name for f in encrypted_fields()[Page]] == ["body", "aside", "answers"]
