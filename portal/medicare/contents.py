"""What a letter has to say so that Medicare pays under it. Sources: docs/australia.md."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.medicare.models.checks import LetterCheck
from portal.medicare.models.referrals import Referral
from portal.medicare.readiness import USUAL_PRACTITIONER_FROM


class Content(NamedTuple):
    """One thing that a letter says: the column of a check, how a tick is called, and how the referrer is asked."""

    name: str
    label: Promise
    asked: str


CONTENTS = (
    Content("has_name", _("The patient's name"), "the patient's full name"),
    Content("has_birth_date", _("Their date of birth"), "the patient's date of birth"),
    Content("has_address", _("Their address"), "the patient's address"),
    Content("has_diagnosis", _("Symptoms or a diagnosis"), "the patient's symptoms or diagnosis"),
    Content(
        "has_medication", _("Current medication, or that there is none"), "current medication, or that there is none"
    ),
    Content("has_services", _("The number of sessions"), "the number of sessions in this course of treatment"),
    Content("has_plan", _("That there is a treatment or management plan"), "a statement that a plan is in place"),
    Content("is_signed", _("A signature"), "your signature (an electronic one is fine)"),
    Content("is_dated", _("The date it was written"), "the date on which it was written"),
    Content(
        "has_usual",
        _("That the referrer is their usual practitioner, or of their MyMedicare practice"),
        "a statement that you are the patient's usual medical practitioner, or at their MyMedicare practice",
    ),
)
_PLANS = (Referral.Kind.GP_PLAN, Referral.Kind.PSYCHIATRIST_PLAN)


def lacking(referral: Referral, found: LetterCheck | None) -> tuple[str, ...]:
    """What a letter lacks by this look at it, in words, for the check of a claim; none where nobody looked."""
    if found is None:
        return ()
    # Who referred has a finding of its own, and so has a number that nobody knows; one that was decided is settled.
    apart = {"has_usual"} if referral.decided is None and referral.agreed is not None else {"has_usual", "has_services"}
    lacks = {*found.missing} - apart
    return tuple(str(content.label) for content in needed(referral) if content.name in lacks)


def needed(referral: Referral) -> list[Content]:
    """What this letter has to say, by its kind and the day on which it was written."""
    unneeded = set()
    if referral.kind not in _PLANS:
        unneeded.add("has_plan")
    if referral.kind != Referral.Kind.GP_PLAN or referral.written_on < USUAL_PRACTITIONER_FROM:
        unneeded.add("has_usual")
    return [content for content in CONTENTS if content.name not in unneeded]
