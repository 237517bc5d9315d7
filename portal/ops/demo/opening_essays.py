"""The first texts of the invented clinic's blog; the others stand in essays.py."""

from __future__ import annotations

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

## What to bring to the GP

It helps to have thought about three things, and to say them in the first two minutes: *what has changed*, *for how
long*, and *what it stops you from doing*. If you take medicine, bring the packet. If somebody else has written to your
GP about you before, say so.

Some questions may surprise you: about alcohol, about your childhood, about whether life has felt worth living. They
are asked of everybody. You may be given a short questionnaire with numbers on it. It isn't a test; it is there so that
later you can both see what has moved.

## If the GP isn't the right person

You may go to any GP, not only the one you always see. If you would rather not tell your family's doctor, another
practice can make the plan. Tell them which psychologist you would like: a letter can name somebody, and it isn't rude
to ask for that.

A psychiatrist or a paediatrician can refer you as well.

## How it goes on

The first letter usually covers six sessions. Your psychologist then writes to your GP about how it is going, with your
agreement, and the GP can refer you for up to four more in the same calendar year. The count begins again each January,
but the letter itself does not run out at New Year: sessions that are left on it can be used.

If you lose count, ask at the desk. We see how many of them we have claimed; only Medicare sees them all, and you can
look it up in your Medicare account.

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

## What rarely helps

**Asking why.** "Why didn't you tell me?" is an accusation, however gently it is said. "I'm glad you told me now" is
not.

**Reading the messages.** It answers tonight's question and costs next year's trust. The exception is danger: if you
believe that somebody is about to be hurt, look, and say afterwards that you did.

**Comparing.** With a sister, with you at that age, with what will become of them. They have done it already, this
morning, in the mirror.

## When they do talk

It usually comes at the worst moment: at eleven at night, in the doorway, about something that seems small. Put the
telephone down. You needn't have an answer. Say what you heard, and leave a gap: "So she didn't save you a seat." If
it was more than you can carry, say that you will think about it, and come back to it tomorrow. Then do.

Keep what they told you to yourself, unless somebody is in danger. If you must tell their other parent or the school,
say so first, and say how much.

## Who knows what

From about fourteen or fifteen, many young people can see a psychologist on their own account and expect that what
they say stays there. Parents are told what they need to keep them safe, and the young person is told beforehand what
that is. It sounds like being shut out. It is more often the reason why they talk at all.

Young people of fifteen and over may also have a Medicare card of their own.

## What you can do without a word

Keep feeding them. Drive them places. Be somewhere in the house, doing something dull, at the time when they come home.
Turn up to the match and don't discuss it. They notice who was there.

## When you need somebody yourself

You can come without them first. Parents often do. One or two sessions about what is happening at home, and about what
it stirs up in you, can change more than another talk about homework. If they would like to come later, they choose
whether it is to the same person.
"""

VIETNAMESE = """\
Nhiều người lo lắng trước buổi trị liệu đầu tiên. Điều đó rất bình thường. Dưới đây là những gì thường diễn ra.

## Trước buổi trị liệu

Quý vị không cần chuẩn bị gì. Nếu có thể, hãy mang theo thẻ Medicare và giấy giới thiệu của bác sĩ gia đình. Không có
giấy giới thiệu, quý vị vẫn có thể đến gặp nhà tâm lý học; giấy chỉ cần thiết khi quý vị muốn nhận tiền hoàn lại
của Medicare.

## Trong buổi trị liệu

Chúng ta nói chuyện bằng tiếng Việt hoặc tiếng Anh, tùy ý quý vị. Quý vị kể điều gì trước cũng được, và có quyền nói
"tôi chưa muốn nói về chuyện này".

## Sự riêng tư

Điều quý vị nói được giữ kín. Chỉ trong vài trường hợp, chẳng hạn khi tính mạng của ai đó bị đe dọa, luật pháp buộc
chúng tôi phải báo cho người khác. Chúng tôi sẽ giải thích rõ ngay từ đầu.

Chúng tôi không nói với người thân của quý vị rằng quý vị đến đây, trừ khi quý vị muốn. Nếu quý vị không muốn chúng tôi
gọi điện về nhà, xin cho biết nên liên lạc bằng cách nào.

## Nói chuyện với gia đình

Trong nhiều gia đình Việt, buồn phiền là chuyện của riêng mình, và kể với người ngoài có thể bị xem là yếu đuối. Quý vị
không phải giải thích với ai. Có người nói với gia đình rằng mình "đi gặp bác sĩ vì mất ngủ"; điều đó thường cũng đúng.

Nếu quý vị muốn, một người thân có thể cùng đến trong một phần của buổi trị liệu. Xin đừng nhờ con em làm thông dịch:
các em không nên phải nghe và dịch những điều nặng nề. Tôi nói tiếng Việt; với những ngôn ngữ khác, chúng tôi có thể
tìm thông dịch viên chuyên nghiệp.

## Chi phí

Phí của mỗi buổi trị liệu và số tiền Medicare hoàn lại được ghi rõ trên trang này trước khi quý vị đặt hẹn. Muốn nhận
tiền hoàn lại, quý vị hãy xin bác sĩ gia đình lập "kế hoạch điều trị sức khỏe tâm thần" (mental health treatment plan)
và viết giấy giới thiệu.

## Sau buổi trị liệu

Nhiều người thấy mệt, hoặc nhẹ nhõm, hoặc không thấy gì cả. Tất cả đều bình thường. Quý vị không cần quyết định ngay có
trở lại hay không. Hãy tự hỏi: mình có được lắng nghe không? Mình có thể nói "tôi không đồng ý" với người này không?

Nếu giữa hai buổi trị liệu quý vị thấy tệ hơn, xin đừng đợi: hãy gọi bác sĩ gia đình, hoặc các số điện thoại ở cuối
trang. Khi có nguy hiểm, hãy gọi 000. Quý vị có thể xin thông dịch viên miễn phí bằng cách nói "Vietnamese".
"""
