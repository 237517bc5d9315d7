"""What the database does of itself, and what it refuses.

- It says when what processes keep of the Medicare schedule no longer stands.
- A referral never changes, but that it ends once, and is never deleted. What corrects one is of its patient and course.
- What was found in a letter never changes; nor does a letter on file, but that another one replaces it once.
- What the register of referrers once said never changes. One found to be a double leads to a standing one, for good.
"""

from __future__ import annotations

from portal.common.guards import (
    REFUSE,
    Function,
    Guard,
    Trigger,
    changes_once,
    fills_once,
    frozen,
    raises,
    refuses,
    runs,
)
from portal.common.kept import watched

KEPT = watched("what is kept of the Medicare schedule", "medicare_mbsitem", "medicare_betteraccesslimits")

REFERRAL, REFERRER, HISTORY = "medicare_referral", "medicare_referrer", "medicare_referrerhistory"
REFERRAL_NEVER = "A referral never changes, but that it ends once."
CORRECTS_ITS_OWN = "A correction is of its referral's patient and course."
CHECK_NEVER = "What was found in a letter never changes."
LETTER_NEVER = "A letter on file never changes, but that it is replaced once."
HISTORY_NEVER = "What the register said never changes."
DOUBLE_NEVER = "A referrer that was found to be a double never changes."
DOUBLE_OF_ANOTHER = "A double leads to a referrer that is none."

# Every column of a referral but how it ended; a test fails if a column is in neither.
REFERRAL_COLUMNS = (
    *("id", "code", "course", "patient_id", "referrer_id", "corrects_id", "kind", "referrer_name"),
    *("referrer_provider_number", "referrer_practice", "written_on", "services", "decided", "decided_how"),
    *("decided_note", "used_elsewhere", "continues_elsewhere", "is_for_group", "period", "created_at"),
    "created_by_id",
)
ENDS = ("ended_at", "ended_by_id", "end", "ended_why")

REFERRALS = changes_once(
    "the referrals",
    prefix="referral",
    table=REFERRAL,
    kept=REFERRAL_COLUMNS,
    change="OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL",
    same_as_new="code = NEW.code OR (course = NEW.course AND ended_at IS NULL AND NEW.ended_at IS NULL) "
    "OR (corrects_id = NEW.corrects_id)",
    words=REFERRAL_NEVER,
)
CHECKS = fills_once(
    "the checks of letters",
    prefix="letter_check",
    table="medicare_lettercheck",
    kept=(
        *("id", "code", "referral_id", "course", "checked_at", "checked_by_id", "has_name", "has_birth_date"),
        *("has_address", "has_diagnosis", "has_medication", "has_services", "has_plan", "is_signed", "is_dated"),
        "has_usual",
    ),
    once={"asked_at": ("asked_by_id", "asked_how"), "answered_at": ("answered_by_id",)},
    words=CHECK_NEVER,
)
LETTERS = fills_once(
    "the letters on file",
    prefix="referral_letter",
    table="medicare_referralletter",
    kept=("id", "code", "referral_id", "course", "kind", "size", "sha256", "path", "added_at", "added_by_id"),
    once={"replaced_at": ("replaced_by_id", "replaced_why")},
    words=LETTER_NEVER,
)
HISTORY_OF_REFERRERS = frozen("what the register said", prefix="referrer_history", table=HISTORY, words=HISTORY_NEVER)

_RIGHT_COURSE = (
    "(SELECT COUNT(*) FROM medicare_referral AS o WHERE o.id = NEW.corrects_id AND o.course = NEW.course "
    "AND o.patient_id = NEW.patient_id AND o.\"end\" = 'corrected') = 1"
)
_NEW_COURSE = "NOT EXISTS (SELECT 1 FROM medicare_referral AS o WHERE o.course = NEW.course AND o.id <> NEW.id)"
_CORRECTS = f"CASE WHEN NEW.corrects_id IS NULL THEN {_NEW_COURSE} ELSE {_RIGHT_COURSE} END"
_LEADS_TO_A_DOUBLE = (
    "EXISTS (SELECT 1 FROM medicare_referrer AS o WHERE o.id = NEW.merged_into_id AND o.merged_into_id IS NOT NULL) "
    "OR EXISTS (SELECT 1 FROM medicare_referrer AS o WHERE o.merged_into_id = NEW.id)"
)
_FACTS = (
    *("id", "code", "name", "kind", "provider_number", "practice", "street", "suburb", "state", "postcode", "phone"),
    *("fax", "is_in_use", "found_by", "merged_at", "merged_by_id", "created_at", "created_by_id", "changed_at"),
)
_SAME = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in _FACTS)
_NOT_DISTINCT = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _FACTS)
_STILL = "OLD.merged_into_id IS NOT NULL AND NOT (NEW.merged_into_id IS NOT NULL AND {same})"

CORRECTS = Function(
    "medicare_referral_corrects",
    f" BEGIN IF NOT ({_CORRECTS}) THEN {raises(CORRECTS_ITS_OWN)} END IF; RETURN NEW; END ",
)
LEADS = Function(
    "medicare_referrer_leads",
    f" BEGIN IF {_LEADS_TO_A_DOUBLE} THEN {raises(DOUBLE_OF_ANOTHER)} END IF; RETURN NEW; END ",
)
REGISTER = Guard(
    "the referrals' corrections and the register of referrers",
    sqlite=[
        Trigger(
            "referral_corrects_its_own", refuses("BEFORE INSERT", REFERRAL, f"NOT ({_CORRECTS})", CORRECTS_ITS_OWN)
        ),
        Trigger(
            "referrer_double_never_changes",
            refuses("BEFORE UPDATE", REFERRER, _STILL.format(same=_SAME), DOUBLE_NEVER),
        ),
        Trigger(
            "referrer_double_of_another",
            refuses(
                "BEFORE UPDATE OF merged_into_id",
                REFERRER,
                f"NEW.merged_into_id IS NOT NULL AND ({_LEADS_TO_A_DOUBLE})",
                DOUBLE_OF_ANOTHER,
            ),
        ),
    ],
    postgresql=[
        *(REFUSE, CORRECTS, LEADS),
        Trigger("referral_corrects_its_own", runs("BEFORE INSERT", REFERRAL, "", CORRECTS)),
        Trigger(
            "referrer_double_never_changes",
            runs("BEFORE UPDATE", REFERRER, _STILL.format(same=_NOT_DISTINCT), REFUSE, DOUBLE_NEVER),
        ),
        Trigger(
            "referrer_double_of_another",
            runs("BEFORE UPDATE OF merged_into_id", REFERRER, "NEW.merged_into_id IS NOT NULL", LEADS),
        ),
    ],
)
