"""What the law says of advertising a health service, said beside the field while it is being written.

Health Practitioner Regulation National Law, s 133: no testimonials, nothing false or misleading, no offer without its
terms, no expectation of benefit that is not reasonable, nothing that encourages needless use. Ss 113 to 119: titles
that only those who hold them may take; psychology has no specialist registration. Ahpra's guidelines for advertising
a regulated health service name the words.

A list of words can't know what was meant: it points, and never refuses. Who writes stays answerable, and is told so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Registration

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to look at again: the words that were found, and why they are doubtful."""

    rule: str
    phrase: str
    why: StrOrPromise


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    words: re.Pattern[str]
    why: StrOrPromise


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


_PEOPLE = "(?:patients?|clients?|people|families|parents|couples)"
_RULES = (
    _Rule(
        "testimonial",
        _any_of(
            r"testimonials?",
            r"(?:five|5)[ -]stars?",
            rf"(?:my|our|past|former|many|happy|most) {_PEOPLE} (?:say|said|tell|told|love|report|describe|thank)s?",
            rf"{_PEOPLE} (?:have (?:said|told)|often (?:say|tell)|say that|(?:tell|told) (?:me|us)|love (?:my|our))",
            r"(?:a|one) (?:patient|client) (?:of (?:mine|ours) )?(?:said|wrote|told|writes|says)",
            r"(?:changed|saved) my life",
        ),
        _("The law forbids testimonials in advertising: what patients say of their care, also in your own words."),
    ),
    _Rule(
        "promise",
        _any_of(
            r"cur(?:e|es|ed|ing) (?:\w+ ){0,2}(?:anxiety|depression|trauma|ptsd|ocd|addiction|insomnia|you|it)",
            r"(?:a|the|complete|permanent|lasting|miracle) cure(?!-all)",
            r"guarante(?:e|es|ed|eing)",
            r"100 ?%",
            r"always (?:works|helps)",
            r"(?:never|won't|will not) fails?",
            r"permanent(?:ly)? (?:free|relief|change|results?|heal\w*)",
            r"(?:fast|quick|instant|rapid) (?:fix|results?|relief)",
            r"(?:will|can) (?:heal|fix) (?:you|your)",
            r"proven (?:to|results?)",
            r"miracles?",
            r"risk[ -]free",
        ),
        _("This can read as a promise that treatment works. Say what you do, not what it will achieve."),
    ),
    _Rule(
        "specialist",
        _any_of(r"specialists?", r"speciali[sz](?:e|es|ed|ing) in"),
        _("Psychology has no specialist registration. “Works mainly with” or “has experience in” says it safely."),
    ),
    _Rule(
        "comparison",
        _any_of(
            r"(?:the|australia's|melbourne's|sydney's|one of the) (?:very )?(?:best|leading|top|finest)",
            r"best (?:psychologists?|therapists?|clinic|practice|care|treatment|results?)",
            r"(?:number|no\.?) ?(?:one|1)",
            r"#1",
            r"world[ -]class",
            r"leading (?:psychologists?|experts?|clinic|practice|provider)",
            r"better than (?:other|any|most)",
            r"most (?:experienced|qualified|trusted)",
            r"(?:award[ -]winning|renowned|unrivalled|unmatched)",
            r"experts?",
        ),
        _(
            "A claim to be better than others must be true and provable. "
            "Plain facts, such as years and training, are safer."
        ),
    ),
    _Rule(
        "offer",
        _any_of(
            r"free (?:first )?(?:session|consultation|consult|appointment|visit|assessment)s?",
            r"\d+ ?% off",
            r"discount(?:s|ed)?",
            r"special offer",
            r"gift (?:vouchers?|cards?|certificates?)",
            r"no (?:out[ -]of[ -]pocket|gap)(?: fees?| costs?)?",
        ),
        _("An offer, a discount or a gift must state its terms and conditions on the same page."),
    ),
    _Rule(
        "pressure",
        _any_of(
            r"(?:don't|do not) (?:wait|delay|miss)",
            r"limited (?:time|spots|places)",
            r"before it(?:'s| is) too late",
            r"everyone (?:needs|should)",
            r"book now,? (?:or|before|while)",
        ),
        _("Advertising must not press people into care that they may not need."),
    ),
)
_DOCTORS = _any_of(r"psychiatrists?", r"medical (?:doctor|practitioner|specialist)s?", r"physicians?", r"consultant")
# Area of practice endorsements; which the portal knows of is `Registration.CLINICAL` alone.
_CLINICAL = _any_of(r"clinical psychologists?")
_ENDORSED = _any_of(
    r"clinical neuropsychologists?",
    r"(?:counselling|forensic|health|organisational|community|sport(?: and exercise)?) psychologists?",
    r"educational and developmental psychologists?",
)
_PLAIN = _any_of(r"(?<!provisional )(?<!provisionally registered )psychologists?")

# No more than this many at once: a page of warnings is read by nobody.
MOST = 8


def warnings_for(text: str, *, registration: str | None = None) -> list[Caution]:
    """What in `text` is doubtful as advertising, each phrase once, in the order it stands there; eight at most.

    With `registration`, titles too: of whoever the text speaks for.
    """
    text = " ".join(text.replace("\u2019", "'").split())
    found: dict[tuple[str, str], tuple[int, Caution]] = {}
    for rule in (*_RULES, *_title_rules(registration)):
        for match in rule.words.finditer(text):
            phrase = match[0]
            found.setdefault((rule.name, phrase.casefold()), (match.start(), Caution(rule.name, phrase, rule.why)))
    return [caution for _start, caution in sorted(found.values(), key=lambda pair: pair[0])][:MOST]


def _title_rules(registration: str | None) -> list[_Rule]:
    if registration is None:
        return []
    rules = [
        _Rule("title", _DOCTORS, _("This title belongs to medical practitioners.")),
        _Rule(
            "title", _ENDORSED, _("Only for those whose registration has this endorsement. The register must show it.")
        ),
    ]
    if registration != Registration.CLINICAL:
        rules.append(
            _Rule(
                "title",
                _CLINICAL,
                _("This title needs an endorsement in clinical psychology, and the profile's registration has none."),
            )
        )
    if registration == Registration.PROVISIONAL:
        rules.append(_Rule("title", _PLAIN, _("With provisional registration, write “provisional psychologist”.")))
    return rules
