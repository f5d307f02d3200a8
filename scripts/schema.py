"""make schema: writes the JSON schema of alloclens.toml, which the VS Code extension ships, from store/settings.py."""

from __future__ import annotations

import json

from alloclens.store.settings import schema

from scripts.tools import ROOT

FILE = ROOT / "vscode-client" / "alloclens.schema.json"


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    FILE.write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
