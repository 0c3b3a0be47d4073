"""Print a rules file: `python -m bench.rules COUNT`."""

from __future__ import annotations

import sys

from bench.rules.generate import generate

sys.stdout.writelines(generate(int(sys.argv[1])))
