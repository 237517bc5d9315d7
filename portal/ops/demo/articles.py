"""What the invented clinic's psychologists have written: their blog, and a draft on Mai's desk.

General information in plain words, as advertising rules want it: no promise of a result, no patient's story.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.ops.demo import essays
from portal.ops.demo.drawings import Branch, Scene, draw
from portal.ops.demo.opening_essays import FIRST_SESSION, PLAN, TEENAGERS, VIETNAMESE, WORRY
from portal.ops.demo.sign_ins import HELEN, MAI, TOM, Person
from portal.resources.actions.categories import add_category
from portal.resources.actions.posts import Writing, publish, save_post, schedule
from portal.resources.models import Category


@dataclass(frozen=True)
class Written:
    title: str
    body: str
    category: str
    days_ago: float
    author: Person = MAI
    excerpt: str = ""
    tags: tuple[str, ...] = ()
    language: str = "en-au"
    scene: Scene | Branch | None = None
    picture_alt: str = ""
    is_draft: bool = False
    # What it ended with when it was first kept; then it was finished, so that there is something to compare.
    first_without: str = ""
    # Days from now: one that waits for its time. None is one that readers have.
    opens_in: float | None = None
    # How long it holds, in days from when it was written.
    holds: int = 365


CATEGORIES = {
    "Starting out": "What to expect, before you make a first appointment and after it.",
    "Worry and low mood": "What anxiety and depression do, and what people find useful against them.",
    "Families": "Children, teenagers, and the adults who live with them.",
    "Study and work": "Exams, deadlines, colleagues, and going back after a while away.",
    "Loss and change": "What ends, what begins, and what people hold on to meanwhile.",
}


ARTICLES = (
    Written(
        "What happens in a first session",
        FIRST_SESSION,
        "Starting out",
        days_ago=2.3,
        excerpt="Nobody will ask you to lie on a couch. What to bring, what you may be asked, and what you may keep to "
        "yourself.",
        tags=("First visit", "Medicare"),
        scene=Scene("#fdf3d8", "#e9b949", "#e8c9a8", "#b98a62", "#23594b", sun_at=(0.72, 0.34)),
        picture_alt="Hills in the first light of a morning",
    ),
    Written(
        "Why worry is loudest at three in the morning",
        WORRY,
        "Worry and low mood",
        days_ago=16.1,
        excerpt="The thought is the same one as at three in the afternoon. What is different at night, and what people "
        "find useful.",
        tags=("Sleep", "Worry"),
        scene=Scene("#1b2f40", "#f3ead2", "#2b5f8a", "#23475f", "#101f2b", sun_at=(0.3, 0.25)),
        picture_alt="The moon over dark hills",
    ),
    Written(
        "A mental health treatment plan, step by step",
        PLAN,
        "Starting out",
        days_ago=44.6,
        author=TOM,
        excerpt="How to ask your GP for one, what Medicare pays with it, and who gets to know.",
        tags=("Medicare", "First visit"),
    ),
    Written(
        "Lần đầu gặp nhà tâm lý học",
        VIETNAMESE,
        "Starting out",
        days_ago=61.2,
        excerpt="Nên mang theo gì, chúng ta sẽ nói về điều gì, và điều gì được giữ kín.",
        language="vi",
        tags=("First visit",),
    ),
    Written(
        "When a teenager stops talking",
        TEENAGERS,
        "Families",
        days_ago=75.4,
        excerpt="Most doors close a little between twelve and seventeen. What helps a conversation, and when it is "
        "more than a closed door.",
        author=TOM,
        tags=("Teenagers", "Parents"),
        scene=Scene("#e3edf6", "#e9b949", "#b1cdc2", "#6fa08f", "#7a3e63", sun_at=(0.5, 0.6)),
        picture_alt="The sun going down between two hills",
    ),
    Written(
        "Going back to work, a little at a time",
        essays.WORK,
        "Study and work",
        days_ago=0.4,
        tags=("Work",),
        is_draft=True,
    ),
    Written(
        "Panic, step by step",
        essays.PANIC,
        "Worry and low mood",
        days_ago=9.2,
        excerpt="A panic attack is a fire alarm without a fire. What your body is doing, what to try while it lasts, "
        "and when to see somebody.",
        author=TOM,
        tags=("Panic", "Worry"),
        scene=Scene("#f3ead2", "#d9643c", "#dcc9a9", "#8fb3a5", "#1f5b4b", sun_at=(0.35, 0.42)),
        picture_alt="A red sun low over green hills",
    ),
    Written(
        "After the baby: how are you?",
        essays.BABY,
        "Families",
        days_ago=23.8,
        excerpt="Everybody asks about the baby. What the first year can do to the people who hold it, and whom to talk "
        "to.",
        tags=("Parents", "Sleep"),
        scene=Branch("#fdf3d8", "#23594b", "#e9b949"),
        picture_alt="A branch of wattle with round yellow flowers",
        first_without="Bring the baby to your appointment",
    ),
    Written(
        "ADHD at exam time",
        essays.EXAMS,
        "Study and work",
        days_ago=31.5,
        excerpt="Working with the attention you have: visible time, two-minute doors, and what you may ask your school "
        "for.",
        author=TOM,
        tags=("ADHD", "Study", "Teenagers"),
        scene=Branch("#e3edf6", "#2b5f8a", ""),
        picture_alt="A branch of gum leaves, drawn in blue",
    ),
    Written(
        "How to tell whether therapy is working",
        essays.WORKING,
        "Starting out",
        days_ago=52.9,
        excerpt="It is fair to ask, and a good therapist will ask it before you do. What to look for, and how to say "
        "that it isn't.",
        tags=("Therapy",),
        scene=Scene("#e7efe9", "#f5d98a", "#c9dccf", "#7fa894", "#3d4f7a", sun_at=(0.8, 0.5)),
        picture_alt="A pale sun rising behind a row of hills",
        first_without="## When it is time to stop",
    ),
    Written(
        "A session by video: what to know",
        essays.TELEHEALTH,
        "Starting out",
        days_ago=88.3,
        excerpt="The same hour, the same fee, another room. How to prepare for it, and when the clinic is better.",
        author=TOM,
        tags=("Telehealth", "First visit"),
        scene=Branch("#f1e6ef", "#7a3e63", ""),
        picture_alt="A branch of leaves, drawn in plum",
        holds=80,
    ),
    Written(
        "Grief at Christmas",
        essays.CHRISTMAS,
        "Loss and change",
        days_ago=1.2,
        excerpt="There is a chair at the table, and everybody knows whose it is. Some ways through the day that people "
        "have found bearable.",
        tags=("Grief", "Christmas"),
        scene=Scene("#23304a", "#f3ead2", "#3d4f7a", "#2c3f5c", "#16202f", sun_at=(0.62, 0.22)),
        picture_alt="A full moon over dark blue hills",
        opens_in=8.4,
    ),
)


def write(*, accounts: dict[Person, User], now: datetime, say: Callable[[str], object]) -> None:
    """Writes and publishes them through the portal's own actions, as if on their days."""
    say("  Their articles ...")
    boss = Actor(accounts[HELEN], Role.MANAGER)
    first = now - timedelta(days=90)
    shelves: dict[str, Category] = {
        name: add_category(name=name, description=description, by=boss, now=first)
        for name, description in CATEGORIES.items()
    }
    for one in sorted(ARTICLES, key=lambda one: -one.days_ago):
        _write(one, by=Actor(accounts[one.author], Role.PSYCHOLOGIST), shelf=shelves[one.category], now=now)


def _write(one: Written, *, by: Actor, shelf: Category, now: datetime) -> None:
    at = now - timedelta(days=one.days_ago)
    finished = Writing(
        title=one.title,
        body=_flowing(one.body),
        excerpt=one.excerpt,
        category=shelf,
        tags=one.tags,
        language=one.language,
        picture_alt=one.picture_alt,
        review_by=(at + timedelta(days=one.holds)).date(),
    )
    begun = replace(finished, picture=draw(one.scene) if one.scene else None)
    if one.first_without:
        begun = replace(begun, body=_flowing(one.body[: one.body.index(one.first_without)]))
    post = save_post(code=uuid.uuid4(), writing=begun, version=0, by=by, now=at)
    if one.first_without:
        at += timedelta(minutes=40)
        post = save_post(code=post.code, writing=finished, version=post.version, by=by, now=at)
    if one.opens_in is not None:
        opens = (now + timedelta(days=one.opens_in)).replace(minute=0, second=0, microsecond=0)
        schedule(post=post, at=opens, version=post.version, by=by, now=at)
    elif not one.is_draft:
        publish(post=post, version=post.version, by=by, now=at)


# What begins a line of its own: headings, items, rows, quotations.
_OWN_LINE = re.compile(r"#|[-*] |[0-9]+\. |\||>")


def _flowing(text: str) -> str:
    """A text as authors type it, each paragraph one long line; here lines are broken for whoever reads the code."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        follows = bool(lines) and lines[-1] and line and not _OWN_LINE.match(line) and not lines[-1].startswith("#")
        if follows:
            lines[-1] += f" {line.strip()}"
        elif lines and line.startswith("> ") and lines[-1].startswith("> "):
            lines[-1] += f" {line[2:]}"
        else:
            lines.append(line)
    return "\n".join(lines)
