"""How a command ends that cannot do what it was asked: one line, no traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from alloclens.disk import reason
from alloclens.profile.errors import ProfileError
from alloclens.sources.errors import CaptureError
from alloclens.transform.difference import IncomparableError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what files and servers may do into a message about `what`."""
    try:
        yield
    except (ProfileError, IncomparableError, CaptureError) as error:
        raise click.ClickException(f"{what}: {error}" if what else str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{what}: {reason(error)}") from error
