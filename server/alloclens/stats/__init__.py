"""Numbers -> numbers: intervals and trends. Pure functions."""
