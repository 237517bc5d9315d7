from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "portal.clinic"
    label = "clinic"
