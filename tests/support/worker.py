"""A worker in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Here:
    """Does everything in this process, when it is asked."""

    def ahead(self, *_: Any, **__: Any) -> None:
        """Nothing is done ahead."""

    def run(self, work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        return work(*args)

    def twin(self) -> Here:
        """Return this one: nothing is done at the same time."""
        return self

    def stop(self) -> None:
        """There is no process."""
