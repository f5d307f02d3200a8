"""Comments of profiles, which `go tool pprof -comments` prints."""

from __future__ import annotations

import gzip

from google.protobuf.message import DecodeError

from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.profile.formats.compression import unpacked
from alloclens.profile.formats.profile_pb2 import Profile

VERSIONS = frozenset(
    (
        *("commit", "git.commit", "git_commit", "git.sha", "git_sha", "revision", "vcs.revision", "vcs_revision"),
        *("service_git_ref", "version", "service.version", "service_version"),
    )
)
"""Labels and comments that profilers use for the deployed version."""


def commented(data: bytes, *comments: str) -> bytes:
    """Return a profile.proto with more comments, gzipped; as it is if there are none, or if it has another format."""
    if not comments:
        return data
    try:
        message = Profile.FromString(unpacked(data, MAX_PROFILE_BYTES))
    except (DecodeError, ProfileError):
        return data
    if message.string_table[:1] != [""]:  # it is something else that can be read as one
        return data
    for comment in comments:
        message.comment.append(len(message.string_table))
        message.string_table.append(comment)
    return gzip.compress(message.SerializeToString(), mtime=0)
