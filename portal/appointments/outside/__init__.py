"""A psychologist's outside calendar: fetched safely, read in a process of its own, kept as times and nothing else."""
