"""Directories of profiles -> World."""
