"""A running process in, profile files out. They are written for the store to see; nothing here knows it."""
