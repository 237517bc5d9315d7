"""What the database itself refuses: changes of a consent, and a channel that is open without one.

Both go when the record of their patient is erased.
"""

# ruff: noqa: S608 - every word of this SQL is our own

from __future__ import annotations

from portal.common.guards import REFUSE, Function, Guard, Trigger, frozen, raises, refuses, runs

CONSENTS = frozen(
    "the consents",
    prefix="consent",
    table="patients_consent",
    words="A consent never changes.",
    keys=(("code",), ("patient_id", "version_id")),
    may_go=True,
)

CHANNEL_CONSENTS = frozen(
    "what people said of each channel",
    prefix="channel_consent",
    table="patients_channelconsent",
    words="What somebody said of a channel never changes.",
    keys=(("code",),),
    may_go=True,
)

WAYS = "patients_contactways"
WITHOUT = "A channel to a phone is open only while the last word about it is a yes."


def _last_word(channel: str) -> str:
    return (
        "(SELECT said.agrees FROM patients_channelconsent AS said "
        f"WHERE said.patient_id = NEW.patient_id AND said.channel = '{channel}' ORDER BY said.id DESC LIMIT 1)"
    )


_SQLITE = " OR ".join(f"(NEW.by_{one} AND {_last_word(one)} IS NOT 1)" for one in ("sms", "whatsapp"))
_POSTGRESQL = " OR ".join(f"(NEW.by_{one} AND {_last_word(one)} IS NOT TRUE)" for one in ("sms", "whatsapp"))
_CHECK = Function("contact_ways_need_a_yes", f" BEGIN IF {_POSTGRESQL} THEN {raises(WITHOUT)} END IF; RETURN NEW; END ")

OPEN_CHANNELS = Guard(
    "the channels that are open",
    sqlite=[
        Trigger("contact_ways_need_a_yes_insert", refuses("BEFORE INSERT", WAYS, f"({_SQLITE})", WITHOUT)),
        Trigger("contact_ways_need_a_yes_update", refuses("BEFORE UPDATE", WAYS, f"({_SQLITE})", WITHOUT)),
    ],
    postgresql=[
        REFUSE,
        _CHECK,
        Trigger("contact_ways_need_a_yes", runs("BEFORE INSERT OR UPDATE", WAYS, "", _CHECK)),
    ],
)
