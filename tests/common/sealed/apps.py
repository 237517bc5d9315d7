from django.apps import AppConfig


class SealedConfig(AppConfig):
    name = "tests.common.sealed"
    label = "sealed"
