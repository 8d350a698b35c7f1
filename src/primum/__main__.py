"""`python -m primum`: the same program as `primum`."""

from __future__ import annotations

import sys

from primum.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
