"""python -m alloclens."""

from alloclens.cli import main

if __name__ == "__main__":  # the worker process imports this module too
    main()
