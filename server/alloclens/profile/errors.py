"""Why bytes are not a Profile.

ProfileError
├── Unrecognized   not this format: the next one may know it
└── Malformed      this format, but broken: nobody else will read it either
"""

from __future__ import annotations


class ProfileError(Exception):
    """Bytes that cannot become a Profile; the text says what they look like and what to do."""


class Unrecognized(ProfileError):  # noqa: N818 - pprof's word, and it is not a fault of the bytes
    """Not this format."""


class Malformed(ProfileError):  # noqa: N818 - reads as the state of the file it is raised for
    """This format, but broken."""
