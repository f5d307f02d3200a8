"""Parses bytes into a Profile: numpy columns with pprof's names. Does not access the disk, the clock or an editor."""
