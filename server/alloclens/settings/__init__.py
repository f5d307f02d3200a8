"""What a user sets, and where."""
