"""What the caller may do."""

from __future__ import annotations

from tercel.sensor.capabilities import BITS, names
from tercel.sensor.doctor.check import Answer
from tercel.sensor.doctor.context import Context
from tercel.sensor.privileges import NEEDS, Caller, missing


def needed(_: Context) -> Answer:
    """Compare the caller's capabilities with those that capture cannot start without."""
    return _compare(fatal=True)


def further(_: Context) -> Answer:
    """Compare the caller's capabilities with those that make the picture complete."""
    return _compare(fatal=False)


def _compare(*, fatal: bool) -> Answer:
    caller = Caller.current()
    lacking = [need for need in missing(caller) if need.fatal == fatal]
    if lacking:
        found = f"missing: {', '.join(need.name for need in lacking)}"
        if fatal and not caller.in_first_user_namespace:
            found += " (what is held counts only inside this user namespace)"
        return Answer(good=False, found=found, costs=" ".join(need.message() for need in lacking))
    wanted = 0
    for need in NEEDS:
        if need.fatal == fatal and need.applies(caller.kernel):
            wanted |= BITS[need.name] & caller.held or need.mask() & caller.held
    return Answer(good=True, found=", ".join(names(wanted)))
