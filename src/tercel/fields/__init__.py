"""What a condition or an output format can ask of an event.

`registry` finds fields by name; each class of fields has modules of declared rows (`evt*`, `process*`, `fd*`, …) built
on `base`; `render`, `params` and `times` put values into words; `listing` prints the reference.
"""
