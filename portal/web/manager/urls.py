from __future__ import annotations

app_name = "manager"

urlpatterns: list = []
