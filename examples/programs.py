"""Which programs ran, and how often: programs.py CAPTURE."""

import sys
from collections import Counter

import tercel

with tercel.open_capture(sys.argv[1]) as capture:
    started = Counter(event["proc.exepath"] for event in capture.filter("evt.type=execve and evt.rawres=0"))
for path, count in started.most_common(5):
    print(f"{count:5} {path}")
