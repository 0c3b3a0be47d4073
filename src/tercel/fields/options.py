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

# Which parameters the exit of a call has.
EXITS_RECORDED: Final = 0  # those that it was recorded with
EXITS_CONTINUED: Final = 1  # of some calls also those of the entry, as Falco 0.40 shows them
EXITS_PRESENT: Final = 2  # all that the present event table has, from the entry where it had them


class RenderOptions:
    """What the user chose; the defaults are those of alerts.

    `buffer_limit` cuts the text of byte buffers (0: whole); `trailing_blank` ends non-empty evt.args with a blank, as
    the capture tool's lines do; `exits` says which parameters of their entries the exits of calls have;
    `recorded_names` uses the names of parameters and flags that sysdig 0.36 prints where the present event table has
    others.
    """

    def __init__(
        self,
        buffer_format: int = BUFFER_TEXT,
        buffer_limit: int = 0,
        time_mode: str = TIME_HOUR,
        trailing_blank: bool = False,
        exits: int = EXITS_CONTINUED,
        recorded_names: bool = False,
    ) -> None:
        """Keep the values."""
        self.buffer_format: int = buffer_format
        self.buffer_limit: int = buffer_limit
        self.time_mode: str = time_mode
        self.trailing_blank: bool = trailing_blank
        self.exits: int = exits
        self.recorded_names: bool = recorded_names

    def with_present_exits(self) -> RenderOptions:
        """Return the same choice for conditions and outputs that know exits only."""
        return RenderOptions(
            self.buffer_format,
            self.buffer_limit,
            self.time_mode,
            self.trailing_blank,
            EXITS_PRESENT,
            self.recorded_names,
        )


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
        exits=EXITS_RECORDED,
        recorded_names=True,
    )


ALERT_OPTIONS: Final = RenderOptions()
