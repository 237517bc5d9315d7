"""Form fields and widgets that every audience shares, and how forms are drawn."""
