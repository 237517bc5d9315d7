from __future__ import annotations

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest

from portal.common.forms.controls import DRAWN


class PortalRenderer(TemplatesSetting):
    """Draws `{{ form }}` and `{{ form.field.as_field_group }}` with the same templates as crispy's tags."""

    form_template_name = "portal_forms/uni_form.html"
    field_template_name = "portal_forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        """Draws Django's own widgets without their templates."""
        if draw := DRAWN.get(template_name):
            return draw(context["widget"])
        return super().render(template_name, context, request)
