from __future__ import annotations

app_name = "psychologist"

urlpatterns: list = []
