"""What the manager says about the policies: what only they need to know, and when a version is to hold."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portal.clinic.row_forms import ClinicForm, Group
from portal.common.forms.asking import AsksOnce
from portal.common.forms.fields import DateField, LineField, MarkField, TextField
from portal.common.languages.times import day as day_words
from portal.policies import processors
from portal.policies.facts import Facts
from portal.policies.models import PolicySettings, PolicyVersion

_GROUPS: list[Group] = [
    (_("Whom people ask about privacy"), ["contact_name", "contact_email", "contact_phone", "contact_address"]),
    (_("How long records are kept"), ["retention_years"]),
    (_("Sessions that are cancelled or missed"), ["no_show_percent", "waive_first", "charge_after_hours", "waiver"]),
    (_("Your own words"), ["privacy_additions", "fees_additions"]),
]
_HELP = {
    "contact_name": _("A name, or a role such as “Practice manager”. Leave these empty for the clinic's own address."),
    "retention_years": _("Seven at the least. Records of people under 18 are kept until they are 25 in any case."),
    "no_show_percent": _("Leave empty for the same as for cancelling late."),
    "waiver": _("One or two sentences, such as “We do without the fee once a year.” Stands below our own."),
    "privacy_additions": _("In English. Stands at the end of the policy, a paragraph for each line."),
    "fees_additions": _("In English. Stands at the end of the policy, a paragraph for each line."),
}


class PolicySettingsForm(ClinicForm[PolicySettings]):
    """With a name and a country for each company whose service is switched on."""

    class Meta(ClinicForm.Meta):
        model = PolicySettings
        fields = [name for _title, names in _GROUPS for name in names]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in _HELP.items():
            self.fields[name].help_text = words
        self.fields["no_show_percent"].required = False
        groups = list(_GROUPS)
        self.companies = processors.in_use(self.instance.processors)
        for each in self.companies:
            key, said = each["key"], self.instance.processors.get(each["key"], {})
            processor = processors.BY_KEY[key]
            known = "" if key == processors.HOSTING else processor.found()
            self.fields[f"{key}_name"] = LineField(
                label=_("Name"),
                required=False,
                max_length=100,
                initial=said.get("name", ""),
                help_text=_("Leave empty for “%(name)s”.") % {"name": known} if known else "",
            )
            self.fields[f"{key}_country"] = LineField(
                label=_("Country, or countries"),
                required=False,
                max_length=100,
                initial=said.get("country", ""),
                help_text=_(
                    "Where it keeps or sees the information, such as Australia. Ask the company if you are not sure."
                ),
            )
            groups.insert(-1, (processor.kind, [f"{key}_name", f"{key}_country"]))
        self.groups = groups
        companies = [(f"{each['key']}_name", f"{each['key']}_country") for each in self.companies]
        self.together = [("contact_name", "contact_email", "contact_phone", "contact_address"), *companies]

    def locked_row(self) -> PolicySettings:
        """The one row, made where nothing was said yet: two first saves wait for one another."""
        return PolicySettings.objects.select_for_update(no_key=True).get_or_create(pk=1)[0]

    @property
    def changes(self) -> dict[str, Any]:
        """The companies stand in one column: it is changed where one of them is."""
        said = {f"{each['key']}_{what}" for each in self.companies for what in ("name", "country")}
        changed = self.changed_here | ({"processors"} if said & self.changed_here else set())
        return {name: value for name, value in self.values.items() if name in changed}

    @property
    def values(self) -> dict[str, Any]:
        """What a company was called before its service was switched off is kept for when it is on again."""
        own = {name: self.cleaned_data[name] for _title, names in _GROUPS for name in names}
        said = {key: dict(about) for key, about in self.instance.processors.items()}
        for each in self.companies:
            key = each["key"]
            about = {what: self.cleaned_data[f"{key}_{what}"] for what in ("name", "country")}
            said[key] = {what: words for what, words in about.items() if words}
        return own | {"processors": {key: about for key, about in said.items() if about}}


def mark_of(facts: Facts) -> str:
    """Tells whether the settings are still those that somebody looked at."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


class PublishForm(AsksOnce):
    """From when a version holds, and what to say about it, asked once before it is published for good.

    `earliest` is the first day that it may, `newest` the version that it comes after, `agreed` how many patients would
    be asked again.
    """

    effective_from = DateField(label=_("In force from"), help_text=_("Today or later."))
    changes = TextField(
        label=_("What changed, in a few words"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Patients read this beside the policy and when they are asked to agree."),
    )
    ask_again = forms.BooleanField(
        label=_("Ask patients to agree again"),
        required=False,
        help_text=_(
            "For changes that matter to them. They are asked in their own pages, and before their next booking."
        ),
    )
    seen = MarkField(widget=forms.HiddenInput, max_length=16)
    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(
        self, *args: Any, earliest: date, facts: Facts, newest: PolicyVersion | None, agreed: int = 0, **kwargs: Any
    ) -> None:
        after = newest.number if newest else 0
        kwargs["initial"] = {"effective_from": earliest, "seen": mark_of(facts), "after": after}
        super().__init__(*args, **kwargs)
        self.earliest, self.mark = earliest, mark_of(facts)
        self.number, self.agreed = after + 1, agreed
        if newest is None:
            # Everybody is asked for the first one.
            del self.fields["ask_again"]
        else:
            self.fields["changes"].required = True

    def clean_effective_from(self) -> date:
        day: date = self.cleaned_data["effective_from"]
        if day < self.earliest:
            raise forms.ValidationError(
                _("It can't hold before %(day)s."), code="too_early", params={"day": self.earliest.strftime("%d/%m/%Y")}
            )
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("seen") != self.mark:
            raise forms.ValidationError(
                _("The settings have changed since you opened this page. Look at the text again, then publish it."),
                code="changed",
            )
        if "effective_from" in cleaned:
            self._ask(cleaned["effective_from"], again=cleaned.get("ask_again", self.number == 1))
        return cleaned

    def _ask(self, day: date, *, again: bool) -> None:
        """Says from when it holds, that it is for good, and whom it reaches."""
        on = day_words(day)
        self.ask(
            gettext(
                "Version %(number)d holds from %(day)s on. It is kept for good: it can't be changed or taken back, "
                "only followed by another."
            )
            % {"number": self.number, "day": on}
        )
        if not again:
            self.ask(gettext("Nobody is asked to agree again."))
        elif not self.agreed:
            self.ask(gettext("Nobody has agreed to a version yet. Everybody is asked before they book."))
        else:
            words = ngettext(
                "%(n)d patient who has agreed is asked to agree again, from %(day)s on: in their own pages, and before "
                "their next booking.",
                "%(n)d patients who have agreed are asked to agree again, from %(day)s on: in their own pages, and "
                "before their next booking.",
                self.agreed,
            )
            self.ask(words % {"n": self.agreed, "day": on})

    @property
    def asks_again(self) -> int:
        """How many patients the version that is asked about reaches."""
        return self.agreed if self.is_bound and self.cleaned_data.get("ask_again") else 0
