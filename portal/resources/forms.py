"""What authors and managers send. The page saves itself while half a word stands in a field: only what can't be kept
is refused here, and what readers need is asked for when it is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.forms.fields import (
    DateField,
    LineField,
    SearchField,
    TextField,
    TimeField,
    WholeNumberField,
    moment,
    refuse_control_characters,
    tidy,
)
from portal.common.forms.parts import field_of
from portal.common.forms.shown import MergesChanges
from portal.common.media.pending_uploads import Place
from portal.common.media.pictures import WIDE
from portal.common.media.uploads import KeepsPictures, PictureField
from portal.common.text import markdown
from portal.resources.actions.categories import LONGEST_TAG, MOST_TAGS, tag_slug
from portal.resources.actions.posts import Picture, Writing
from portal.resources.models import BlogPost, Category, PostState, Tag
from portal.resources.models.posts import (
    ALT_CHARACTERS,
    EXCERPT_CHARACTERS,
    TITLE_CHARACTERS,
    BlogPostQuerySet,
    languages,
)

# As wide as an article's picture is shown, twice that on a fine screen.
PICTURE_EDGE = 1600
# The narrowest that is made of one; and a third as high, or it would be a line.
LEAST_PICTURE = (WIDE[0], WIDE[0] // 3)
SAVE, PUBLISH, SCHEDULE, PREVIEW = "save", "publish", "schedule", "preview"


class BodyField(TextField):
    """Markdown, exactly as long as the renderer takes."""

    default_error_messages = {
        "too_long": _("An article holds %(limit)d characters; this has %(length)d. Split it into two."),
        "too_many": _("This has more lists, rows or headings than an article can hold. Split it into two."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=markdown.MOST_CHARACTERS, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        try:
            self.rendered = markdown.render(value)
        except markdown.TooLong:
            raise ValidationError(self.error_messages["too_many"], code="too_many") from None


class TagsField(forms.Field):
    """Words with commas between them; gives each once, as it was first written."""

    def to_python(self, value: Any) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for part in str(value or "").replace("،", ",").replace("，", ",").replace("、", ",").split(","):
            refuse_control_characters(part)
            name = tidy(part)
            if slug := tag_slug(name):
                found.setdefault(slug, name)
        return tuple(found.values())

    def validate(self, value: tuple[str, ...]) -> None:
        if len(value) > MOST_TAGS:
            raise ValidationError(_("Choose %(most)d tags at most."), code="too_many", params={"most": MOST_TAGS})
        if any(len(name) > LONGEST_TAG for name in value):
            raise ValidationError(
                _("A tag has %(most)d letters at most. Put commas between tags."),
                code="too_long",
                params={"most": LONGEST_TAG},
            )

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(value)


def may_write() -> Q:
    return Q(grants__ended_at__isnull=True, grants__role__in=[Role.PSYCHOLOGIST, Role.MANAGER])


class ArticleForm(KeepsPictures):
    """The writing page, all of it. `zone` is the clinic's wall clock, by which articles are scheduled.

    `code` is the article's: under it a picture waits while something else is put right.
    """

    title = LineField(label=_("Title"), max_length=TITLE_CHARACTERS, required=False)
    body = BodyField(label=_("Text"), required=False)
    excerpt = LineField(
        label=_("In short"),
        max_length=EXCERPT_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One or two sentences for the list and for search engines. Empty: the beginning of the text."),
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.none(),
        required=False,
        empty_label=_("Choose"),
        help_text=_("Needed to publish it."),
    )
    tags = TagsField(
        label=_("Tags"),
        required=False,
        help_text=_("With commas between them: sleep, worry, students."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Written in"), choices=languages, help_text=_("The article's own language."))
    author = forms.ModelChoiceField(label=_("Author"), queryset=User.objects.none(), to_field_name="code")
    picture = PictureField(
        label=_("Picture"),
        required=False,
        max_edge=PICTURE_EDGE,
        least=LEAST_PICTURE,
        help_text=_("JPEG, PNG or WebP, 1600 pixels wide if you have it. Only pictures that the clinic may show."),
    )
    remove_picture = forms.BooleanField(label=_("Take the picture away"), required=False)
    picture_alt = LineField(
        label=_("What the picture shows"),
        max_length=ALT_CHARACTERS,
        required=False,
        help_text=_("For people who can't see it; a picture needs it: “Morning light on a row of gum trees”."),
    )
    review_by = DateField(
        label=_("Look it over by"),
        picker=True,
        required=False,
        help_text=_("Fees, numbers and services change. On that day the article is listed for you."),
    )
    small_change = forms.BooleanField(
        label=_("Only a small correction"),
        required=False,
        help_text=_("Readers aren't told that it was updated."),
    )
    publish_on = DateField(label=_("Day"), picker=True, required=False)
    publish_at = TimeField(label=_("Time"), required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    # Sent by the button that puts one's own words in the place of those another window saved meanwhile.
    instead_of = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    do = forms.ChoiceField(
        choices=[(name, name) for name in (SAVE, PUBLISH, SCHEDULE, PREVIEW)], required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        zone: ZoneInfo,
        today: date | None = None,
        post: BlogPost | None = None,
        code: UUID | None = None,
        by_itself: bool = False,
        **kwargs: Any,
    ) -> None:
        self.actor, self.zone, self.today, self.post, self.by_itself = actor, zone, today, post, by_itself
        kwargs.setdefault("initial", self._initial(post, actor, zone))
        super().__init__(*args, **kwargs)
        present = Q(pk=post.category_id) if post and post.category_id else Q()
        field_of(self, "category", forms.ModelChoiceField).queryset = Category.objects.filter(
            Q(is_active=True) | present
        )
        if actor.role == Role.MANAGER:
            present = Q(pk=post.author_id) if post else Q()
            people = User.objects.filter(Q(pk__in=User.objects.filter(may_write(), is_active=True)) | present)
            field_of(self, "author", forms.ModelChoiceField).queryset = people.order_by("first_name", "last_name")
        else:
            del self.fields["author"]
        if post is None or post.is_draft:
            del self.fields["small_change"]
        if code:
            place = Place(actor.person.code.hex, f"article {code}")
            field_of(self, "picture", PictureField).waits_at(place, stored=post.picture if post else None)
        if by_itself:
            # A file is not sent again and again; what stands half written in another field waits for the button.
            for name in ("picture", "remove_picture", "publish_on", "publish_at"):
                del self.fields[name]

    @staticmethod
    def _initial(post: BlogPost | None, actor: Actor, zone: ZoneInfo) -> dict[str, Any]:
        if post is None:
            return {"language": settings.LANGUAGE_CODE, "version": 0, "author": actor.person.code}
        initial = {name: getattr(post, name) for name in ("title", "body", "excerpt", "language", "picture_alt")}
        initial |= {"review_by": post.review_by, "version": post.version, "category": post.category_id}
        initial |= {"tags": tuple(tag.name for tag in post.tags.all()), "author": post.author.code}
        if post.published_at:
            at = post.published_at.astimezone(zone)
            initial |= {"publish_on": at.date(), "publish_at": at.time()}
        return initial

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.publish_time: datetime | None = None
        stored = self.post.picture if self.post and not data.get("remove_picture") else None
        if (data.get("picture") or stored) and not data.get("picture_alt") and "picture_alt" not in self.errors:
            if self.post and self.by_itself:
                data["picture_alt"] = self.post.picture_alt
            else:
                words = _("Say what the picture shows, for people who can't see it.")
                self.add_error("picture_alt", ValidationError(words, code="required"))
        self._clean_review(data)
        if data.get("do") == SCHEDULE:
            self._clean_time(data)
        elif data.get("do") != PREVIEW:
            self._refuse_forgotten_time(data)
        if data.get("do") in {PUBLISH, SCHEDULE}:
            # All at once: the action would say so too, but only when the rest is right.
            self.say_missing(name for name in ("title", "body", "category") if name in data and not data[name])
        return data

    def say_missing(self, names: Iterable[str]) -> None:
        """Says beside each field that readers need it."""
        for name in names:
            self.add_error(name, ValidationError(_("Readers need this before it can be published."), code="missing"))

    def _clean_review(self, data: dict[str, Any]) -> None:
        """A day that has come by is most often a slip of the year. One that was due before this page stays as it is."""
        day, stored = data.get("review_by"), self.post.review_by if self.post else None
        if day is None or day == stored or self.today is None or day > self.today:
            return
        if self.by_itself:
            data["review_by"] = stored
        else:
            self.add_error("review_by", ValidationError(_("Choose a day to come."), code="past"))

    def _refuse_forgotten_time(self, data: dict[str, Any]) -> None:
        """A time that was typed is kept by its own button alone: the others would publish at once, or drop it."""
        if data.get("instead_of") is not None or (self.post and data.get("version") != self.post.version):
            # Which words stay is asked first.
            return
        typed = {name: data.get(name) for name in ("publish_on", "publish_at")}
        if any(value is not None and value != self.initial.get(name) for name, value in typed.items()):
            words = _("The button beside it keeps this time. Press that one, or empty the day and the time.")
            self.add_error("publish_on", ValidationError(words, code="forgotten"))

    def _clean_time(self, data: dict[str, Any]) -> None:
        for name, words in (("publish_on", _("On which day?")), ("publish_at", _("At what time?"))):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, ValidationError(words, code="required"))
        if not data.get("publish_on") or not data.get("publish_at"):
            return
        try:
            self.publish_time = moment(data["publish_on"], data["publish_at"], self.zone)
        except ValidationError as skipped:
            self.add_error("publish_at", skipped)

    @property
    def written_on(self) -> int:
        """The version that the words are meant to replace."""
        chosen = self.cleaned_data.get("instead_of")
        return int(self.cleaned_data["version"] if chosen is None else chosen)

    @property
    def writing(self) -> Writing:
        data = self.cleaned_data
        picture: Picture = data.get("picture") or (False if data.get("remove_picture") else None)
        return Writing(
            title=data["title"],
            body=data["body"],
            excerpt=data["excerpt"],
            category=data["category"],
            tags=data["tags"],
            language=data["language"],
            picture=picture,
            picture_alt=data["picture_alt"],
            review_by=data["review_by"],
            author=data.get("author"),
        )


class PreviewForm(forms.Form):
    """What a preview shows of what is being written."""

    title = LineField(max_length=TITLE_CHARACTERS, required=False)
    body = BodyField(required=False)
    excerpt = LineField(max_length=EXCERPT_CHARACTERS, required=False)
    language = forms.ChoiceField(choices=languages)


DUE = "due"
STATES = [("", _("All")), *PostState.choices, (DUE, _("To look over"))]


class ArticleSearch(forms.Form):
    """Above the list. Nothing is wrong in it: what can't be read shows everything."""

    q = SearchField(label=_("Search"))
    state = forms.ChoiceField(label=_("State"), choices=STATES, required=False)
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.all(), required=False, to_field_name="slug", empty_label=_("All")
    )

    def found_in(self, posts: BlogPostQuerySet, *, now: datetime, today: date) -> BlogPostQuerySet:
        """Those of `posts` that are asked for."""
        self.full_clean()
        data = self.cleaned_data
        match data.get("state"):
            case PostState.DRAFT:
                posts = posts.drafts()
            case PostState.SCHEDULED:
                posts = posts.scheduled(now)
            case PostState.PUBLISHED:
                posts = posts.readable(now)
            case "due":
                posts = posts.due_for_review(today)
        if data.get("category"):
            posts = posts.in_category(data["category"])
        if words := data.get("q"):
            posts = posts.saying(words)
        return posts


class AddressForm(MergesChanges):
    slug = LineField(label=_("Address"), max_length=80, help_text=_("Small letters, digits and hyphens."))

    def __init__(self, data: Any = None, *, post: BlogPost) -> None:
        self.post = post
        super().__init__(data, initial={"slug": post.slug})

    def form_now(self) -> Self:
        """The form on the article as it is now, locked."""
        return type(self)(post=BlogPost.objects.select_for_update(of=("self",)).get(pk=self.post.pk))


class ReviewForm(forms.Form):
    """When to look again: half a year on, if nothing else is said."""

    review_by = DateField(label=_("Look again by"), picker=True)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("review_by", today + timedelta(days=182))


class RevisionChoice(forms.Form):
    number = WholeNumberField(min_value=1, max_value=2**31 - 1)
    version = WholeNumberField(min_value=0, max_value=2**31 - 1, required=False)


class VersionShown(forms.Form):
    """Which version the page showed that asks for a step; 0, which no article has, where it doesn't say."""

    version = WholeNumberField(min_value=0, max_value=2**31 - 1, required=False)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> int:
        form = cls(data)
        form.full_clean()
        return int(form.cleaned_data.get("version") or 0)


class CategoryForm(MergesChanges):
    """What a category is called and about; `category` is the one that is changed."""

    name = LineField(label=_("Name"), max_length=60)
    description = LineField(
        label=_("What it is about"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Shown above its articles."),
    )

    def __init__(self, data: Any = None, *, category: Category | None = None) -> None:
        self.category = category
        about = {name: getattr(category, name) for name in self.base_fields} if category else None
        super().__init__(data, initial=about)

    @property
    def is_edit(self) -> bool:
        return self.category is not None

    def form_now(self) -> Self:
        """The form on the category as it is now, locked."""
        pk = self.category.pk if self.category else 0
        return type(self)(category=Category.objects.select_for_update().filter(pk=pk).first())


class TagForm(forms.Form):
    """The new name of a tag, which the page names in what it says is wrong."""

    name = LineField(label=_("New name"), max_length=LONGEST_TAG)

    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tag = tag

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not tag_slug(name):
            raise ValidationError(_("A tag needs a letter or a digit."), code="empty")
        return name
