from portal.appointments.models.appointment import Appointment, CancelReason, Status
from portal.appointments.models.hours import TimeSlot, WorkingHours

__all__ = ["Appointment", "CancelReason", "Status", "TimeSlot", "WorkingHours"]
