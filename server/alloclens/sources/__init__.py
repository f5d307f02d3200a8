"""Fetches profiles from processes and services and writes them to files."""
