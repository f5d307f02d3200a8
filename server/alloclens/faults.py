"""What went wrong with a file: a fault of the file in words, or an exception of ours in a line that is enough to find the bug."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from alloclens import __version__
from alloclens.disk import reason
from alloclens.profile.errors import ProfileError, Unrecognized

HOME = Path(__file__).parent
MAX_PLACES = 6
MAX_ERROR_CHARACTERS = 300
"""The message of an exception may quote a whole file."""


def fault(error: BaseException) -> str:
    """Return the exception and the frames in alloclens that it passed through, innermost first."""
    what = ": ".join(filter(None, (type(error).__name__, str(error)[:MAX_ERROR_CHARACTERS])))
    calls = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = (f"{path.relative_to(HOME).as_posix()}:{line}" for path, line in calls[::-1] if path.is_relative_to(HOME))
    where = " < ".join(islice(ours, MAX_PLACES))
    return f"a bug in alloclens {__version__} ({'; '.join(filter(None, (what, where)))})"


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, and why."""

    path: str
    reason: str
    is_no_profile: bool = False
    """Whether it is a file of another kind, not a damaged profile."""
    summary: str = ""
    """The reason without what it quotes from the file; "" if it quotes nothing."""

    @classmethod
    def of(cls, path: str, error: Exception) -> Problem:
        """Describe an exception raised while reading a file, which is the file's fault or a bug of ours."""
        if isinstance(error, ProfileError):
            return cls(path, reason(error), isinstance(error, Unrecognized), error.summary)
        if isinstance(error, (OSError, MemoryError)):
            return cls(path, reason(error))
        words = f"{fault(error)}; please report it with the file"
        return cls(path, words, summary=f"a bug in alloclens {__version__} (…")

    @property
    def name(self) -> str:
        return PurePath(self.path).name
