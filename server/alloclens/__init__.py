"""Heap profiles on the source lines they are about."""

__version__ = "0.1.0"
