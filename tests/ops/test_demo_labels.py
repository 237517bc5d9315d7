"""The demo's website reads whole in each language: no category, tag or specialisation in English alone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from portal.clinic.models import Specialisation
from portal.ops.demo import articles, clinic, handouts, labels
from portal.ops.demo.sign_ins import BY
from portal.resources.actions.categories import add_category, tags_named
from portal.resources.models import Category, Tag
from portal.website import texts
from portal.website.models import SiteText

pytestmark = pytest.mark.django_db


def test_every_name_of_the_demo_is_said_in_every_language():
    clinic.found(is_demo=True)
    shelves = {*articles.CATEGORIES, *(handout.category for handout in handouts.HANDOUTS)}
    for name in shelves:
        add_category(name=name, description="About it.", by=BY, now=timezone.now())
    tags_named(name for one in articles.ARTICLES for name in one.tags)
    labels.say()
    rows = [*Category.objects.all(), *Tag.objects.all(), *Specialisation.objects.all()]
    assert len(rows) > 25
    for language in labels.LANGUAGES:
        told = texts.Texts(language)
        fields = [(row, "name") for row in rows] + [(row, "description") for row in Category.objects.all()]
        assert [str(row) for row, field in fields if told.of(row, field).lang] == [], language
    longest = {"category": 60, "tag": 40, "specialisation": 80}
    for row in rows:
        said = SiteText.objects.filter(key=texts.key_of(row, "name")).values_list("text", flat=True)
        assert all(len(text) <= longest[row._meta.model_name] for text in said)


def test_nothing_is_said_of_what_the_demo_does_not_have():
    shelves = {*articles.CATEGORIES, *(handout.category for handout in handouts.HANDOUTS)}
    assert len(labels.CATEGORIES) == len(shelves)
    assert len(labels.TAGS) == len({name for one in articles.ARTICLES for name in one.tags})
