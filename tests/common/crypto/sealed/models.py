import uuid

from django.db import models

from portal.common.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.common.privacy import classed


@classed(plain="id code title", clinical="body aside answers")
class Page(models.Model):
    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=40, default="")
    body = EncryptedTextField(bound_to="code", default="", blank=True)
    aside = EncryptedTextField(bound_to="code", null=True, blank=True, max_length=20)
    answers = EncryptedJSONField(bound_to="code", null=True, blank=True)
