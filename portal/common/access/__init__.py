"""Who may call a view, who acts in it, and what a visitor may do how often."""
