from __future__ import annotations

app_name = "patient"

urlpatterns: list = []
