"""An agent that asks `alloclens mcp` which line leaks, and why: by tool calls alone."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Asked:
    """What it was answered."""

    answers: list[str] = field(default_factory=list)
    """One for each call, as they were sent."""
    leak: dict[str, Any] = field(default_factory=dict)
    """The first finding."""
    stack: dict[str, Any] = field(default_factory=dict)
    """The stack that grew most."""
    line: dict[str, Any] = field(default_factory=dict)
    """The numbers and the text of its line."""

    @property
    def bytes(self) -> int:
        """How much it had to read."""
        return sum(len(text.encode()) for text in self.answers)


async def which_line_leaks(workspace: Path) -> Asked:
    """Start a server for a workspace and ask it."""
    asked = Asked()
    arguments = ["-m", "alloclens", "mcp", "--workspace", str(workspace)]
    async with Client(stdio_client(StdioServerParameters(command=sys.executable, args=arguments))) as client:

        async def ask(tool: str, **given: Any) -> dict[str, Any]:
            result = await client.call_tool(tool, given)
            (content,) = result.content
            assert not result.is_error, content.text
            asked.answers.append(content.text)
            return json.loads(content.text)

        asked.leak = (await ask("findings"))["findings"][0]
        file, _, line = asked.leak["at"].rpartition(":")
        asked.stack = (await ask("stacks", file=file, line=int(line)))["stacks"][0]
        lines = (await ask("lines", file=file))["lines"]
        asked.line = next(row for row in lines if row["line"] == int(line))
    return asked
