"""Who connected where: connections.py CAPTURE."""

import sys

import tercel

outgoing = tercel.compile_filter("evt.type=connect and fd.typechar in (4, 6) and evt.rawres=0")
with tercel.open_capture(sys.argv[1]) as capture:
    for event in capture:
        if outgoing.matches(event):
            print(event.format("%evt.time.s %proc.name[%proc.pid] %fd.name"))
