"""Nothing was credited before there were credit notes: what is payable on every invoice is its total."""

from django.db import migrations
from django.db.models import F

from portal.common.guards import lifted


def fill(apps, schema_editor):
    with lifted(schema_editor.connection, "billing_invoice"):
        apps.get_model("billing", "Invoice").objects.update(payable=F("total"))


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_purposes_and_credit_notes")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
