from django.apps import AppConfig


class MedicareConfig(AppConfig):
    name = "portal.medicare"
    label = "medicare"
