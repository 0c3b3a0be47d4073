"""How field values are shown: form and length of byte buffers, the clock of evt.outputtime, trailing blanks."""

from __future__ import annotations

from typing import Final

BUFFER_TEXT: Final = 0  # printable ASCII, a dot for every other byte
BUFFER_BASE64: Final = 1
BUFFER_HEX: Final = 2
BUFFER_HEX_ASCII: Final = 3
BUFFER_LINES: Final = 4  # printable ASCII and line ends only

TIME_HOUR: Final = "h"  # local time of day
TIME_ABSOLUTE: Final = "a"  # seconds since the epoch
TIME_RELATIVE: Final = "r"  # seconds since the first event
TIME_DELTA_CALL: Final = "d"  # between the entry of a call and its exit
TIME_DELTA_SHOWN: Final = "D"  # since the event shown before

SCREEN_LIMIT: Final = 80


class RenderOptions:
    """What the user chose; the defaults are those of alerts.

    `buffer_limit` cuts the text of byte buffers (0: whole); `trailing_blank` ends non-empty evt.args with a blank, as
    the capture tool's lines do; `continue_exits` gives the exits of calls the parameters that only their entries
    were recorded with, as alerts show them; `recorded_names` uses the names of parameters and flags that sysdig 0.36
    prints where the present event table has others.
    """

    def __init__(
        self,
        buffer_format: int = BUFFER_TEXT,
        buffer_limit: int = 0,
        time_mode: str = TIME_HOUR,
        trailing_blank: bool = False,
        continue_exits: bool = True,
        recorded_names: bool = False,
    ) -> None:
        """Keep the values."""
        self.buffer_format: int = buffer_format
        self.buffer_limit: int = buffer_limit
        self.time_mode: str = time_mode
        self.trailing_blank: bool = trailing_blank
        self.continue_exits: bool = continue_exits
        self.recorded_names: bool = recorded_names


def line_options(
    buffer_format: int = BUFFER_TEXT,
    buffer_limit: int = SCREEN_LIMIT,
    time_mode: str = TIME_HOUR,
) -> RenderOptions:
    """Return the options with which the capture tool prints lines."""
    return RenderOptions(
        buffer_format,
        buffer_limit,
        time_mode,
        trailing_blank=True,
        continue_exits=False,
        recorded_names=True,
    )


ALERT_OPTIONS: Final = RenderOptions()
