from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table that Django made for a plain many-to-many field gets a model and, in it, an order: its rows stay."""

    dependencies = [("clinic", "0003_seed_crisis_lines")]

    operations = [
        migrations.AddField(
            model_name="psychologist",
            name="photo_box",
            field=models.CharField(blank=True, editable=False, max_length=60),
        ),
        migrations.AddField(
            model_name="psychologist",
            name="photo_source",
            field=models.ImageField(blank=True, editable=False, upload_to="psychologists/whole/"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="PsychologistSpecialisation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="focuses",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "specialisation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="focuses",
                                to="clinic.specialisation",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "clinic_psychologist_specialisations",
                        "unique_together": {("psychologist", "specialisation")},
                    },
                ),
                migrations.AlterField(
                    model_name="psychologist",
                    name="specialisations",
                    field=models.ManyToManyField(
                        blank=True,
                        related_name="psychologists",
                        through="clinic.PsychologistSpecialisation",
                        to="clinic.specialisation",
                    ),
                ),
            ],
        ),
        migrations.AlterModelOptions(
            name="psychologistspecialisation",
            options={"ordering": ["position", "pk"]},
        ),
        migrations.AddField(
            model_name="psychologistspecialisation",
            name="position",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
