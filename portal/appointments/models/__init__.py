from portal.appointments.models.appointment import LONGEST, Appointment, AppointmentQuerySet, CancelReason
from portal.appointments.models.closures import Closure
from portal.appointments.models.feeds import CalendarFeed
from portal.appointments.models.hours import TimeSlot, Weekday, WorkingHours
from portal.appointments.models.moves import MoveOffer, MoveTime
from portal.appointments.models.outside import OutsideBusy, OutsideCalendar
from portal.appointments.models.reminders import Reminder
from portal.appointments.models.series import Series
from portal.appointments.models.waitlist import Offer, Vacancy, WaitlistEntry
from portal.appointments.states import Status

__all__ = [
    "LONGEST",
    "Appointment",
    "AppointmentQuerySet",
    "CalendarFeed",
    "CancelReason",
    "Closure",
    "MoveOffer",
    "MoveTime",
    "Offer",
    "OutsideBusy",
    "OutsideCalendar",
    "Reminder",
    "Series",
    "Status",
    "TimeSlot",
    "Vacancy",
    "WaitlistEntry",
    "Weekday",
    "WorkingHours",
]
