"""The gravest alerts of a capture, with some of their fields: alerts.py CAPTURE RULES..."""

import sys

import tercel

rules = tercel.load_rules(*sys.argv[2:])
with tercel.open_capture(sys.argv[1]) as capture:
    for alert in rules.alerts(capture):
        if alert.priority_name == "Critical":
            print(alert.rule, alert.fields.get("proc.cmdline"), sep=": ")
