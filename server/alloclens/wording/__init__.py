"""Numbers in, words out: every text a person reads about a profile, for editors and terminals alike."""
