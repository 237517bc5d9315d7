from __future__ import annotations

from datetime import date, datetime, time
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.clinic.models.services import Ahead, HowBooked, WhoBooks
from portal.clinic.models.zones import InTimeZone
from portal.clinic.validators import validate_abn, validate_time_zone
from portal.common.database.phone_numbers import PhoneNumberField
from portal.common.kept import kept
from portal.common.privacy import classed


class FreedTimes(models.TextChoices):
    """What becomes of a time that was freed, where somebody waits for one."""

    IN_TURN = "in_turn", _("One after the other")
    AT_ONCE = "at_once", _("To all who match at once")
    BY_DESK = "by_desk", _("Only when reception offers it")


@classed(
    plain="id name notice_name legal_name abn gst_registered street suburb state postcode phone email logo time_zone "
    "is_demo notice_hours horizon_days slot_step_minutes hold_minutes cancel_hours late_fee_percent near_hours "
    "near_fee_percent grace_minutes max_open_bookings who_books how_booked answer_hours freed_times offer_minutes "
    "ahead ahead_first deposit_percent "
    "offers_from offers_until remind_hours remind_again_hours quiet_from quiet_until "
    "message_days alert_minutes duty_psychologist payment_terms_days bank_name bank_bsb bank_account invoice_footer",
)
class ClinicSettings(InTimeZone, models.Model):
    """The one row of what the clinic is and how it takes bookings. Its calendar is the only one of the clinic."""

    # Who it is
    name = models.CharField(_("name"), max_length=120)
    # What stands in every subject, text and calendar entry, which others see on a phone that lies on a table.
    notice_name = models.CharField(
        _("name in messages"),
        max_length=60,
        blank=True,
        help_text=_("A name that doesn't say what the clinic is for, such as “Banksia Lane”. Empty: its own name."),
    )
    legal_name = models.CharField(_("legal name on invoices"), max_length=200, blank=True)
    abn = models.CharField(_("ABN"), max_length=11, blank=True, validators=[validate_abn])
    gst_registered = models.BooleanField(_("registered for GST"), default=False)
    street = models.CharField(_("street address"), max_length=200, blank=True)
    suburb = models.CharField(_("suburb"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=3, blank=True)
    postcode = models.CharField(_("postcode"), max_length=4, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    logo = models.ImageField(_("logo"), upload_to="clinic/", blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Australia/Melbourne", validators=[validate_time_zone]
    )
    is_demo = models.BooleanField(default=False, editable=False)

    # How it takes bookings
    notice_hours = models.PositiveSmallIntegerField(
        _("shortest notice for an online booking, hours"), default=12, validators=[MaxValueValidator(24 * 30)]
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("how far ahead people may book, days"), default=84, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )
    slot_step_minutes = models.PositiveSmallIntegerField(
        _("times are offered every, minutes"), default=30, validators=[MinValueValidator(5), MaxValueValidator(240)]
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("a chosen time is held for, minutes"), default=10, validators=[MinValueValidator(2), MaxValueValidator(60)]
    )
    cancel_hours = models.PositiveSmallIntegerField(
        _("free cancelling until, hours before"), default=48, validators=[MaxValueValidator(24 * 14)]
    )
    late_fee_percent = models.PositiveSmallIntegerField(
        _("fee for cancelling later, percent"), default=50, validators=[MaxValueValidator(100)]
    )
    # A second, higher fee shortly before the session; both or neither.
    near_hours = models.PositiveSmallIntegerField(
        _("another fee for cancelling less than, hours before"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
        help_text=_("Leave empty for one fee, whenever the free time is over."),
    )
    near_fee_percent = models.PositiveSmallIntegerField(
        _("that fee, percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    grace_minutes = models.PositiveSmallIntegerField(
        _("free cancelling after a late booking, minutes"),
        default=15,
        validators=[MaxValueValidator(24 * 60)],
        help_text=_("Whoever books when the free time is over may still cancel for nothing within these minutes."),
    )
    max_open_bookings = models.PositiveSmallIntegerField(
        _("most sessions one patient may have booked online"), default=8, validators=[MinValueValidator(1)]
    )

    who_books = models.CharField(
        _("who may book online"), max_length=10, choices=WhoBooks.choices, default=WhoBooks.ANYONE
    )

    how_booked = models.CharField(
        _("a booking counts"), max_length=10, choices=HowBooked.choices, default=HowBooked.AT_ONCE
    )
    answer_hours = models.PositiveSmallIntegerField(
        _("requests are answered within, hours"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 7)],
        help_text=_("A request that nobody answers ends by itself then, and the time is free again."),
    )

    # What is paid before a booking counts; only where cards are taken online
    ahead = models.CharField(
        _("paid by card when booking online"), max_length=10, choices=Ahead.choices, default=Ahead.NONE
    )
    ahead_first = models.CharField(
        _("paid by card when booking a first visit"), max_length=10, choices=Ahead.choices, default=Ahead.NONE
    )
    deposit_percent = models.PositiveSmallIntegerField(
        _("a deposit is, percent of the fee"),
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    # How freed times are offered to those who wait
    freed_times = models.CharField(
        _("a freed time is offered to the waitlist"),
        max_length=10,
        choices=FreedTimes.choices,
        default=FreedTimes.IN_TURN,
        help_text=_("One after the other: the time is kept for each of them. At once: whoever is first has it."),
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("time to answer an offer, minutes"),
        default=120,
        validators=[MinValueValidator(15), MaxValueValidator(48 * 60)],
    )
    offers_from = models.TimeField(_("offers go out from"), default=time(8))
    offers_until = models.TimeField(
        _("and until"), default=time(20), help_text=_("A time that is freed at night is offered in the morning.")
    )

    # How people are reminded
    remind_hours = models.PositiveSmallIntegerField(
        _("people are reminded, hours before"),
        null=True,
        blank=True,
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
        help_text=_("24 is the day before at the same hour. Leave empty to send no reminders."),
    )
    remind_again_hours = models.PositiveSmallIntegerField(
        _("and once more, hours before"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
        help_text=_("Nearer to the session than the first. Leave empty for one reminder."),
    )
    quiet_from = models.TimeField(_("nobody is reminded from"), default=time(21))
    quiet_until = models.TimeField(
        _("until"),
        default=time(8),
        help_text=_("By the clock where people live. What would come in these hours comes after them, or before."),
    )

    # How messages are answered
    message_days = models.PositiveSmallIntegerField(
        _("messages are answered within, working days"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("Patients read it above their messages. An answer that takes longer is the manager's to see."),
    )

    # Who looks at answers that must be looked at the same day
    alert_minutes = models.PositiveSmallIntegerField(
        _("worrying answers are looked at within, minutes"),
        default=60,
        validators=[MinValueValidator(15), MaxValueValidator(24 * 60)],
        help_text=_(
            "The psychologist is told at once. Where they don't look in this time, whoever is on duty is told."
        ),
    )
    duty_psychologist = models.ForeignKey(
        "clinic.Psychologist",
        verbose_name=_("on duty"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Whom worrying answers go to next. Leave empty to have managers told, who see no answer."),
    )

    # How it is paid
    payment_terms_days = models.PositiveSmallIntegerField(
        _("invoices are due after, days"), default=7, validators=[MaxValueValidator(90)]
    )
    bank_name = models.CharField(_("account name"), max_length=100, blank=True)
    bank_bsb = models.CharField(_("BSB"), max_length=7, blank=True)
    bank_account = models.CharField(_("account number"), max_length=20, blank=True)
    invoice_footer = models.CharField(_("line at the foot of invoices"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("clinic settings")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="clinic_settings_is_one_row"),
            models.CheckConstraint(
                condition=Q(near_hours__isnull=True, near_fee_percent__isnull=True)
                | Q(
                    near_hours__isnull=False,
                    near_hours__gte=1,
                    near_hours__lt=F("cancel_hours"),
                    near_fee_percent__isnull=False,
                    near_fee_percent__gte=F("late_fee_percent"),
                    near_fee_percent__lte=100,
                ),
                name="clinic_settings_second_fee_is_nearer_and_no_lower",
            ),
            models.CheckConstraint(
                condition=Q(remind_again_hours__isnull=True)
                | Q(remind_hours__isnull=False, remind_again_hours__lt=F("remind_hours")),
                name="clinic_settings_second_reminder_is_nearer",
            ),
            models.CheckConstraint(
                condition=Q(offers_from__lt=F("offers_until")), name="clinic_settings_offers_go_out_by_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def neutral_name(self) -> str:
        """How messages and calendar entries name the clinic."""
        return self.notice_name or self.name

    def today(self, now: datetime) -> date:
        """The clinic's own date: by it invoices are dated, policies take effect and people are of age."""
        return self.day_of(now)

    @classmethod
    def current(cls) -> ClinicSettings:
        """The settings in force, kept in the process; before `setup` has been run, an unsaved row with the defaults."""
        return _current() or cls._defaults()

    @classmethod
    def for_changing(cls) -> ClinicSettings:
        """The same as a row of one's own, for a form that writes into it."""
        return cls.objects.filter(pk=1).first() or cls._defaults()

    @classmethod
    def _defaults(cls) -> Self:
        return cls(pk=1, name=str(_("The clinic")))


@kept(ClinicSettings)
def _current() -> ClinicSettings | None:
    return ClinicSettings.objects.filter(pk=1).first()
