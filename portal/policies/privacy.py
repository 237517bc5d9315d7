"""The privacy policy, from its facts alone. Which law asks for which part: docs/policies.md."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.common.languages import durations
from portal.common.languages.punctuation import colon, listed, space
from portal.policies import automated_decisions, complaints, retention
from portal.policies.document import Block, Document, Section, items, own, section, table, text
from portal.policies.facts import PrivacyFacts
from portal.policies.processors import BY_KEY


def write(facts: PrivacyFacts) -> Document:
    parts = [
        section("who", _("Who we are"), *_who(facts)),
        section("what", _("What we collect"), *_what(facts)),
        section("why", _("Why we collect it"), *_why(facts)),
        section("access", _("Who sees what"), *_who_sees(facts)),
        section("others", _("Who else we give it to"), *_others()),
        section("processors", _("Companies that work for us"), *_processors(facts)),
        *_cards(facts),
        section("overseas", _("Other countries"), *_overseas(facts)),
        section("machines", _("What the computer decides"), *automated_decisions.write(facts)),
        section("cookies", _("Cookies on this website"), *retention.cookies(facts)),
        section("safety", _("How we keep it safe"), *retention.safety(facts)),
        section("breach", _("If something goes wrong"), *retention.breach()),
        section("keeping", _("How long we keep it"), *retention.how_long(facts)),
        section("reading", _("See it and correct it"), *retention.reading(facts)),
        section("children", _("Children, and people somebody cares for"), *_children()),
        *([section("remote", _("Sessions by video or phone"), *_remote(facts))] if _is_remote(facts) else []),
        section("complaints", _("If you are unhappy with how we handle it"), *complaints.write(facts)),
        section("versions", _("When this policy changes"), *_versions()),
        *([section("own", _("From the clinic"), *own(facts["additions"]))] if facts["additions"].strip() else []),
    ]
    return {"title": _("Privacy policy"), "summary": _in_short(facts), "sections": parts}


def _in_short(facts: PrivacyFacts) -> list[str]:
    return [
        _(
            "We collect what we need to care for you, to book your sessions and to bill them, and "
            "nothing for advertising."
        ),
        _(
            "Notes of your sessions are encrypted. The psychologists who see you can read them; the front "
            "desk and the manager can't."
        ),
        _("We never sell your information."),
        _("We keep your record for at least %(years)s after your last session, because the law asks for it.")
        % {"years": durations.years(facts["retention_years"])},
        _("You can ask to see what we hold about you, and have it put right."),
        _(
            "If something worries you, tell us. If we don't settle it, you can complain to the "
            "Australian Information Commissioner."
        ),
    ]


def _who(facts: PrivacyFacts) -> list[Block]:
    legal, name = facts["legal_name"] or facts["name"], facts["name"]
    words = _("This is the privacy policy of %(legal_name)s.") % {"legal_name": legal}
    if legal != name:
        words += space() + _("We work under the name %(name)s.") % {"name": name}
    if facts["abn"]:
        words += space() + _("Our ABN is %(abn)s.") % {"abn": _spaced(facts["abn"])}
    contact = [
        facts["contact_name"],
        facts["contact_phone"] or facts["phone"],
        facts["contact_email"] or facts["email"],
        facts["contact_address"] or facts["address"],
    ]
    law = _(
        "We give health care, so the Privacy Act 1988 and its Australian Privacy Principles bind "
        "us, however small we are."
    )
    state = [law_of for code, law_of in retention.STATE_LAWS.items() if code in facts["states"]]
    if state:
        law += space() + _("So does the law on health records where we work: %(laws)s.") % {"laws": "; ".join(state)}
    return [
        text(words),
        text(law),
        *([text(_("For anything about privacy, reach us here:")), items(contact)] if any(contact) else []),
    ]


def _spaced(abn: str) -> str:
    return f"{abn[:2]} {abn[2:5]} {abn[5:8]} {abn[8:]}"


def _what(facts: PrivacyFacts) -> list[Block]:
    kinds = set(facts["kinds"])
    words = {
        "person": _(
            "Who you are and how to reach you: your name and what you like to be called, pronouns, "
            "date of birth, address, phone, e-mail and language. Whom to call in an emergency, your "
            "GP, and who cares for you or whom you care for."
        ),
        "medicare": _("For Medicare: your card's number, and referrals from your doctor."),
        "sessions": _("Your sessions: when, with whom, of which kind, and whether you came."),
        "records": _(
            "Your health record: what your psychologist writes down about your sessions. This can be "
            "about your health, your family, your beliefs, your sexuality or your background, if you "
            "talk about them."
        ),
        "documents": _("Documents that your psychologist shares with you, and when you opened them."),
        "messages": _("Messages between you and us."),
        "video": _("When a video session began and ended. We do not record it."),
        "money": _("Money: invoices, payments and what Medicare may pay back. We do not keep your card's number."),
        "account": _(
            "Your account, if you make one: your e-mail address, your password in a form that nobody "
            "can read back, and for each sign-in its time, internet address and browser."
        ),
        "notices": _("Copies of the e-mails that we send you."),
        "team": _("About the people who work here: what stands in their public profiles."),
        "trail": _(
            "A trail of who did what in the portal, so that misuse is found out. It keeps numbers in "
            "place of names; a practice manager who reads it sees whose they are. It holds nothing from your sessions."
        ),
    }
    blocks = [
        items(words[kind] for kind in words if kind in kinds),
        text(
            _(
                "Some of this is health information. The law calls it sensitive, and we collect it only "
                "with your consent, or where a law asks or allows us to."
            )
        ),
        text(
            _(
                "Mostly it comes from you: on this website, by phone, or in a session. Some comes from "
                "others, such as the doctor who refers you, somebody who cares for you, or another "
                "service that you asked to talk to us."
            )
        ),
        text(
            _(
                "You can ask us general questions without giving your name. To care for you we have to "
                "know who you are. If you leave out something that we ask for, we may not be able to "
                "book, to claim from Medicare or to keep you safe."
            )
        ),
        text(_("Looking at this website needs no account, and we do not count or follow its visitors.")),
    ]
    return blocks


def _why(facts: PrivacyFacts) -> list[Block]:
    reasons = [
        _("To care for you, and to do it safely."),
        _("To book, move and cancel sessions, and to write to you about them."),
        _("To bill you, and to give you what Medicare or an insurer asks for."),
        _("To keep records as the law and our professional rules ask us to."),
        _("To keep the portal safe, and to answer questions and complaints."),
    ]
    return [
        items(reasons),
        text(
            _(
                "We use it for something else only if you agree, if you would expect it and it belongs "
                "to your care, or if a law asks or allows us to. We do not send advertising."
            )
        ),
    ]


def _who_sees(facts: PrivacyFacts) -> list[Block]:
    everything, nothing = _("All"), _("Nothing")
    booked, treated = _("Of people who booked with them"), _("Of people they see, from their first session on")
    yours = _("Your own, and of people you care for")
    rows = [
        [
            _("Sessions: when and with whom"),
            yours,
            _("Their own"),
            everything,
            everything,
        ],
        [_("Contact and Medicare details"), yours, booked, everything, everything],
    ]
    if "records" in facts["kinds"]:
        rows.append(
            [
                _("Notes of sessions"),
                _("When you ask to see them"),
                _("Their own, and what a colleague signed about people they see, from their first session on"),
                nothing,
                nothing,
            ]
        )
    rows.append([_("Invoices and payments"), yours, _("Of their own sessions"), everything, everything])
    if "documents" in facts["kinds"]:
        shared = _("That one was shared and opened, and when. Nothing that stands in it")
        rows.append([_("Documents shared with you"), yours, treated, nothing, shared])
    return [
        text(_("Everybody who works here has a duty of confidence, and sees only what their work needs:")),
        table(
            [
                pgettext("kind of information", "What"),
                pgettext("the reader, over a column", "You"),
                _("Psychologists"),
                _("Front desk"),
                _("Practice manager"),
            ],
            rows,
        ),
        text(
            _(
                "Each time somebody opens a note of a session, the portal writes down who it was and "
                "when. That trail can't be changed, by us either. If a psychologist opens what a colleague "
                "wrote, the colleague is told, and you see it on your privacy page."
            )
        ),
        text(
            _(
                "Psychologists talk about their work with a supervisor, as their profession asks, "
                "without saying who you are."
            )
        ),
    ]


def _others() -> list[Block]:
    cases = [
        _("With your consent: for example a letter to your GP, your school or your lawyer."),
        _("To Medicare, or an insurer that pays for you, when you claim: what the claim needs, never notes."),
        _("When there is a serious threat to somebody's life, health or safety, and telling somebody can lessen it."),
        _("When a law says we must: for example a court's order, or a duty to report harm to a child."),
    ]
    return [
        text(_("Outside the clinic we pass something on only in these cases:")),
        items(cases),
        text(_("We give no more than is needed. When we can, we tell you before we do it.")),
    ]


def _processors(facts: PrivacyFacts) -> list[Block]:
    rows = []
    for each in facts["processors"]:
        processor = BY_KEY[each["key"]]
        rows.append(
            [
                each["name"] or processor.kind,
                processor.purpose,
                processor.gets,
                each["country"] or _("Not stated yet: please ask us"),
            ]
        )
    return [
        text(_("Some companies handle information for us. They may use it only for the work that we give them:")),
        table([pgettext("company", "Who"), _("What for"), _("What they get"), pgettext("country", "Where")], rows),
        text(
            _(
                "No other company gets your information through this website: it loads nothing from "
                "anybody else, and has no advertising and no visitor statistics."
            )
        ),
        *_own_links(facts),
    ]


def _own_links(facts: PrivacyFacts) -> list[Block]:
    own_link = _(
        "A psychologist may hold a session by video by a link of their own, such as one of Zoom or Teams. That service "
        "is the psychologist's own and no part of this website: its own privacy policy says what it gets, and where it "
        "keeps it. Ask your psychologist which one it is."
    )
    return [text(own_link)] if facts["video"] else []


def _cards(facts: PrivacyFacts) -> list[Section]:
    """Of cards on file, where cards are taken online at all."""
    if all(each["key"] != "stripe" for each in facts["processors"]):
        return []
    return [
        section(
            "cards",
            _("Cards on file"),
            text(
                _(
                    "You type your card on the page of the company that takes card payments for us. Its number never "
                    "reaches us. If you keep a card on file, that company holds it. We keep its kind, such as Visa, "
                    "its last four digits, the month until which it is good, and the words that you agreed to, with "
                    "who agreed and when."
                )
            ),
            text(
                _(
                    "We charge it the fee for cancelling late or not coming that our fees policy names, and nothing "
                    "else. If we change these fees, we ask you again before we charge the new ones."
                )
            ),
            text(
                _(
                    "You need not keep a card on file. Remove it at any time on your page “Cards on file”: nothing is "
                    "charged to it any more, and we tell the company to let go of it. That it was on file, and what "
                    "was paid with it, stays with our invoices for as long as we keep those."
                )
            ),
        )
    ]


def _overseas(facts: PrivacyFacts) -> list[Block]:
    abroad = [each for each in facts["processors"] if each["country"] and each["country"] != "Australia"]
    unknown = [each for each in facts["processors"] if not each["country"]]
    blocks = []
    if abroad:
        blocks += [
            text(_("These companies may keep or see information outside Australia:")),
            items(f"{each['name'] or BY_KEY[each['key']].kind}{colon()}{each['country']}" for each in abroad),
            text(
                _(
                    "Before we chose them we looked at how they protect it. What they do with it stays our "
                    "responsibility under Australian law."
                )
            ),
        ]
    elif not unknown:
        blocks.append(text(_("We and the companies that work for us keep your information in Australia.")))
    if unknown:
        names = listed(each["name"] or BY_KEY[each["key"]].kind for each in unknown)
        blocks.append(
            text(
                _(
                    "We have not yet written down in which country these keep it: %(names)s. Ask us, and we "
                    "will find out."
                )
                % {"names": names}
            )
        )
    blocks.append(text(_("We send your record to somebody in another country only if you ask us to.")))
    return blocks


def _children() -> list[Block]:
    return [
        text(
            _(
                "A parent or guardian usually decides for a child. Young people who understand what it "
                "means may decide about their own information, also when their parents would decide "
                "otherwise. The psychologist talks about this at the start."
            )
        ),
        text(
            _(
                "Somebody who signs in for a person they care for sees that person's sessions, details "
                "and invoices. They do not see notes of sessions."
            )
        ),
        text(
            _(
                "If a court has decided who may know what, give us a copy. When parents live apart, we "
                "may need both to agree."
            )
        ),
    ]


def _is_remote(facts: PrivacyFacts) -> bool:
    return facts["video"] or facts["phone_sessions"]


def _remote(facts: PrivacyFacts) -> list[Block]:
    return [
        text(
            _(
                "We do not record video or phone sessions, and ask you not to either, unless both agree "
                "in writing before."
            )
        ),
        text(
            _(
                "Your phone or internet company carries the call. Choose a place where nobody can "
                "listen, and tell your psychologist where you are, so that help can come if it is needed."
            )
        ),
    ]


def _versions() -> list[Block]:
    return [
        text(
            _(
                "We change this policy when what we do changes. Each version has a date, and older ones "
                "stay on this page. If a change is important to you, we ask you to agree again."
            )
        ),
        text(
            _(
                "The English version is the one that counts. If you need this policy on paper, in large "
                "print or explained to you, ask us: it is free."
            )
        ),
    ]
