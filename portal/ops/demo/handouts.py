"""What stands on the demo's worksheets and guides."""

from __future__ import annotations

from dataclasses import dataclass

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Part:
    """A piece of a sheet; see templates/pdf/handout.html."""

    heading: str = ""
    text: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    columns: tuple[tuple[str, int], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    tall: bool = False
    empty_lines: int = 0

    @property
    def lines(self) -> range:
        return range(self.empty_lines)


@dataclass(frozen=True)
class Handout:
    title: str
    about: str
    lede: str
    parts: tuple[Part, ...]
    audience: str = "public"
    category: str = "Worksheets"
    # How often it is opened on an ordinary day.
    read: int = 1


SLEEP = Handout(
    title="Sleep diary",
    about="One line a morning for a week. It shows what your nights are like, which is often not what they feel like.",
    lede="Fill in one line each morning, soon after you get up. Guess the times: looking at the clock keeps people "
    "awake.",
    parts=(
        Part(
            columns=(
                ("Night before", 16),
                ("Went to bed", 12),
                ("Asleep by about", 13),
                ("Times awake", 12),
                ("Got up", 11),
                ("Rested, 0 to 10", 12),
                ("What was going on: coffee, worries, naps, wine", 24),
            ),
            rows=tuple((day, "", "", "", "", "", "") for day in DAYS),
        ),
        Part(
            heading="When the week is full",
            points=(
                "Work out how long you were in bed each night, and how long you think you slept.",
                "Look at the best night and the worst one. What was different about the day before?",
                "Bring the sheet along. One week of it tells us more than an hour of remembering.",
            ),
        ),
    ),
    read=6,
)

THOUGHTS = Handout(
    title="Thought record",
    about="For a moment when your mood dropped: what happened, what went through your mind, and a fairer way to "
    "see it.",
    lede="Use it when you notice your mood change. The sooner you write, the more you will remember.",
    parts=(
        Part(
            columns=(
                ("What happened? Where were you, who was there?", 34),
                ("What went through your mind?", 33),
                ("What did you feel, and how strongly, 0 to 100?", 33),
            ),
            rows=(("", "", ""),),
            tall=True,
        ),
        Part(
            heading="Take the strongest thought",
            text=("Write it down as it came, also if it sounds silly now.",),
            empty_lines=2,
        ),
        Part(
            columns=(("What speaks for it?", 50), ("What speaks against it?", 50)),
            rows=(("", ""),),
            tall=True,
        ),
        Part(
            heading="If a good friend had this thought",
            text=("What would you say to them?",),
            empty_lines=3,
        ),
        Part(
            heading="A fairer thought",
            text=("Not a happy one, but one that you can believe. How strong is the feeling now, 0 to 100?",),
            empty_lines=3,
        ),
    ),
    audience="shared_only",
)

GROUNDING = Handout(
    title="Five, four, three, two, one",
    about="A card for your wallet or your fridge: a way back to the room when everything becomes too much.",
    lede="When your thoughts race or you feel far away, let your senses bring you back. There is no hurry.",
    parts=(
        Part(
            text=("Put both feet on the floor. Breathe out slowly, once. Then look for:",),
            columns=(("", 14), ("Name them, aloud if you can", 86)),
            rows=(
                ("5", "things you can see. A colour, a shadow, the corner of a window."),
                ("4", "things you can feel. The chair, your sleeve, the air on your hands."),
                ("3", "things you can hear. Near, further away, and furthest."),
                ("2", "things you can smell, or two smells that you like to remember."),
                ("1", "thing you can taste. A sip of water will do."),
            ),
        ),
        Part(
            heading="Afterwards",
            text=(
                (
                    "Notice whether anything has shifted, even a little. If not, begin again, more slowly. It gets "
                    "easier "
                    "with practice, so try it first on a quiet day."
                ),
                "It calms many people; it does not suit everybody. If it makes things worse, stop, and tell us.",
            ),
        ),
    ),
    category="Worry and low mood",
    read=9,
)

PREPARING = Handout(
    title="Before your next session",
    about="Ten minutes the evening before, so that the hour is spent on what matters to you.",
    lede="You don't have to prepare. If you like to, a few words on each of these are plenty.",
    parts=(
        Part(
            heading="Since we last met",
            text=("What went a little better than you expected? What was hard?",),
            empty_lines=3,
        ),
        Part(
            heading="What we agreed to try",
            text=("Did you get to it? If not, what was in the way? That is worth as much.",),
            empty_lines=3,
        ),
        Part(heading="If we had time for one thing only", text=("What should it be?",), empty_lines=2),
        Part(
            heading="Also",
            boxes=(
                "My medicines have changed.",
                "Something about our sessions does not suit me, and I would like to say so.",
                "I have a question about fees, my referral or a letter.",
                "There is something that I find hard to say aloud. I have written it on the back.",
            ),
        ),
    ),
    audience="patients",
    category="Starting out",
    read=2,
)

FOR_THE_GP = Handout(
    title="Your GP visit for a Medicare plan",
    about="What to bring and what to ask for, so that one visit to your GP is enough.",
    lede="With a mental health treatment plan and a referral, Medicare pays part of the fee back to you.",
    parts=(
        Part(
            heading="When you book",
            boxes=(
                "Ask for a long appointment, and say that it is for a mental health treatment plan.",
                (
                    "See the practice where you are registered with MyMedicare, or the GP you usually see. Since 1 "
                    "November "
                    "2025 the plan and the referral have to come from there."
                ),
            ),
        ),
        Part(
            heading="What to bring",
            boxes=(
                "Your Medicare card.",
                "A list of your medicines, and of what you have tried before.",
                "The name of your psychologist, and our address. If you have nobody in mind, leave it open.",
            ),
        ),
        Part(
            heading="What to leave with",
            boxes=(
                (
                    "A referral letter with the date, your GP's name, provider number and signature, what the "
                    "treatment is "
                    "for, and for how many sessions: up to six at first."
                ),
                "A copy of your plan, if you would like one.",
            ),
        ),
        Part(
            heading="Good to know",
            text=(
                (
                    "There are rebates for up to ten individual sessions in a calendar year, with all "
                    "psychologists taken "
                    "together. After the sessions of your first letter you see your GP again, who decides with you "
                    "about the others."
                ),
                (
                    "You can begin with us without a plan. Then you pay the full fee, and there is no rebate for "
                    "sessions "
                    "before the date of the letter."
                ),
            ),
        ),
    ),
    category="Starting out",
    read=5,
)

NEW_HERE = Handout(
    title="New to Banksia Lane",
    about="Where we are, what happens in the first session, what it costs and what stays between us.",
    lede="Welcome. This is what people ask us most before they come for the first time.",
    parts=(
        Part(
            heading="Finding us",
            text=(
                (
                    "12 Banksia Lane, Brunswick, two minutes' walk from Jewell station. The door is green, and "
                    "there are no stairs. "
                    "Come about ten minutes early for your first visit."
                ),
            ),
        ),
        Part(
            heading="The first session",
            text=(
                (
                    "It takes 50 minutes. Your psychologist asks what brings you, what you would like to be "
                    "different, and what "
                    "has helped so far. You decide what you tell and when. At the end you agree on what comes "
                    "next, and whether "
                    "you would like to come again."
                ),
            ),
        ),
        Part(
            heading="What it costs",
            text=(
                (
                    "A session costs 220 dollars with Mai Nguyễn and 195 dollars with Tom Ashby. With a referral "
                    "from your GP, "
                    "Medicare gives part of it back, and the receipt has everything that Medicare asks for. Cancel "
                    "up to 48 hours ahead "
                    "and there is nothing to pay."
                ),
            ),
        ),
        Part(
            heading="What stays between us",
            text=(
                (
                    "What you say is confidential. There are a few exceptions that the law makes, above all when "
                    "somebody's life "
                    "or safety is in danger. We tell you about them in the first session, and you can ask any "
                    "time. The front "
                    "desk sees your name and your appointments, never your notes."
                ),
            ),
        ),
        Part(
            heading="Bring with you",
            boxes=(
                "Your Medicare card.",
                "Your GP's referral, if you have one.",
                "Anything you would like to show or ask.",
            ),
        ),
    ),
    category="Starting out",
    read=4,
)

HANDOUTS = (SLEEP, THOUGHTS, GROUNDING, PREPARING, FOR_THE_GP, NEW_HERE)
