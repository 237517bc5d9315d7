import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0010_texts_and_policies_are_gone")]
    operations = [
        migrations.CreateModel(
            name="OwnFee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fee",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=8,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="fee",
                    ),
                ),
                (
                    "psychologist",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_fees",
                        to="clinic.psychologist",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="own_fees", to="clinic.service"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("psychologist", "service"), name="own_fee_once_per_service"),
                    models.CheckConstraint(condition=models.Q(("fee__gte", 0)), name="own_fee_not_negative"),
                ],
            },
        ),
    ]
