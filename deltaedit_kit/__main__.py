"""`python -m deltaedit_kit ...` is `deltaedit ...`, for a Python whose scripts are not on PATH."""

import sys

from deltaedit_kit.labs.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
