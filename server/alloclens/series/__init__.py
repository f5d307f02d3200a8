"""Snapshots -> verdicts."""
