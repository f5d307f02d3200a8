"""Addresses -> source lines."""
