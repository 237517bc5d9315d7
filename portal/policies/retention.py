"""Parts of the privacy policy: cookies, safety, breaches, how long records are kept, and how people ask for theirs."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.common.languages import durations
from portal.common.languages.punctuation import space
from portal.policies.document import Block, items, table, text
from portal.policies.facts import PrivacyFacts

# Those that bind private health services beside the Privacy Act, and say for how long records are kept.
STATE_LAWS = {
    "ACT": "Health Records (Privacy and Access) Act 1997 (ACT)",
    "NSW": "Health Records and Information Privacy Act 2002 (NSW)",
    "VIC": "Health Records Act 2001 (Vic)",
}


def cookies(facts: PrivacyFacts) -> list[Block]:
    what = [
        (
            _("Knows that it is still you while you sign in or book."),
            _("Until you close the browser, at most %(hours)s") % {"hours": durations.hours(facts["session_hours"])},
        ),
        (_("Proves that a form you send came from our page."), _("A year")),
        (_("Carries a short message to the next page."), _("Until it is shown")),
        (_("Remembers light or dark, if you chose."), _("A year")),
        (_("Knows that you signed in with this device before, so that nobody else can lock you out."), _("Six months")),
    ]
    rows = [[name, *words] for name, words in zip(facts["cookies"], what, strict=True)]
    return [
        text(_("A cookie is a small text that a website leaves in your browser. We set these, and no others:")),
        table([pgettext("of a cookie", "Name"), _("What it is for"), _("How long it stays")], rows),
        text(_("None of them follows you to other websites.")),
    ]


def safety(facts: PrivacyFacts) -> list[Block]:
    measures = [
        _("What passes between your browser and us is encrypted.") if facts["https"] else "",
        _("Notes of sessions are encrypted in our database, with a key that is kept apart from it.")
        if "records" in facts["kinds"]
        else "",
        _("Staff sign in with a password and a second step, or with a passkey.") if facts["second_factor"] else "",
        _("Staff are signed out after %(staff)s of doing nothing, and patients after %(patients)s.")
        % {
            "staff": durations.minutes(facts["staff_idle_minutes"]),
            "patients": durations.minutes(facts["patient_idle_minutes"]),
        },
        _("Everybody sees only what their role allows."),
        _("Changes, and each opening of a note, are written into a trail that nobody can alter."),
        _("Our e-mails say nothing of what you come for."),
    ]
    return [
        items(measures),
        text(
            _(
                "No system is perfectly safe. Keep your password to yourself, and use the button to "
                "leave this website quickly if somebody looks over your shoulder."
            )
        ),
    ]


def breach() -> list[Block]:
    return [
        text(
            _(
                "If information is lost, or seen by somebody who should not see it, we stop it and look "
                "into it without delay, within 30 days at the most. If it is likely to harm you "
                "seriously, we tell you and the Australian Information Commissioner as soon as we can: "
                "what happened, which information it was, and what you can do."
            )
        ),
    ]


def how_long(facts: PrivacyFacts) -> list[Block]:
    years = {"years": durations.years(facts["retention_years"])}
    by_law = any(state in facts["states"] for state in STATE_LAWS)
    why = _("The law where we work and our profession ask for it.") if by_law else _("Our profession asks for it.")
    rules = [
        _("Records of adults: at least %(years)s after the last session.") % years,
        _("Records of people who were under 18: at least %(years)s after the last session, and until they turn 25.")
        % years,
        _("Invoices and payments: at least five years, for the tax office."),
        _("Longer, if a court case or a complaint is under way or a law asks for it."),
    ]
    return [
        items(rules),
        text(why + space() + _("This also means that we can't delete your record earlier, even if you ask.")),
        text(
            _(
                "After that we destroy the record, or take out of it everything that says whose it was. "
                "We write down whose record was destroyed, when, and which years it covered."
            )
        ),
    ]


def reading(facts: PrivacyFacts) -> list[Block]:
    return [
        text(
            _(
                "In your pages on this website you see your sessions, your details and your invoices, "
                "and you can correct your details."
            )
        ),
        text(
            _(
                "You can ask to see anything else that we hold about you, the notes too. Write to us or "
                "phone us. We will check that it is you, and answer within 30 days. Asking costs "
                "nothing; for copying a lot of paper we may ask a small fee, which we tell you first."
            )
        ),
        text(
            _(
                "We may hold something back only where the law allows it, for example if reading it "
                "could seriously endanger somebody. Then we tell you why in writing, and look with you "
                "for another way, such as reading it together."
            )
        ),
        text(
            _(
                "If something is wrong, out of date or misleading, tell us and we put it right, within "
                "30 days. A signed note is never overwritten: the correction is added to it. If we do "
                "not agree that it is wrong, we add your statement to it."
            )
        ),
        text(
            _(
                "You can take back a consent at any time. It does not undo what was done before, and we "
                "tell you what it means for your care."
            )
        ),
    ]
