"""make bench: how long a profile takes, and how much memory, here and in pprof; one table, measured in one run."""
