from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0018_closures_by_way_of_meeting"),
    ]

    operations = [
        migrations.AlterField(
            model_name="waitlistentry",
            name="ended_why",
            field=models.CharField(
                blank=True,
                choices=[
                    ("booked", "Booked a session"),
                    ("left", "Left the waitlist"),
                    ("removed", "Taken off by the desk"),
                    ("over", "The end date has passed"),
                    ("been_here", "Has been here before"),
                    ("waits_too", "Waits for it already"),
                ],
                max_length=10,
            ),
        ),
    ]
