"""Finding a patient by what the desk hears: part of a name, a phone number, an e-mail address, a birth date.

Each patient has a handful of keys, folded words in one ordered index. What is typed becomes tokens, and each token must
be the beginning of a key. The token with the fewest keys leads, in the index's order, and the reading stops as soon as
the list is full: two letters over a hundred thousand people cost as little as a whole name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from phonenumber_field.phonenumber import PhoneNumber

from portal.common.database.columns import longest
from portal.common.forms.fields import read_date
from portal.common.text.names import keys_of_name, spellings, telling_keys, typed_words, writes_without_spaces
from portal.common.text.typed import plain
from portal.patients.models import Patient, SearchKey
from portal.patients.validators import clean_medicare_number

KEY_LENGTH = longest(SearchKey, "key")
MOST_TOKENS = 6
# How far a token's keys are counted when choosing which one leads.
COUNTED = 3000
_LAST = "\U0010ffff"  # sorts behind every character that a key can hold


# ---- What is kept ---------------------------------------------------------------------------------------------------


def keys_of(patient: Patient) -> set[str]:
    """Every word that this patient is found by."""
    keys: set[str] = set()
    for name in (patient.legal_first_name, patient.legal_last_name, patient.preferred_name):
        keys |= keys_of_name(name)
    for first in {patient.legal_first_name, patient.preferred_name}:
        if writes_without_spaces(first) and writes_without_spaces(patient.legal_last_name):
            keys |= keys_of_name(f"{patient.legal_last_name}{first}")
    if patient.phone:
        keys.update(_phone_keys(patient.phone))
    if patient.email:
        keys.add(_email(patient.email))
    born = patient.date_of_birth
    keys.update({f"{born:%Y-%m-%d}", f"{born:%d/%m/%Y}", f"{born:%d%m%Y}"})
    return {key[:KEY_LENGTH] for key in keys if key}


def _phone_keys(phone: PhoneNumber) -> set[str]:
    significant, international = str(phone.national_number), f"+{phone.country_code}{phone.national_number}"
    if phone.country_code == 61 and len(significant) == 9:
        # The way people read it out: 570 006 of a mobile number, 9010 1234 of one on a wall.
        read_out = significant[-6:] if significant.startswith("4") else significant[-8:]
        return {f"0{significant}", significant, international, read_out}
    return {re.sub(r"\D", "", phone.as_national), significant, phone.as_e164}


def _email(text: str) -> str:
    return re.sub(r"[^\w@.+-]", "", spellings(text)[0])


def reindex(patient: Patient) -> None:
    """Writes this patient's keys anew; call it in the transaction that changes the patient."""
    wanted = keys_of(patient)
    held = dict(patient.search_keys.values_list("key", "pk"))
    if gone := [pk for key, pk in held.items() if key not in wanted]:
        patient.search_keys.filter(pk__in=gone).delete()
    SearchKey.objects.bulk_create(SearchKey(patient=patient, key=key) for key in sorted(wanted - held.keys()))


# ---- What is typed --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """Beginnings of keys, any of which will do."""

    prefixes: tuple[str, ...]

    @property
    def condition(self) -> Q:
        """Of a key."""
        return self._beginning("key")

    @property
    def of_a_patient(self) -> Q:
        """Of one of a patient's keys."""
        return self._beginning("search_keys__key")

    def _beginning(self, key: str) -> Q:
        condition = Q()
        for prefix in self.prefixes:
            condition |= Q(**{f"{key}__gte": prefix, f"{key}__lt": prefix + _LAST})
        return condition


# What people put between things, as white space that stands within none of them.
BETWEEN = "\x1f"
EMAIL = re.compile(r"[^\s<>()\[\]\"“”]+@[^\s<>()\[\]\"“”]*")
# Mail programs write `Mai Nguyen <mai@example.com>`; the name is what somebody called the address.
IN_BRACKETS = re.compile(r"<\s*(?:mailto:)?([^\s<>@]+@[^\s<>@]*)\s*>", re.IGNORECASE)
DATE = re.compile(
    r"(?<!\S)(?:[0-9]{1,2}([/.-])[0-9]{1,2}(?:\1[0-9]{1,4})?"
    r"|[0-9]{1,2} [0-9]{1,2} (?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}-[0-9]{0,2}(?:-[0-9]{0,2})?)(?!\S)"
)
WRITTEN_DATE = re.compile(
    r"(?<!\S)(?:[0-9]{1,2}(?:st|nd|rd|th)?[ -]+[a-z]{3,9}\.?[\x1f]?[ -]+(?:[0-9]{2}){1,2}"
    r"|[0-9]{4} ?年 ?[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号])(?!\S)",
    re.IGNORECASE,
)
_LAST_OF_CENTURIES = (date(1999, 12, 31), date(2099, 12, 31))
DIGITS = re.compile(r"(?<!\S)[(+]*[0-9][0-9() ./-]*(?!\S)")
# What stands before a number on a card or in a link, and an extension behind it: no key has either.
_BEFORE_DIGITS = re.compile(
    r"(?<!\S)(?:tel|telephone|phone|ph|mobile|mob|m|t|p)(?: ?[:.] ?| )(?=[+(]*0|\+)", re.IGNORECASE
)
_EXTENSION = re.compile(r"(?<=[0-9)]) ?(?:[;,] ?)?(?:ext(?:ension|n)?\.?|x|#)[ =:]{0,2}[0-9]{1,6}(?!\S)", re.IGNORECASE)


def prepared(text: str) -> str:
    """The text on one line, in plain digits, with BETWEEN for what stands between things."""
    text = plain(text[:200].replace("\x00", ""))
    return re.sub("[,;،、]", BETWEEN, _EXTENSION.sub("", _BEFORE_DIGITS.sub(BETWEEN, text)))


def tokens_of(text: str) -> list[Token]:
    """What to look for; empty when nothing typed is long enough to look for."""
    found: list[Token] = []

    def take(pattern: re.Pattern[str], make: Callable[[str], Token | None], text: str) -> str:
        def one(match: re.Match[str]) -> str:
            token = make(match[0])
            if token is None:
                return match[0]
            found.append(token)
            return BETWEEN

        return pattern.sub(one, text)

    text = prepared(text)
    if address := IN_BRACKETS.search(text):
        return [Token((_email(address[1])[:KEY_LENGTH],))]
    text = take(EMAIL, lambda typed: Token((_email(re.sub("^mailto:", "", typed.casefold())),)), text)
    text = take(WRITTEN_DATE, _whole_date, text)
    text = take(DATE, _partial_date, text)
    text = take(DIGITS, _digits, text)
    found += [Token(tuple(way[:KEY_LENGTH] for way in ways)) for ways in typed_words(text)]
    found = [token for token in dict.fromkeys(found) if all(token.prefixes)][:MOST_TOKENS]
    return found if any(_is_long_enough(token) for token in found) else []


def _is_long_enough(token: Token) -> bool:
    return any(len(prefix) > 1 or writes_without_spaces(prefix) for prefix in token.prefixes)


def _whole_date(typed: str) -> Token | None:
    """Of a year of two digits, in either century."""
    days = set[date]()
    for last in _LAST_OF_CENTURIES:
        try:
            days.add(read_date(typed.replace(BETWEEN, ""), born_by=last))
        except ValidationError:
            continue
    return Token(tuple(f"{day:%Y-%m-%d}" for day in sorted(days))) if days else None


def _partial_date(typed: str) -> Token | None:
    """`23/4`, `23/4/1990` and `23/4/90`, the day first; `1990-04` as it stands."""
    if re.match(r"[0-9]{4}-", typed):
        return Token((typed,))
    parts = re.split(r"[/. -]", typed)
    day, month = int(parts[0]), int(parts[1])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    if len(parts) == 2:
        # "23/1" may be about to become "23/12".
        ends = [f"{month:02d}"] if len(parts[1]) == 2 or month > 1 else ["01", "1"]
        return Token(tuple(f"{day:02d}/{end}" for end in ends))
    year = parts[2]
    years = [year]
    if len(year) == 2:
        years += [f"{century}{year}" for century in (19, 20)]
    return Token(tuple(f"{day:02d}/{month:02d}/{typed_year}" for typed_year in years))


def _digits(typed: str) -> Token | None:
    digits = re.sub(r"[^0-9]", "", typed)
    is_abroad = "+" in typed
    for dialled in ("0011", "00"):
        # Dialled from here, or from most of the world: 0011 61 491 570 006, 0061 491 570 006.
        if digits.startswith(f"{dialled}61"):
            digits, is_abroad = digits.removeprefix(dialled), True
    if digits.startswith("61") and (is_abroad or len(digits) > 4):
        return Token((f"+61{digits[2:].removeprefix('0')}"[:KEY_LENGTH],))
    return Token((f"+{digits}"[:KEY_LENGTH] if is_abroad else digits[:KEY_LENGTH],))


# ---- The search -----------------------------------------------------------------------------------------------------


class Named(Protocol):
    """A patient, or a row of a list."""

    pk: int
    legal_first_name: str
    legal_last_name: str
    preferred_name: str


Found = TypeVar("Found", bound=Named)
Row = TypeVar("Row")


def search(queryset: QuerySet[Patient, Found], text: str, *, limit: int = 20) -> list[Found]:
    """Those of `queryset` whom every word of `text` fits, exact words first, at most `limit`.

    Its rows are patients, or named tuples with their `pk` and names. The whole number of a Medicare card finds who is
    on it, and no part of one finds anybody.
    """
    if (number := card_number(text)) and (on_card := list(queryset.filter(medicare_number=number)[:limit])):
        return on_card
    tokens = tokens_of(text)
    if not tokens:
        return []
    lead, tokens = _rarest_first(tokens)
    if (rows := _fitting(queryset, lead, tokens)) is None:
        return []
    # In the order of the index that leads: the database reads on from key to key until the page is full.
    rows = rows.order_by("search_keys__key", "search_keys__patient_id")
    found: dict[int, Found] = {}
    step = limit * 3
    for start in range(0, step * 20, step):
        page = list(rows[start : start + step])
        for patient in page:
            found.setdefault(patient.pk, patient)
        if len(page) < step or len(found) >= limit:
            break
    return sorted(list(found.values())[:limit], key=lambda patient: -_exact([lead, *tokens], patient))


def ids_of_found(queryset: QuerySet[Patient], text: str, *, limit: int) -> list[int]:
    """The ids of those whom every word of `text` fits, in no order and at most `limit`: to find what is theirs."""
    if (number := card_number(text)) and (
        on_card := list(queryset.order_by().filter(medicare_number=number).values_list("pk", flat=True)[:limit])
    ):
        return on_card
    tokens = tokens_of(text)
    rows = _fitting(queryset, *_rarest_first(tokens)) if tokens else None
    return [] if rows is None else list(rows.order_by().values_list("pk", flat=True).distinct()[:limit])


def _fitting(queryset: QuerySet[Any, Row], lead: Token, tokens: list[Token]) -> QuerySet[Any, Row] | None:
    """Those whom all of these fit, each as often as the leading one does; None where nobody's key begins so."""
    if not lead.prefixes:
        return None
    rows = queryset.filter(lead.of_a_patient)
    for token in tokens:
        rows = rows.filter(Exists(SearchKey.objects.filter(token.condition, patient=OuterRef("pk"))))
    return rows


def _exact(tokens: list[Token], patient: Found) -> int:
    """How many of the words typed are whole words of this patient's name."""
    names = (patient.legal_first_name, patient.legal_last_name, patient.preferred_name)
    keys = set[str]().union(*map(keys_of_name, names))
    return sum(not keys.isdisjoint(token.prefixes) for token in tokens)


def _rarest_first(tokens: list[Token]) -> tuple[Token, list[Token]]:
    """The token that leads, and the others; of several, each without the beginnings that no key has.

    So a name that is typed in two words is read in the order of one index range again, unless it is held as one.
    """
    if len(tokens) == 1:
        return tokens[0], []
    counts = _counts(dict.fromkeys(prefix for token in tokens for prefix in token.prefixes))
    held = [Token(tuple(prefix for prefix in token.prefixes if counts[prefix])) for token in tokens]
    # Of two common ones the longer leads: it is likelier to stand near those who fit.
    lead = min(
        held, key=lambda token: (sum(counts[p] for p in token.prefixes), -min(map(len, token.prefixes or ("",))))
    )
    return lead, [token for token in held if token != lead]


def _counts(prefixes: Iterable[str]) -> dict[str, int]:
    """How many keys begin so, counted no further than `COUNTED`, in one statement."""
    prefixes = list(prefixes)
    # Our own table, and nothing of what was typed.
    some = f"SELECT 1 FROM {SearchKey._meta.db_table} WHERE key >= %s AND key < %s LIMIT {COUNTED}"  # noqa: S608
    counted = ", ".join([f"(SELECT COUNT(*) FROM ({some}) AS upto)"] * len(prefixes))  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counted}", [bound for p in prefixes for bound in (p, p + _LAST)])
        return dict(zip(prefixes, cursor.fetchone(), strict=True))


_CARD = re.compile(r"([2-6][0-9]{3}[ -]*[0-9]{5}[ -]*[0-9])(?:[ /-]*[1-9])?")


def card_number(text: str) -> str:
    """The number of the Medicare card that is typed, with or without the one beside the name; else empty."""
    typed = _CARD.fullmatch(plain(text))
    try:
        return clean_medicare_number(typed[1]) if typed else ""
    except ValidationError:
        return ""


# ---- The same person twice ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Likeness:
    patient: Patient
    same_name_and_birth: bool
    same_phone: bool
    # The same number of a Medicare card, and the same number beside the name.
    same_card: bool = False


def possible_duplicates(
    queryset: QuerySet[Patient],
    *,
    first_name: str,
    last_name: str,
    preferred_name: str = "",
    date_of_birth: date,
    phone: PhoneNumber | None = None,
    card: tuple[str, str] = ("", ""),
    limit: int = 5,
) -> list[Likeness]:
    """Patients with the same birth date and a name in common, the same phone, or the same line of a Medicare `card`.

    To be looked at, not to be refused.
    """
    names = telling_keys(first_name) | telling_keys(preferred_name) | telling_keys(last_name)
    born = SearchKey.objects.filter(key=f"{date_of_birth:%Y-%m-%d}")
    named = SearchKey.objects.filter(key__in=names, patient=OuterRef("patient"))
    alike = set(born.filter(Exists(named)).values_list("patient", flat=True)[:limit])
    by_phone = set[int]()
    if phone:
        by_phone = set(SearchKey.objects.filter(key=phone.as_e164).values_list("patient", flat=True)[:limit])
    by_card = set(with_card(*card).values_list("pk", flat=True)[:limit])
    found = queryset.filter(pk__in=alike | by_phone | by_card)[:limit]
    return [Likeness(p, p.pk in alike, same_phone=p.pk in by_phone, same_card=p.pk in by_card) for p in found]


def with_card(number: str, irn: str) -> QuerySet[Patient]:
    """Whose Medicare card has this number, with this number beside the name; nobody's where one is missing."""
    if not number or not irn:
        return Patient.objects.none()
    return Patient.objects.filter(medicare_number=number, medicare_irn=irn)
