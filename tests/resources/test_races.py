"""Several authors at once: real threads, real transactions."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.resources.actions import posts as actions
from portal.resources.actions.posts import Writing
from portal.resources.models import BlogPost, UsedSlug
from portal.resources.refusals import AddressTaken, ChangedMeanwhile
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 6
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def at_once(*jobs):
    """Runs the jobs at one moment and counts what came of them: "done", or the name of a refusal."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            job()
            return "done"
        except (AddressTaken, ChangedMeanwhile) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(run, jobs))


def saving(by, *, code=None, version=0, body="Words"):
    code = code or uuid.uuid4()
    writing = Writing(title="On grief", body=body)
    return lambda: actions.save_post(code=code, writing=writing, version=version, by=by, now=NOW)


def author():
    return Actor(make.user(role=Role.PSYCHOLOGIST), Role.PSYCHOLOGIST)


def test_one_title_at_once_gives_as_many_addresses():
    assert at_once(*(saving(author()) for _ in range(PEOPLE))) == {"done": PEOPLE}
    slugs = set(BlogPost.objects.values_list("slug", flat=True))
    assert len(slugs) == PEOPLE
    assert "on-grief" in slugs
    assert set(UsedSlug.objects.values_list("slug", flat=True)) == slugs


def test_one_new_page_sent_many_times_at_once_is_one_article():
    by, code = author(), uuid.uuid4()
    assert at_once(*(saving(by, code=code) for _ in range(PEOPLE))) == {"done": PEOPLE}
    assert (BlogPost.objects.count(), UsedSlug.objects.count()) == (1, 1)
    assert BlogPost.objects.get().revisions.count() == 1


def test_one_version_is_changed_once():
    by, code = author(), uuid.uuid4()
    saving(by, code=code)()
    came = at_once(*(saving(by, code=code, version=1, body=f"Words of tab {n}") for n in range(PEOPLE)))
    assert came == {"done": 1, "ChangedMeanwhile": PEOPLE - 1}
    post = BlogPost.objects.get()
    assert (post.version, post.revisions.count()) == (2, 2)


def test_one_address_is_taken_once():
    posts = [make.post() for _ in range(PEOPLE)]

    def take(post):
        by = Actor(post.author, Role.PSYCHOLOGIST)
        return lambda: actions.change_slug(post=post, slug="wanted", by=by, now=NOW)

    assert at_once(*(take(post) for post in posts)) == {"done": 1, "AddressTaken": PEOPLE - 1}
    assert BlogPost.objects.filter(slug="wanted").count() == 1
