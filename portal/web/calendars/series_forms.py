"""What staff send about a series that moves: besides the day and time, with whom, how and where it is held then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.appointments.actions.clashes import Terms
from portal.appointments.models import Appointment
from portal.appointments.series_forms import MoveForm
from portal.clinic.models import Location, Mode, Psychologist
from portal.common.forms.parts import field_of


class StaffMoveForm(MoveForm):
    """Begins with how the session is held; what is not chosen stays so. A choice of one is not asked for."""

    psychologist = forms.ChoiceField(label=_("With"), required=False)
    mode = forms.ChoiceField(label=_("How"), required=False)
    place = forms.ChoiceField(label=_("Place"), required=False)

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        session: Appointment,
        people: Sequence[Psychologist],
        places: Sequence[Location],
    ) -> None:
        held = {"psychologist": session.psychologist.slug, "mode": session.mode, "place": session.location.slug}
        start = session.local_start
        super().__init__(
            None if data is None else held | {name: data[name] for name in data},
            initial={"day": start.date(), "at": start.time(), **held},
        )
        self.session = session
        self.people = {person.slug: person for person in people}
        self.places = {place.slug: place for place in places}
        for name, choices in (
            ("psychologist", [(slug, person.name) for slug, person in self.people.items()]),
            (
                "mode",
                [(mode.value, mode.label) for mode in Mode if mode in session.service.modes or mode == session.mode],
            ),
            ("place", [(slug, place.name) for slug, place in self.places.items()]),
        ):
            if len(choices) > 1:
                field_of(self, name, forms.ChoiceField).choices = choices
            else:
                del self.fields[name]

    @property
    def to(self) -> Terms:
        """With whom, how and where; only of a valid form."""
        said, session = self.cleaned_data, self.session
        return Terms(
            self.people.get(said.get("psychologist", ""), session.psychologist),
            session.person,
            session.service,
            Mode(said.get("mode") or session.mode),
            self.places.get(said.get("place", ""), session.location),
        )

    @property
    def not_given(self) -> str:
        """Whether whoever is chosen holds them in no such way; as they are held now was agreed."""
        to, session = self.to, self.session
        is_agreed = (to.psychologist, to.mode) == (session.psychologist, session.mode)
        return "" if is_agreed or to.mode in to.psychologist.modes_for(session.service) else "mode"
