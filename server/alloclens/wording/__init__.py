"""Every sentence about a profile, for editors and terminals alike: numbers in, words out."""
