"""The disk side of `source`."""
