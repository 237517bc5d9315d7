from portal.appointments.models.appointment import LIVE, LONGEST, Appointment, CancelReason, Status
from portal.appointments.models.hours import TimeSlot, Weekday, WorkingHours

__all__ = ["LIVE", "LONGEST", "Appointment", "CancelReason", "Status", "TimeSlot", "Weekday", "WorkingHours"]
