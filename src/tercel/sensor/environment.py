"""`${VARIABLE}` in configuration values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"\$(\$?)\{([^}]*)\}|\$(?!\{)(?!\$\{)")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return the text with `${NAME}` replaced by the variable, or by nothing when it is not set.

    `$${NAME}` stands for a literal `${NAME}`. A `$` that starts neither ends the expansion of this text: what follows
    is kept as it is, as Falco does.
    """
    if "$" not in text:
        return text
    done = ""
    at = 0
    for match in _REFERENCE.finditer(text):
        if match[2] is None:
            break
        done += text[at : match.start()]
        done += f"${{{match[2]}}}" if match[1] else variables.get(match[2], "")
        at = match.end()
    return done + text[at:]
