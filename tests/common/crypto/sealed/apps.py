from django.apps import AppConfig


class SealedConfig(AppConfig):
    name = "tests.common.crypto.sealed"
    label = "sealed"
