"""Profile -> tables: lines, functions, stacks, call edges, trees."""
