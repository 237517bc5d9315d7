"""What the queue's functions do, in words: a manager reads no names of code."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    # By the clock
    "portal.accounts.tasks.forget_old_forms": _("Forget what people typed and never sent"),
    "portal.accounts.tasks.tell_owners": _("Tell people whose sign-in was slowed down"),
    "portal.appointments.tasks.clear_holds": _("Free times that were held and not booked"),
    "portal.appointments.tasks.end_lapsed_feeds": _("End calendar addresses that lapsed"),
    "portal.appointments.tasks.read_outside_calendars": _("Look which outside calendars are due"),
    "portal.audit.tasks.seal": _("Seal the trail"),
    "portal.billing.tasks.put_papers_away": _("Put old invoices' papers away"),
    "portal.common.media.pending_uploads.sweep": _("Forget pictures that were never saved"),
    "portal.common.web.once.sweep": _("Forget old presses of buttons"),
    "portal.journeys.online.tasks.go_round": _("Look after payments by card"),
    "portal.journeys.online.tasks.reconcile": _("Compare payments with Stripe"),
    "portal.journeys.overdue.tick": _("Remind people of overdue invoices"),
    "portal.journeys.session_reminders.tick": _("Remind people of sessions"),
    "portal.journeys.to_do.tasks.look_at_alerts": _("Pass on answers that nobody looked at"),
    "portal.journeys.to_do.tasks.look_at_measures": _("Ask for measures before sessions"),
    "portal.journeys.to_do.tasks.look_at_notices": _("Things to do: messages that did not arrive"),
    "portal.journeys.to_do.tasks.look_at_people": _("Things to do: people"),
    "portal.journeys.to_do.tasks.look_at_reports": _("Things to do: reports to referrers"),
    "portal.journeys.to_do.tasks.look_at_requests": _("Things to do: requests for sessions"),
    "portal.journeys.to_do.tasks.look_at_sessions": _("Things to do: sessions"),
    "portal.journeys.together.put_away": _("Put papers that were printed together away"),
    "portal.journeys.waitlist.tasks.go_round": _("Offer freed times to the waitlist"),
    "portal.notifications.tasks.sweep": _("Send what waits"),
    "portal.video.tasks.end_rooms": _("End rooms of sessions by video that are over"),
    # When something happens
    "portal.appointments.tasks.read_outside_calendar": _("Read an outside calendar"),
    "portal.billing.tasks.draw_paper": _("Draw an invoice"),
    "portal.journeys.online.tasks.close_pages": _("Close pages of payments that are not wanted any more"),
    "portal.journeys.online.tasks.handle_event": _("Work through word from Stripe"),
    "portal.journeys.online.tasks.look_at_attempt": _("Look what became of a payment"),
    "portal.journeys.online.tasks.look_at_card": _("Look what became of a card"),
    "portal.journeys.online.tasks.send_refund": _("Have Stripe give money back"),
    "portal.journeys.together.go_through": _("Go through many invoices together"),
    "portal.journeys.waitlist.tasks.mail_bill": _("Send the bill of a time from the waitlist"),
    "portal.journeys.waitlist.tasks.take_turn": _("Offer a freed time"),
    "portal.medicare.tasks.apply_update": _("Take over new Medicare fees"),
    "portal.notifications.tasks.ask": _("Ask Twilio about texts in doubt"),
    "portal.notifications.tasks.deliver": _("Send one message"),
    "portal.notifications.tasks.send_due": _("Send a channel's messages"),
}


def words_for(path: str) -> str:
    """What a function does; of one that is not known here, which an older portal queued, its name."""
    return str(WORDS.get(path) or path.rpartition(".")[2].replace("_", " ") or _("Something that can't be read"))
