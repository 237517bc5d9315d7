"""Read-only figures for the home pages and the reports: what several apps know, put side by side. No models."""
