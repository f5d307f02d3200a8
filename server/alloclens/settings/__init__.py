"""The settings of users, and the files that hold them."""
