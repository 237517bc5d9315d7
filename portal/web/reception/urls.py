from __future__ import annotations

app_name = "reception"

urlpatterns: list = []
