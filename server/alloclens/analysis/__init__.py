"""Profiles in, numbers out: per line and per stack, owned, growth with its error, trend, findings."""
