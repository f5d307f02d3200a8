"""A directory in, a World out: listing, watching, loading. The only room with disk and time (with capture)."""
