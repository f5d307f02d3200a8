"""Errors of parsing a profile.

ProfileError
├── Unrecognized   not this format: another parser may accept it
└── Malformed      this format, but broken: no other parser is tried
"""

from __future__ import annotations


class ProfileError(Exception):
    """The bytes are not a profile. The message says what they look like and what to do.

    It ends with what is `quoted` from the file. `summary` is the message without that.
    """

    def __init__(self, message: str, quoted: str = "") -> None:
        super().__init__(f"{message}{quoted}")
        self.summary = f"{message}…" if quoted else message


class Unrecognized(ProfileError):  # noqa: N818 - pprof's word (errUnrecognized), and no error until all parsers have raised it
    """The bytes are not in this format."""


class Malformed(ProfileError):  # noqa: N818 - pprof's word (errMalformed)
    """The bytes are in this format, but damaged."""


class TooLarge(Malformed):
    """They are more than may be read, unpacked."""
