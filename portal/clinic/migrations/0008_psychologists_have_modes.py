from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Until now the ways of meeting were the services' alone: everybody begins with all of them."""

    dependencies = [("clinic", "0007_policy_guards")]

    operations = [
        migrations.AddField(
            model_name="psychologist",
            name="in_person",
            field=models.BooleanField(default=True, verbose_name="in person"),
        ),
        migrations.AddField(
            model_name="psychologist",
            name="video",
            field=models.BooleanField(default=True, verbose_name="by video"),
        ),
        migrations.AddField(
            model_name="psychologist",
            name="phone",
            field=models.BooleanField(default=True, verbose_name="by phone"),
        ),
        migrations.AddConstraint(
            model_name="psychologist",
            constraint=models.CheckConstraint(
                condition=models.Q(("in_person", True), ("video", True), ("phone", True), _connector="OR"),
                name="psychologist_has_a_mode",
            ),
        ),
    ]
