"""What a rule's output becomes before it is compiled."""

from __future__ import annotations

from typing import Final

CONTAINER_INFO: Final = "%container.info"
# What `%container.info` stands for unless the user says otherwise.
CONTAINER_FIELDS: Final = "container_id=%container.id container_name=%container.name"


def completed(output: str) -> str:
    """Return an output with `%container.info` written out."""
    return output.replace(CONTAINER_INFO, CONTAINER_FIELDS)
