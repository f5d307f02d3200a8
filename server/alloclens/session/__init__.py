"""Turns directories of profiles into a World."""
