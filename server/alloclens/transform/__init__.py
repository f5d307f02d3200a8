"""Profile -> Profile: filters, difference, symbolization."""
