"""Whether Medicare would take a line of an invoice as it is printed: what it would refuse, and what is worth a look.

Pure: facts come in, findings come out, each said in words for the desk. A red finding keeps the paper from being
printed until somebody says why it goes out all the same; an amber one keeps nothing. Sources: docs/australia.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from portal.clinic.models import Mode, Registration
from portal.clinic.validators import provider_number_is_right
from portal.common.languages.punctuation import listed
from portal.common.languages.times import date_short
from portal.common.money import dollars
from portal.medicare.catalogue import KNOWN
from portal.medicare.findings import Facts, Finding, Letter, Level, amber, red
from portal.medicare.ledger import Why
from portal.medicare.models import BILLING, MbsItem, Referral

# From this day on, a plan, its review and its referral come from the patient's own practice.
USUAL_PRACTITIONER_FROM = date(2025, 11, 1)
YEARS_TO_CLAIM = 2
GROUP_LEAST, GROUP_MOST = 4, 10
# A group by video is for those who live far from any: by the Modified Monash Model, and by road.
GROUP_REMOTENESS, GROUP_KILOMETRES = 4, 15


def findings(facts: Facts, *, today: date) -> list[Finding]:
    """What is to be said of one line, the red ones first."""
    found = [*_service(facts, today), *_item(facts), *_provider(facts), *_referral(facts), *_ledger(facts)]
    found += [*_patient(facts), *_money(facts)]
    if not facts.is_billed:
        found = [replace(one, words=_with_a_way_out(one)) for one in found]
    return sorted(found, key=lambda one: one.level != Level.RED)


def _with_a_way_out(finding: Finding) -> str:
    """What is said of a session before it is billed, with what can still be done about it then."""
    match finding.code:
        case "too_short" | "too_long" | "wrong_mode" | "wrong_setting" | "wrong_registration" | "not_in_force":
            more = _("Choose the item that fits, or none.")
        case "too_old":
            more = _("Bill it without an item, or ask Medicare first.")
        case "not_for_medicare" | "wrong_referral":
            more = _("Add the right referral, or bill it without an item.")
        case "nothing_charged":
            more = _("Charge a fee, or bill it without an item.")
        case "no_irn" | "card_name":
            more = _("Look at the card.")
        case _:
            return finding.words
    return f"{finding.words} {more}"


def findings_of(lines: Iterable[Facts], *, today: date) -> list[Finding]:
    """What is to be said of an invoice: each thing once, with its day where several services stand on it."""
    rows = list(lines)
    found: dict[tuple[str, str], Finding] = {}
    for facts in rows:
        for one in findings(facts, today=today):
            if len(rows) > 1 and facts.service_date:
                one = replace(one, words=f"{date_short(facts.service_date)}: {one.words}")
            found.setdefault((one.code, one.words), one)
    return sorted(found.values(), key=lambda one: one.level != Level.RED)


def _then(facts: Facts) -> str:
    """What comes after something on file is put right."""
    return _(", and bill again") if facts.is_billed else _(" before you finish")


# ---- The service -----------------------------------------------------------------------------------------------------


def _service(facts: Facts, today: date) -> Iterator[Finding]:
    day = facts.service_date
    if day is None:
        yield red("no_date", _("No date of service is printed. Void the invoice and bill the session again."))
    elif day > today:
        yield red("in_future", _("The service is still to come. Medicare pays for sessions that were held."))
    elif _years_after(day, YEARS_TO_CLAIM) < today:
        yield red("too_old", _("The service is more than two years old. Medicare takes no online claim for it."))
    if not facts.was_held:
        yield red("not_held", _("The session was cancelled or missed. Medicare pays nothing for it: void the invoice."))
    if facts.is_abroad:
        words = _("The patient was outside Australia. Medicare pays nothing for it: bill it without an item.")
        yield red("abroad", words)
    if facts.others:
        if facts.starts is None or not facts.others_timed:
            yield red(
                "same_day_untimed",
                _("The patient has two services on that day, and not each shows when it began. Bill them with times."),
            )
        else:
            words = _(
                "The patient has another service on that day. Each must be an attendance of its own; both show times."
            )
            yield amber("same_day", words)
    elif facts.starts is None:
        yield amber("no_time", _("The time is not printed. It is needed once there is a second service on that day."))


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


# ---- The item --------------------------------------------------------------------------------------------------------


def _item(facts: Facts) -> Iterator[Finding]:
    words = {"item": facts.item, "minutes": facts.minutes}
    known = KNOWN.get(facts.item)
    if known is None:
        yield red("unknown_item", _("Item %(item)s is none that a psychologist bills under Better Access.") % words)
        return
    if facts.due_benefit is None:
        yield red("not_in_force", _("Item %(item)s has no fee in the schedule on the day of service.") % words)
    elif not facts.is_verified:
        said = _("The fee of item %(item)s is inferred, not read in the schedule. Import the schedule, or look it up.")
        yield amber("inferred_fee", said % words)
    if facts.minutes is None:
        yield amber("no_minutes", _("How long it took is not printed, so nobody can tell whether the item fits."))
    elif facts.minutes < known.least:
        said = _("%(minutes)d minutes are billed by item %(item)s, which is for %(least)d minutes or more.")
        yield red("too_short", said % (words | {"least": known.least}))
    elif known.below is not None and facts.minutes >= known.below:
        said = _("%(minutes)d minutes are billed by item %(item)s, which is for less than %(below)d minutes.")
        yield red("too_long", said % (words | {"below": known.below}))
    if facts.mode and facts.mode != known.mode:
        yield red("wrong_mode", _wrong_mode(facts.mode, known.mode) % words)
    elif known.mode == Mode.IN_PERSON and facts.is_outside is (known.setting != MbsItem.Setting.OUTSIDE):
        said = _("Item %(item)s is not for the place where the session was held: in consulting rooms, or outside.")
        yield red("wrong_setting", said % words)
    if facts.registration not in BILLING:
        yield red("provisional", _("A provisional psychologist can't bill Better Access: bill it without an item."))
    elif known.registration != facts.registration:
        who = Registration(known.registration).label
        said = _("Item %(item)s is for another registration than the psychologist has: %(who)s.")
        yield red("wrong_registration", said % (words | {"who": str(who).lower()}))
    if known.counts_towards == MbsItem.CountsTowards.GROUP:
        yield from _group(facts)


def _wrong_mode(mode: str, meant: str) -> str:
    match mode, meant:
        case Mode.IN_PERSON, Mode.VIDEO:
            return _("The session was in person, and item %(item)s is for video.")
        case Mode.IN_PERSON, _any:
            return _("The session was in person, and item %(item)s is for the phone.")
        case _any, Mode.IN_PERSON:
            return _("The session was by video or phone, and item %(item)s is for sessions in person.")
        case Mode.VIDEO, _any:
            return _("The session was by video, and item %(item)s is for the phone.")
    return _("The session was by phone, and item %(item)s is for video.")


def _group(facts: Facts) -> Iterator[Finding]:
    if facts.attended is None:
        said = _("Item %(item)s is for a group of 4 to 10 patients. Make sure that as many came.")
        yield amber("group_uncounted", said % {"item": facts.item})
    elif not GROUP_LEAST <= facts.attended <= GROUP_MOST:
        said = _("%(n)d patients came. Medicare pays for groups of 4 to 10.")
        yield red("group_size", said % {"n": facts.attended})
    if KNOWN[facts.item].mode != Mode.VIDEO:
        return
    far = (
        None if facts.remoteness is None else facts.remoteness >= GROUP_REMOTENESS,
        None if facts.kilometres is None else facts.kilometres >= GROUP_KILOMETRES,
    )
    if False in far:
        yield red("group_too_near", _("The patient lives too near for a group by video: Medicare pays nothing for it."))
    elif None in far:
        said = _(
            "Medicare pays for a group by video only where the patient lives in Modified Monash area 4 to 7 and "
            "at least 15 km away by road. Make sure of both."
        )
        yield amber("group_by_video", said)


# ---- Who gave it -----------------------------------------------------------------------------------------------------


def _provider(facts: Facts) -> Iterator[Finding]:
    number = facts.provider_number
    if not number:
        if facts.practice_address:
            said = _("No provider number is printed, only the practice's address. Put the number on file under Staff.")
            yield amber("no_provider_number", said)
        else:
            said = _("Neither a provider number nor the practice's address is printed. Put them on file%(then)s.")
            yield red("no_provider", said % {"then": _then(facts)})
        return
    if facts.number_on_file and number != facts.number_on_file and number in facts.elsewhere_numbers:
        said = _("Provider number %(number)s is the psychologist's at another location. Bill again with this one's.")
        yield red("other_location", said % {"number": number})
    elif number in facts.elsewhere_numbers and not facts.number_on_file:
        said = _("Provider number %(number)s is the psychologist's at another location. This one has none on file.")
        yield red("other_location", said % {"number": number})
    elif facts.number_on_file and number != facts.number_on_file:
        said = _("Provider number %(number)s is no longer the one on file for this location.")
        yield amber("number_changed", said % {"number": number})
    if not provider_number_is_right(number):
        said = _(
            "The last letter of provider number %(number)s doesn't fit its digits. Compare it with Medicare's letter."
        )
        yield amber("provider_check", said % {"number": number})


# ---- Who referred ----------------------------------------------------------------------------------------------------


def _referral(facts: Facts) -> Iterator[Finding]:
    letter = facts.letter
    if letter is None:
        yield red("no_referral", _("No referral is printed. Medicare pays only with one: add it, and bill again."))
        return
    if letter.kind == Referral.Kind.OTHER:
        yield red("not_for_medicare", _("The referral is not one under which Medicare pays for sessions."))
    if not letter.name.strip():
        said = _("The referrer's name is missing. Correct the referral%(then)s.")
        yield red("no_referrer", said % {"then": _then(facts)})
    if not letter.number:
        if letter.practice.strip():
            said = _(
                "The referrer's provider number is missing; their address is printed. Most claims ask for the number."
            )
            yield amber("no_referrer_number", said)
        else:
            said = _("The referrer has neither a provider number nor an address. Correct the referral%(then)s.")
            yield red("no_referrer_number", said % {"then": _then(facts)})
    elif not provider_number_is_right(letter.number):
        said = _(
            "The last letter of the referrer's number %(number)s doesn't fit its digits. Compare it with the letter."
        )
        yield amber("referrer_check", said % {"number": letter.number})
    elif letter.number == facts.provider_number:
        yield red("referrer_is_provider", _("Referrer and psychologist have the same provider number."))
    yield from _dates_of(letter, facts)
    known = KNOWN.get(facts.item)
    if known and letter.is_for_group != (known.counts_towards == MbsItem.CountsTowards.GROUP):
        said = _("The referral is for group sessions, and the item is not.")
        if not letter.is_for_group:
            said = _("The item is for a group, and the referral is for sessions alone: groups need one of their own.")
        yield red("wrong_referral", said)
    if letter.is_corrected:
        yield amber("referral_corrected", _("The referral was corrected since. Void the invoice and bill it again."))
    if letter.lacks:
        said = _("Missing in the letter: %(lacks)s. Ask the referrer to add it.")
        yield amber("letter_lacks", said % {"lacks": listed(_lower(one) for one in letter.lacks)})
    if letter.services is None:
        yield amber(
            "unstated", _("The letter names no number of services. Ask the referrer, and write down the answer.")
        )


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _dates_of(letter: Letter, facts: Facts) -> Iterator[Finding]:
    written, day = letter.written_on, facts.service_date
    if written is None:
        said = _("The date of the referral is missing. Correct the referral%(then)s.")
        yield red("referral_undated", said % {"then": _then(facts)})
        return
    if day and written > day:
        said = _("The referral was written on %(written)s, after the service. Medicare pays nothing for it.")
        yield red("referral_later", said % {"written": date_short(written)})
    is_plan = letter.kind == Referral.Kind.GP_PLAN
    if is_plan and written >= USUAL_PRACTITIONER_FROM and letter.usual_practitioner is not True:
        if letter.usual_practitioner is False:
            said = _(
                "The letter doesn't say that the referrer is the patient's usual practitioner, or of their MyMedicare "
                "practice. Since 1 November 2025 Medicare asks for that: ask the referrer, or the patient."
            )
        else:
            said = _(
                "Since 1 November 2025 a GP's referral comes from the patient's MyMedicare or usual practice. "
                "Make sure that the letter, or the patient, says so."
            )
        yield amber("usual_practitioner", said)


# ---- What is used up -------------------------------------------------------------------------------------------------


def _ledger(facts: Facts) -> Iterator[Finding]:
    match facts.why:
        case Why.USED_UP:
            said = _("Every service of this referral was used before. A new referral is needed for this one.")
            yield red("course_used_up", said)
        case Why.YEAR_IS_USED_UP:
            yield red("year_used_up", _("The year's services were used before. Medicare pays again from 1 January."))
        case Why.CARERS_ARE_USED_UP:
            said = _("The year's services with a family member or carer alone were used before.")
            yield red("carers_used_up", said)
    known = KNOWN.get(facts.item)
    if known and known.counts_towards == MbsItem.CountsTowards.CARER:
        said = _(
            "A session with a family member or carer alone needs the patient's consent. Make sure that it is on file."
        )
        yield amber("carer_consent", said)
    if facts.is_last and facts.why is None:
        yield amber("report_due", _("The course ends with this service: the referrer is owed a report."))


# ---- The patient's card ----------------------------------------------------------------------------------------------


def _patient(facts: Facts) -> Iterator[Finding]:
    if not facts.patient_name.strip():
        yield red("no_patient", _("The patient's name is missing."))
    if not facts.card_number and facts.is_bulk_billed:
        said = _("It is bulk-billed, and can't be claimed without the number of the patient's Medicare card.")
        yield red("bulk_without_card", f"{said} {_('Put the card on file.')}")
        return
    if not facts.card_number:
        yield amber("no_card", _("No Medicare card number is printed. The patient can claim with their card in hand."))
        return
    if not facts.card_is_right:
        yield amber("card_check", _("The Medicare card number doesn't add up. Compare it with the card."))
    if not facts.irn and facts.is_bulk_billed:
        said = _("It is bulk-billed, and can't be claimed without the number beside the patient's name on the card.")
        yield red("bulk_without_irn", f"{said} {_('Put it on file.')}")
    elif not facts.irn:
        yield amber("no_irn", _("The number beside the patient's name on the card is missing."))
    if facts.card_expires and facts.service_date and facts.card_expires < facts.service_date:
        said = _("The Medicare card had run out (%(day)s) when the session was held. Ask for the new one.")
        yield amber("card_expired", said % {"day": date_short(facts.card_expires)})
    if facts.card_name and _letters(facts.card_name) != _letters(facts.patient_name):
        said = _("The name on the card is “%(card)s”, and the invoice says “%(name)s”. Medicare compares them.")
        yield amber("card_name", said % {"card": facts.card_name, "name": facts.patient_name})


def _letters(name: str) -> list[str]:
    """A name as Medicare compares it: cards are printed in capitals, and often without what stands between."""
    return sorted("".join(letter for letter in part.casefold() if letter.isalnum()) for part in name.split())


# ---- The money -------------------------------------------------------------------------------------------------------


def _money(facts: Facts) -> Iterator[Finding]:
    if facts.quantity != 1:
        yield red("several", _("One line is for several services. Medicare wants a line for each."))
    if facts.charged <= 0:
        yield red("nothing_charged", _("Nothing is charged for it, so Medicare pays nothing."))
    elif facts.due_benefit is not None and facts.charged < facts.due_benefit:
        words = {"charged": dollars(facts.charged), "benefit": dollars(facts.due_benefit)}
        said = _("%(charged)s is charged, less than the benefit of %(benefit)s. Medicare pays no more than is charged.")
        yield amber("below_benefit", said % words)
    elif facts.due_benefit is not None and facts.benefit != facts.due_benefit:
        words = {"printed": dollars(facts.benefit), "benefit": dollars(facts.due_benefit)}
        said = _("The invoice expects a rebate of %(printed)s; the schedule of that day says %(benefit)s.")
        yield amber("other_benefit", said % words)
    if facts.gst:
        yield amber("taxed", _("GST is charged on it. Treatment is GST-free: look at the service's GST."))
