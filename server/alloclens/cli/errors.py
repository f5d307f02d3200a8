"""Turns errors of files and servers into the one line with which a command ends."""

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
def errors_about(subject: str) -> Iterator[None]:
    """Turn errors of files and servers into a ClickException about a subject, such as a file name."""
    try:
        yield
    except (ProfileError, IncomparableError, CaptureError) as error:
        raise click.ClickException(f"{subject}: {error}" if subject else str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{subject}: {reason(error)}") from error
