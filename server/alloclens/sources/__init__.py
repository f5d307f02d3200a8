"""Processes and services -> profile files."""
