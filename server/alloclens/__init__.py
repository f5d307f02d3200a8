"""Heap profiles on source lines."""

__version__ = "0.1.0"
