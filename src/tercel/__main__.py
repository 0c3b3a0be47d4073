"""Lets `python -m tercel` stand for the `tercel` command."""

from __future__ import annotations

import sys

from tercel.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
