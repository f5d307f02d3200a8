"""make settings: writes every list of settings from the classes in settings/settings.py; --check only says which are stale."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from alloclens.settings.settings import ClientSettings, Settings, properties, schema

from scripts.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "vscode-client/alloclens.schema.json"
MANIFEST = "vscode-client/package.json"
PAGE = "docs/settings.md"
OF_A_MACHINE = {"pathMappings", "binaries", "server.command"}
"""Settings that hold paths of one machine: VS Code does not sync them."""


def outputs(root: Path) -> dict[Path, str]:
    """Return each file that lists the settings, and what it should contain. Only its list of settings may differ."""
    return {
        root / SCHEMA: _json(schema()) + "\n",
        root / MANIFEST: _replaced(root / MANIFEST, r'(?<="configuration": )\{.*?\n    \}', _configuration()),
        root / PAGE: _replaced(root / PAGE, r"(?<=<!-- make settings -->\n).*?(?=<!-- end -->)", _table()),
    }


def stale(root: Path) -> list[Path]:
    """Return the files that differ from what they should contain."""
    return [path for path, text in outputs(root).items() if not path.exists() or path.read_text("utf-8") != text]


def _replaced(path: Path, pattern: str, text: str) -> str:
    new, count = re.subn(pattern, lambda _: text, path.read_text("utf-8"), flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{path}: {count} places for the settings, not 1")
    return new


def _configuration() -> str:
    """Return the section `configuration` of package.json."""
    parts = {**properties(Settings), **properties(ClientSettings)}
    section = {
        "title": "alloclens",
        "properties": {f"alloclens.{name}": _contribution(name, part) for name, part in parts.items()},
    }
    return textwrap.indent(_json(section), "    ").lstrip()


def _contribution(name: str, part: dict[str, Any]) -> dict[str, Any]:
    text = {"markdownDescription": part.pop("description")}
    return text | {"scope": "machine-overridable" if name in OF_A_MACHINE else "window"} | part


def _table() -> str:
    """Return the rows of docs/settings.md, those of VS Code last."""
    ours = [_row(name, part, "") for name, part in properties(Settings).items()]
    theirs = [_row(name, part, "VS Code only. ") for name, part in properties(ClientSettings).items()]
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *ours, *theirs, ""])


def _row(name: str, part: dict[str, Any], mark: str) -> str:
    values = f" One of {', '.join(f'`{value}`' for value in part['enum'])}." if "enum" in part else ""
    default = json.dumps(part["default"], ensure_ascii=False)
    return f"| `alloclens.{name}` | `{default}` | {mark}{part['description']}{values} |"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def main() -> None:
    """Write the files, or with --check list those that are stale and exit with 1."""
    if "--check" in sys.argv:
        if names := [str(path.relative_to(ROOT)) for path in stale(ROOT)]:
            raise SystemExit(f"stale, run `make settings`: {', '.join(names)}")
        return
    for path, text in outputs(ROOT).items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
