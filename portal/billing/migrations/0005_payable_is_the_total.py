"""Nothing was credited before there were credit notes: what is payable on every invoice is its total."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

from portal.common.guards import lifted


def fill(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with lifted(schema_editor.connection, "billing_invoice"):
        apps.get_model("billing", "Invoice").objects.update(payable=F("total"))


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_purposes_and_credit_notes")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
