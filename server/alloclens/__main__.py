"""The program alloclens; also python -m alloclens."""

import gc
import os
import sys

from alloclens.search_path import search_path


def main() -> None:
    """Run the command line, with modules of the working directory out of reach."""
    sys.path[:] = search_path()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads take longer to start than they save
    gc.disable()  # until the modules of the command are imported: to look for garbage in them took a fifth of a short `top`
    from alloclens.cli import main as run  # noqa: PLC0415 - sys.path must be set first

    run()


if __name__ == "__main__":
    main()
