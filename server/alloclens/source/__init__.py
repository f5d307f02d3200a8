"""Recorded file and line in, place in the workspace out. Asks whether a file is there; opens none."""
