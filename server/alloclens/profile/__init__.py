"""Bytes in, a Profile out: numpy columns in pprof's words. Knows no path on this disk, no time and no editor."""
