from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed


@classed(plain="id key language text changed_at")
class SiteText(models.Model):
    """The clinic's own words for one text of the website, in one language. What has no row here is as shipped."""

    former_labels = ("clinic.SiteText",)

    key = models.CharField(max_length=120)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    text = models.TextField(_("text"), max_length=6000)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["key", "language"]
        constraints = [
            models.UniqueConstraint(fields=["key", "language"], name="site_text_once_per_language"),
            models.CheckConstraint(condition=~Q(text=""), name="site_text_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"


class CrisisLineQuerySet(models.QuerySet["CrisisLine"]):
    def shown(self) -> CrisisLineQuerySet:
        return self.filter(is_active=True)


@classed(
    plain="id code situation name kind number link hours audience everywhere checked_on checked_by position is_active"
)
class CrisisLine(models.Model):
    """Somebody to turn to now, on the crisis page and, if `everywhere`, on every page. 000 is no row: it always stands
    first."""

    former_labels = ("clinic.CrisisLine",)

    class Situation(models.TextChoices):
        TALK = "talk", _("You need to talk to somebody now")
        FIRST_NATIONS = "first_nations", _("You are Aboriginal or Torres Strait Islander")
        VIOLENCE = "violence", _("Somebody hurts or frightens you")
        YOUNG = "young", _("You are young, or worried about somebody who is")
        LGBTIQ = "lgbtiq", _("You are LGBTIQ+")
        MEN = "men", _("You are a man and would like support")
        DRUGS = "drugs", _("Alcohol or other drugs are part of it")
        LANGUAGE = "language", _("You would rather speak another language")
        OTHER = "other", _("More people who can help")

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        TEXT = "text", _("Send a text message")
        CHAT = "chat", _("Chat on their website")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    situation = models.CharField(
        _("when somebody needs it"), max_length=14, choices=Situation.choices, default=Situation.TALK
    )
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("how"), max_length=4, choices=Kind.choices, default=Kind.CALL)
    number = models.CharField(_("number, as it is printed"), max_length=30, blank=True)
    link = models.URLField(_("address of the chat"), max_length=200, blank=True)
    hours = models.CharField(_("when it answers"), max_length=80, blank=True)
    audience = models.CharField(_("for whom, in a sentence"), max_length=160, blank=True)
    everywhere = models.BooleanField(_("show it on every page"), default=False)
    # Nobody's word yet where there is no day; a day without a name is that of the list that ships.
    checked_on = models.DateField(_("checked on"), null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("shown"), default=True)

    objects = CrisisLineQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="chat") & ~Q(link="")) | (~Q(kind="chat") & ~Q(number="")),
                name="crisis_line_can_be_reached",
            ),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True) | Q(checked_on__isnull=False), name="crisis_line_checked_on_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def on_this_page(self) -> bool:
        """Whether the panel of every page names it: an interpreter's does where the page is in another language."""
        return self.everywhere or (
            self.situation == self.Situation.LANGUAGE and get_language() != settings.LANGUAGE_CODE
        )

    @property
    def href(self) -> str:
        """What a tap does: dial, begin a message, or open the chat."""
        digits = "".join(c for c in self.number if c in "+0123456789")
        match self.kind:
            case self.Kind.CALL:
                return f"tel:{digits}"
            case self.Kind.TEXT:
                return f"sms:{digits}"
        return self.link

    @property
    def shown_as(self) -> str:
        """The number, or for a chat the name of its site."""
        return self.number or self.link.removeprefix("https://").removeprefix("www.").rstrip("/")
