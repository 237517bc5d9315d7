"""Texts of the invented clinic's blog (portal/ops/demo/articles.py publishes them).

General information in plain words: no promise of a result, no patient's story, nothing sold.
"""

from __future__ import annotations

PANIC = """\
A panic attack is a fire alarm without a fire. The alarm is real: your heart races, your hands tingle, the room goes
far away. It is the fire that is missing. Knowing this doesn't stop the bell, but it changes what you do while it rings.

## What is happening in your body

Something small sets it off. A full tram, a skipped heartbeat, a thought you hardly noticed. Your body reads *danger*
and gets you ready to run:

- **Your heart beats faster**, to send blood to your legs.
- **You breathe faster**, to take in oxygen. You breathe out more carbon dioxide than usual, and that is what makes
  fingers tingle and heads swim.
- **Your stomach turns**, because digesting lunch can wait.
- **Everything looks sharp or strange**, because your attention has narrowed to one question: where is the way out?

None of it is a sign that you are going mad, and none of it has to be stopped by force. An attack rises, stays at its
height for some minutes, and comes down. It comes down because the body can't keep it up.

## While it lasts

### 1. Name it

Say it in words, aloud if you can: "This is panic. It is horrible, and it passes." You aren't talking it away. You
are giving the part of you that thinks something to hold.

### 2. Stay, if staying is safe

If you can, stay where you are until the height is over. Leaving brings relief at once, and that is the trouble: your
body learns that leaving is what saved you, and the tram becomes harder next time.

### 3. Let your breath go out

Don't take a deep breath. Most people are already holding too much air. Breathe *out* slowly, as if through a straw,
and let the next breath come by itself. Two minutes of this is plenty.

### 4. Look outward

Panic makes you watch yourself. Turn round: five things you can see, four you can hear, the feeling of the seat under
you. You aren't distracting yourself from danger. You are checking the room, and finding that it is a room.

## Afterwards

Drink some water, and be kind. It is tiring work. When you are ready, write down three lines: where you were, what
you feared would happen, and what did happen. Over some weeks these lines tell you more than any article can.

## What keeps it going

Most people start to plan around the next attack: the aisle seat, the water bottle, never the tunnel. Each of these
is sensible, and together they shrink the map. Much of the work in therapy is drawing the map larger again, in steps
that you choose.

## When to see somebody

See your **GP** first if it is new. Thyroid trouble, some medicines and a few heart rhythms feel much the same, and a
simple check can rule them out. **Pain or pressure in the chest, trouble breathing that doesn't ease, or fainting is a
reason to call 000**, not to wait and see.

See a **psychologist** if you live around it: if you avoid places, if you are afraid of the next one most days, or if
you have begun to drink or take something to keep it away. There are treatments for panic that have been studied for
decades. A psychologist can tell you what they involve, and whether they would suit you.
"""

BABY = """\
Everybody asks about the baby. Fewer ask about you, and when they do, *tired* is the answer that closes the subject.
Here is some of what lies behind it.

## The first two weeks

Around the third day, most new mothers cry at things that aren't sad. Hormones fall steeply, sleep is gone, and a
person who wasn't there last week needs you every two hours. This is often called *the baby blues*. It comes and goes,
and for most it is over within two weeks.

## When it doesn't lift

About one mother in five, and about one father or partner in ten, has depression or anxiety in the pregnancy or the
year after it. It is common enough that your child and family health nurse will ask about it, with a short list of
questions. The honest answer is the useful one. Nobody takes a baby away because a parent is sad.

It doesn't always look like sadness. It may look like this:

- being angry, often, at small things
- checking again and again that the baby is breathing
- feeling nothing much, as if it were happening to somebody else
- not being able to sleep *when the baby sleeps*
- frightening thoughts of harm that come uninvited, and that you would never want to act on

The last of these scares people most, and is spoken of least. Unwanted thoughts are very common in new parents. They
are worth telling somebody about, because they get quieter in company.

## What people find useful

**Sleep comes first.** One stretch of four or five hours does more than three short ones. If there are two of you,
share the night in shifts, even if that means one bottle. If you are alone, ask somebody for a morning rather than a
casserole.

**Lower the bar, out loud.** Say to each other what is *not* going to be done this month. An unspoken list is heavier.

**Be outside once a day.** It counts if it is the letterbox.

**One person you needn't clean up for.** Loneliness in this year is often loneliness in company: visitors, and nobody
to be untidy with.

**Less advice.** Choose two people whose advice you take. You may thank the others and forget it.

## For partners

You are allowed to find it hard as well. Ask "What was the worst hour today?" rather than "How are you?", and take one
whole task, not help with it: bath time is yours, including finding the towel. If you see that the person you love is
no longer themselves, say so gently and offer to make the call.

## Whom to talk to

| Who | What for |
|---|---|
| Your child and family health nurse | feeding, sleep, and how *you* are; free, and often comes to you |
| Your GP | medicines while breastfeeding, a mental health treatment plan, blood tests |
| A psychologist | talking it through, with the baby in the room if that is easiest |
| The lines at the foot of this page | tonight, if tonight is long |

**If you have thoughts of ending your life or of harming the baby, or you see or hear things that others don't, that
is an emergency**: call 000 or go to the nearest emergency department. It is treatable, and it can't wait.

Bring the baby to your appointment if you like. There is room for the pram, and we have all been cried over.
"""

EXAMS = """\
Advice about exams is mostly written by people who like lists. If you have ADHD, you have probably been given a
planner for several birthdays. This is about working with the attention you have.

## Why it is harder for you

ADHD isn't a lack of attention. It is trouble *steering* it. Three things make exams unkind:

- **Time feels like two times: now, and not now.** Three weeks away is *not now*, until the night before, when it is
  very much *now*.
- **Starting costs more than doing.** The first two minutes of a task are the steepest.
- **Working memory is short.** What was clear while reading is gone when the page is turned.

None of this says anything about how clever you are, or how much you want to pass.

## Make time visible

Put the weeks on the wall, not in an app. Draw a box for every day until the exam, and cross them off. A timer you can
*see* running down does more than one that rings.

Then shrink the unit. "Study chemistry" can't be started by anybody. "Open chapter four and write its three headings
on paper" can be started by you, now, badly.

## Use the two-minute door

Promise yourself two minutes. You may stop after them and mean it. Often you won't, because the steep part is behind
you. When you do stop, you have still opened the book, and tomorrow's two minutes are less steep.

## Study out loud

Reading again feels like learning and isn't. Close the book and **tell somebody what it said**: a friend, a parent, the
dog. What you can't say, you look up. This is called *retrieval*, and it suits a mind that likes to talk.

Others in the room help even if they do something else. Study beside a friend, or on a video call with the sound off.
It is oddly hard to wander off while somebody is quietly working.

## Move first

Twenty minutes of something that makes you puff, before you sit down, makes steering a little easier for an hour or
so. It needn't be sport. Stairs count.

## Sleep is part of the exam

All-nighters borrow from the part of the brain that steers, at the worst rate of interest there is. If it is midnight
and the choice is between one more chapter and bed, the chapter is already lost.

## What you can ask for

Schools, TAFEs and universities make *reasonable adjustments* for students with ADHD. Ask early: it can take weeks.
Common ones are

1. extra time, or rest breaks that stop the clock
2. a smaller room, or a seat at the front
3. longer due dates agreed beforehand, not begged for afterwards

For the VCE and HSC the applications close months before the exams; your school's coordinator knows the day. You will
usually need a letter from whoever made the diagnosis, or from your GP, psychiatrist or psychologist.

## If you take medicine for it

Don't change the dose or its hour for the exam without the doctor who prescribes it. If you feel that it isn't working
as it did, tell them now, not in the week itself.

## For parents

Ask "What is the next tiny step?" once, and then be in the next room. Reminding somebody ten times trains both of you
to wait for the eleventh.
"""

WORKING = """\
You come, you talk, you pay, you go home. After some weeks it is fair to ask: is this doing anything? It is such a fair
question that a good therapist will ask it before you do.

## What *working* can look like

It is rarely a straight line, and it often isn't feeling better first. People tend to notice, in about this order:

1. **You see it earlier.** You used to notice the argument afterwards; now you notice it at the second sentence.
2. **You do one thing differently.** You answered the call. You left the light on and slept anyway.
3. **It passes sooner.** The bad day is still bad, and it is one day.
4. **You feel different.** This may come last, though it is what you came for.

A few heavier weeks don't mean that it fails. Talking about what you have kept away for years stirs it up. Heavier for
*months*, without anything moving, is worth raising.

## Five questions to ask yourself

- Do I know what we are working *towards*? Could I say it in a sentence?
- Do I feel that I can disagree?
- Does what we talk about ever touch the rest of my week?
- Has the way we work been explained, and why this way?
- If nothing changed by winter, would we notice?

If you answered *no* twice or more, you have the agenda for your next session.

## Measuring isn't cold

Many psychologists ask you to fill in a short questionnaire every few sessions. It can feel odd to tick a box about
something so close. It is there for two reasons: memory paints the last month in the colour of today, and people are
polite to their therapists. A line on a chart is neither moody nor polite.

Ask to see yours. They are about you.

## How to say that it isn't working

You don't need a speech. Any of these will do:

> "I'm not sure that this is helping. Can we talk about that?"

> "Last week something you said didn't sit well with me."

> "I would like to do more, and talk less." Or the other way round.

A therapist's work is to hear this without being hurt. What happens next tells you a great deal. Often it becomes the
most useful session of all.

## If you would rather change

Sometimes it is simply the wrong pair. You owe nobody another session, and you needn't begin from nothing: with your
agreement, a short letter can go to the next person so that you don't have to tell it all again. Your referral can be
used with somebody else as well.

You may change within the same clinic. Nobody will take it badly, and you don't have to give a reason.

## When it is time to stop

Ending isn't a test that one passes. Some people finish when a goal is reached, others when they have enough tools to
go on alone, others when life needs the hour for something else. If you can, plan the last two or three sessions: what
has changed, what would be the first sign of slipping, and what you will do then.

And the door isn't locked. Coming back for two sessions after a hard year isn't starting over.
"""

CHRISTMAS = """\
There is a chair at the table, and everybody knows whose it is. The weeks before Christmas are loud with other
people's gladness. If somebody has died, or left, or can't come, the noise makes the gap louder.

There is no right way through it. Here are some that people have found bearable.

## Decide less, and decide early

Most of the pain isn't in the day. It is in the six weeks of dreading it. A few small decisions, made now, let some of
the air out:

- **Where will I be at lunchtime?** The answer may be: here, with toast.
- **Who knows that I may leave early?** Tell one person. They can do the explaining.
- **What do I *not* do this year?** Cards, the tree, the long drive. You can take any of it up again.

## Make a place for the one who is missing

Families often agree, without a word, not to say the name. It is meant kindly. It leaves everybody alone with the same
thought. You might

- light a candle before lunch, and say the name once
- cook the dish that only they could make, and let it go wrong
- hang their decoration first
- go to the grave, the beach or the bench in the morning, so that the day has a beginning

Or nothing at all. Some people need the day to be an ordinary Friday, and that is a way too.

## Children

Children grieve in puddles: in, and out again. They may cry over a card and ask about presents in the same breath. That
isn't callous. Tell them plainly what will be different this year, ask what they would like to keep, and let them see
that grown-ups are sad and still set the table.

## When you are the guest, or the host

If somebody grieving is coming to you, don't wait for them to bring it up. Say "I have been thinking of Dad as well".
Ask before you plan a toast. Leave a door open: a room to lie down in, a walk after lunch, a lift home at three.

And if you don't know what to say, say that. "I don't know what to say, and I'm glad you came" has never hurt anyone.

## Not only death

People grieve at Christmas for a marriage, for children who are at the other house this year, for a country, for the
body they had before they fell ill, for the baby who would be two. It is grief, whether or not anybody sends flowers.

## What to watch for

Grief isn't an illness, and it keeps no timetable. Waves in December, years later, are part of it. Talk to your GP or a
psychologist if, many months on, most days are as heavy as the first; if you can't do what has to be done; or if you
are drinking to get to the evening.

**If you think of not wanting to live, don't wait until the holidays are over.** The lines at the foot of this page
answer on Christmas Day too, at any hour.

## A last thing

On the day itself, expect one good minute. It may be a joke, or the light, or a child with a ribbon on her head. When
it comes you may feel that you have betrayed somebody. You haven't. It fits beside the grief; it was never instead of
it.

*Our rooms are closed from 24 December to 3 January. If you are in care with us, talk to us before then about what you
would like to have in place.*
"""

TELEHEALTH = """\
A session by video is a session. It takes as long, it costs the same, and with a referral Medicare pays the same. Some
things about it are different, and a little preparation makes them easier.

## Before the first one

**Find a door that shuts.** People have had sessions in parked cars, laundries and a tent in the garden. What matters
is that nobody hears you. If the walls are thin, a fan or a running radio *outside* your door helps more than
headphones inside it.

**Use the largest screen you have**, at about the height of your eyes. Lean it against books. You will be less tired,
and so will the person who looks at you.

**Try the link the day before.** It is in the e-mail with your appointment. You need a browser and nothing else.

**Tell us where you are.** At the beginning of each session your psychologist will ask for the address. It sounds
formal; it is so that help could be sent if you were ever in danger during the call.

## What may be odd at first

- Your own face. Most programs let you hide it, and most people are glad that they did.
- Silences. On a screen they look like a broken line. Your psychologist will say "I'm still here".
- The end. In the rooms there is a corridor and a street to come back to yourself in. At home it is the kitchen, at
  once. Leave yourself ten minutes, and a walk if there can be one.

## If it breaks off

It happens. Stay where you are: your psychologist will call your telephone within a few minutes, and the session goes
on there.

## When the room is better

Video doesn't suit everything. We would rather see you in person if you don't feel safe at home, if somebody might
listen, for most assessments, and for small children, who need a floor to be on.

It may suit you very well if you live far away, if you are caring for somebody, if leaving the house is the difficult
part, or if you would simply not come otherwise.

## What the law asks

For a Medicare rebate you have to be in Australia during the session. Nothing is recorded, by us or by you, unless both
have agreed to it beforehand, in writing.

## Mixing them

You needn't decide once and for all. Many people come in person at first, then by video in the weeks that are full. You
choose each time that you book.
"""

WORK = """\
After some weeks at home, the first day back is often planned for everybody else's comfort: the full inbox, the team
lunch, the card. Here is a way to plan it for yours.

## Begin with the journey

Travel the way once, without going in. Sit in the café opposite for the length of one coffee. What you practise is not
the work. It is being near it, and finding that your heart settles.

## Agree on the shape before the day

A gradual return is an ordinary thing to ask for. Your GP can write a certificate that says

- how many hours, on which days, and from when they grow
- what waits for later: the telephone, night shifts, one particular meeting
- when it will be looked at again

Ask who needs to know what. Your manager needs to know what you can do. *Why* is yours.

(To come: the first week, what to say to colleagues, what if it is too soon.)
"""
