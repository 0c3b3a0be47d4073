"""How values are shown, for alerts and for lines."""

from __future__ import annotations

from tercel.fields.options import (
    ALERT_OPTIONS,
    BUFFER_HEX,
    EXITS_CONTINUED,
    EXITS_RECORDED,
    TIME_RELATIVE,
    line_options,
)


def test_lines_are_cut_and_recorded_alerts_whole_and_continued() -> None:
    """Two programs, two habits."""
    lines = line_options(BUFFER_HEX, 0, TIME_RELATIVE)
    assert (lines.buffer_format, lines.buffer_limit, lines.time_mode) == (BUFFER_HEX, 0, TIME_RELATIVE)
    assert line_options().buffer_limit == 80
    assert (lines.trailing_blank, lines.recorded_names, lines.exits) == (True, True, EXITS_RECORDED)
    alerts = ALERT_OPTIONS
    assert (alerts.trailing_blank, alerts.recorded_names, alerts.exits) == (False, False, EXITS_CONTINUED)
    assert alerts.buffer_limit == 0
