"""Names what was found in the same way in every view, from one run and one build to the next."""

from __future__ import annotations

from hashlib import sha256

from alloclens.languages.names import lasting_name


def fingerprint(kind: str, subject: str, file: str, sample_type: str) -> str:
    """Return 32 hexadecimal digits for what was found: the code of a finding, its function, file and sample type.

    `file` is relative to the workspace, with forward slashes; as recorded if it is not there. The line is not part of it, since it
    moves: so findings of one kind on two lines of a function, or in two processes, have one fingerprint.
    """
    parts = (kind, lasting_name(subject, file), file, sample_type)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
