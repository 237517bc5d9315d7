from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Draws `{{ form }}` and `{{ form.field.as_field_group }}` with the same templates as crispy's tags."""

    form_template_name = "portal_forms/uni_form.html"
    field_template_name = "portal_forms/field.html"
