# ruff: noqa: PTH100, PTH117, PTH120 - pathlib imports much
"""Where Python looks for modules: not in the directory that we are started in, which is somebody's project.

Python itself looks there first when it is started with -m, or when PYTHONPATH has an empty or a relative entry. Only sys
and os may be imported here, and nothing from __future__: Python has imported those two before it runs any code of ours,
and any other module would come from that directory.
"""

import os
import sys

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""Where this package lies: what is imported from there runs already."""


def search_path() -> list[str]:
    """Return sys.path without the entries that are the working directory, or are relative to it."""
    relative = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if not os.path.isabs(entry)]
    dropped = {os.path.realpath(entry) for entry in ("", *relative)} - {os.path.realpath(OURS)}
    return [entry for entry in sys.path if os.path.isabs(entry) and os.path.realpath(entry) not in dropped]
