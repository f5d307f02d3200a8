"""Profile -> Profile: filters, difference, symbols added."""
