"""A fault of alloclens itself, in one line that says enough to mend it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from alloclens import __version__
from alloclens.disk import reason
from alloclens.profile.errors import ProfileError

HOME = Path(__file__).parent
MAX_PLACES = 6
MAX_ERROR_CHARACTERS = 300
"""Characters of an exception's own text: it may quote a whole file."""


def fault(error: BaseException) -> str:
    """Return what was raised and where: the lines of alloclens that led there, the innermost first."""
    said = ": ".join(filter(None, (type(error).__name__, str(error)[:MAX_ERROR_CHARACTERS])))
    calls = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = (f"{path.relative_to(HOME).as_posix()}:{line}" for path, line in calls[::-1] if path.is_relative_to(HOME))
    where = " < ".join(islice(ours, MAX_PLACES))
    return f"a fault in alloclens {__version__} ({'; '.join(filter(None, (said, where)))})"


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, and why."""

    path: str
    reason: str

    @classmethod
    def of(cls, path: str, error: Exception) -> Problem:
        """Return what was raised while a file was read: what is wrong with the file, or a fault of ours and where it is."""
        is_the_files = isinstance(error, (ProfileError, OSError, MemoryError))
        return cls(path, reason(error) if is_the_files else f"{fault(error)}; please report it with the file")

    @property
    def name(self) -> str:
        return PurePath(self.path).name
