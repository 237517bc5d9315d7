"""What the invented clinic's psychologists have written: their blog, and a draft on Mai's desk.

General information in plain words, as advertising rules want it: no promise of a result, no patient's story.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.policy import Actor
from portal.ops.demo import essays
from portal.ops.demo.drawings import Branch, Scene, draw
from portal.ops.demo.people import HELEN, MAI, TOM, Person
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

FIRST_SESSION = """\
Most people sleep badly before a first appointment. They wonder what they will be asked, whether they will cry, and
whether what brings them is *bad enough*. Here is what usually happens, so that there is less to wonder about.

## Before you come

You will have had an e-mail with the time and the place. If it is your first visit with us, come ten minutes early:
there is a short form, and a chair by the window.

You don't have to prepare. If it helps, write down two or three lines on your phone:

- what has changed, and since when
- what you have tried already
- what you would like to be different in three months

Bring your Medicare card, and your GP's letter if you have one. **You do not need a referral to see a
psychologist.** You need one, with a mental health treatment plan, if you would like a Medicare rebate.

## The first ten minutes

We begin with the parts that have to be said: what we keep about you, who may see it, and the few times when the law
asks us to tell somebody else, such as when a life is in danger. Ask as much as you like. It is your hour.

## The middle

Then comes a question like *What made you book?* There is no right order to tell it in. Some people talk without a
breath, others need three tries at the first sentence. Both are fine.

You may be asked about sleep, work, family, alcohol, and whether you have thought of harming yourself. We ask
everybody. You can say "I would rather not talk about that yet".

### If you cry

Many people do. There are tissues, and nobody will hurry you.

### If you can't find words

Say that. Sitting with somebody for a minute without words is allowed too.

## The last ten minutes

Before you leave we try to say together what we understood, and what could come next. That may be:

1. another session, and roughly how many we would plan for
2. one small thing to try before then
3. somebody else who would suit you better, if that is so

You don't need to decide on the spot. Good questions to take home are *Did I feel listened to?* and *Could I
disagree with this person?*

> The fit between two people matters more than most methods. If it isn't right, tell us. We would rather help you
> find somebody else than have you not come back.

## Afterwards

It is common to feel tired, or lighter, or oddly flat. If you can, don't put a difficult meeting straight behind it.
A walk around the block is not a bad idea.

If things get worse between sessions, don't wait for the next one: your GP, or the lines at the foot of every page
here, answer sooner than we can.
"""

WORRY = """\
At three in the afternoon the e-mail from your manager is an e-mail. At three in the morning it is the end of your
working life. Nothing about the e-mail has changed. You have.

## What is different at night

Your body is at its lowest point: temperature, blood sugar, and the part of the brain that weighs things up are all
turned down. What is left is quick to see danger and slow to see sense. There is also nothing else to look at. In
the day, worry has to compete with buses and lunch.

So the first useful thing to know is this: **a thought at three in the morning is not better informed than one at
three in the afternoon.** It is only louder.

## Things that people find useful

Not everything suits everybody. Try one for a week before you judge it.

### Put it on paper

Keep a pen beside the bed. Write the worry in one line, and next to it the earliest moment at which you could do
anything about it: *Tuesday, 9 am, ring the bank*. You aren't solving it. You are giving it an appointment.

### Get up

If you have been awake for what feels like twenty minutes, leave the bed. Sit somewhere dim and dull, and go back
when you are sleepy. It sounds backwards. The idea is that the bed should be where you sleep, not where you worry.

### Let the clock be

Turn it to the wall. Counting how many hours are left has never made one longer.

### Breathe out slowly

A longer out-breath than in-breath tells the body that it is safe. In for four, out for six, for about two minutes.

## When to talk to somebody

| If this is so | then think about |
|---|---|
| It is a bad week, and there is a reason | giving it time, and the steps above |
| Most nights for a month or more | a talk with your GP |
| You dread going to bed, or the days suffer | a psychologist; there are well-tested treatments for insomnia |
| You think of not wanting to live | help **now**: the lines at the foot of this page, or 000 |

Poor sleep and worry feed each other, which is bad news and good news at once: a change in either helps both.
"""

PLAN = """\
A mental health treatment plan is a document that you make with your GP. With it, and a referral, Medicare pays part
of the fee for up to ten individual sessions with a psychologist in a calendar year.

## How to get one

1. **Book a long appointment with your GP.** Say on the phone that it is about a mental health treatment plan, so
   that there is time.
2. **Tell them what is going on.** You don't need the right words. "I'm not myself, and it has been like this since
   winter" is enough to begin.
3. **Ask them to name a psychologist** in the referral, or to leave it open. Both are possible.
4. **Send us the letter**, or bring it. It has to be dated before the session that you claim.

## What it pays

The rebate is a fixed amount set by the government, not a share of the fee. What is left is called *the gap*. You
see both, in dollars, before you book with us. If your family's gaps go past a yearly threshold, the Medicare Safety
Net pays more of each one from then on.

## What people ask

**Does anybody find out?** The plan is part of your medical record with your GP. Your employer can't see it. Some
insurers ask about mental health care when you apply for life or income cover; if you are applying for one, ask them
first.

**Must I use all ten?** No. Many people come four or five times.

**What after the tenth?** You can go on at the full fee, come less often, or begin again in January with a look-over
by your GP.
"""

TEENAGERS = """\
"How was school?" "Fine." Between twelve and seventeen, most doors close a little. That is as it should be: it is
how people become somebody of their own. It is still lonely on the other side of the door.

## What helps a conversation

- **Side by side beats face to face.** Cars, dishes and dogs have heard more than any kitchen table.
- **Small and often.** Four minutes a day, not an hour on Sunday.
- **Ask about the thing, not the feeling.** "What happened in the second half?" gets further than "How are you
  feeling?"
- **Hold the advice.** Try "Do you want ideas, or do you want me to listen?"

## What is more than a closed door

Moods come and go within days. Talk to somebody if a change lasts for more than two weeks and shows in several
places: sleep, food, friends, school, things they used to love. If they talk about dying, or hurt themselves, don't
wait for two weeks.

You can come without them first. Parents often do.
"""

VIETNAMESE = """\
Nhiều người lo lắng trước buổi gặp đầu tiên. Điều đó rất bình thường. Dưới đây là những gì thường diễn ra.

## Trước buổi gặp

Quý vị không cần chuẩn bị gì. Nếu có thể, hãy mang theo thẻ Medicare và thư giới thiệu của bác sĩ gia đình. Không có
thư giới thiệu, quý vị vẫn có thể đến gặp chuyên viên tâm lý; thư chỉ cần thiết khi quý vị muốn nhận tiền hoàn lại
của Medicare.

## Trong buổi gặp

Chúng ta nói chuyện bằng tiếng Việt hoặc tiếng Anh, tùy ý quý vị. Quý vị kể điều gì trước cũng được, và có quyền nói
"tôi chưa muốn nói về chuyện này".

## Sự riêng tư

Điều quý vị nói được giữ kín. Chỉ trong vài trường hợp, chẳng hạn khi tính mạng của ai đó bị đe dọa, luật pháp buộc
chúng tôi phải báo cho người khác. Chúng tôi sẽ giải thích rõ ngay từ đầu.
"""

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
        "Lần đầu gặp chuyên viên tâm lý",
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
        body=one.body.strip(),
        excerpt=one.excerpt,
        category=shelf,
        tags=one.tags,
        language=one.language,
        picture_alt=one.picture_alt,
        review_by=(at + timedelta(days=one.holds)).date(),
    )
    begun = replace(finished, picture=draw(one.scene) if one.scene else None)
    if one.first_without:
        begun = replace(begun, body=one.body[: one.body.index(one.first_without)].strip())
    post = save_post(code=uuid.uuid4(), writing=begun, version=0, by=by, now=at)
    if one.first_without:
        at += timedelta(minutes=40)
        post = save_post(code=post.code, writing=finished, version=post.version, by=by, now=at)
    if one.opens_in is not None:
        opens = (now + timedelta(days=one.opens_in)).replace(minute=0, second=0, microsecond=0)
        schedule(post=post, at=opens, version=post.version, by=by, now=at)
    elif not one.is_draft:
        publish(post=post, version=post.version, by=by, now=at)
