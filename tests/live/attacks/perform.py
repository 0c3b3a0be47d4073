"""Does all actions under the eyes of one sensor, and says which alert came of which."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.live.attacks.action import Action, Place
from tests.live.attacks.catalogue import ACTIONS, rules_files
from tests.live.attacks.stage import Done, play
from tests.live.sensor import Alert, LiveSensor

# The names by which rules know addresses; all of them are this one, which leads nowhere.
HOSTS: Final = "198.51.100.1 kubernetes.default.svc.cluster.local pool.minexmr.com\n"
LAST_SECONDS: Final = 10

# Events come in order: when the alert of this one is there, so are all others.
LAST: Final = Action("Program written among the system's", "touch /bin/last", {}, Place.CONTAINER)


@dataclass(frozen=True, slots=True)
class Record:
    """What was done and what the sensor said."""

    done: dict[str, Done]
    alerts: tuple[Alert, ...]
    log: tuple[str, ...]
    status: int | None

    def alerts_of(self, action: Action) -> list[Alert]:
        """Return the alerts of the action's rule that came from its working directory."""
        return [alert for alert in self.alerts if alert.rule == action.rule and from_here(alert, action)]

    def verdict(self, action: Action) -> str:
        """Return nothing if the action made its rule fire as expected, or what is wrong."""
        done = self.done[action.slug]
        candidates = self.alerts_of(action)
        if not candidates:
            others = sorted({alert.rule for alert in self.alerts if from_here(alert, action)})
            return f"no alert; other rules saw the action: {others}; it ended with {done.status}, {done.errors!r}"
        wrong = [action.differences(alert.fields) for alert in candidates]
        for differences, alert in zip(wrong, candidates, strict=True):
            if alert.fields.get("container.id") != done.container:
                differences.append(f"container.id is {alert.fields.get('container.id')!r}, not {done.container!r}")
        nearest = min(wrong, key=len)
        return "; ".join(nearest)

    def delay(self, share: float) -> float:
        """Return the delay in milliseconds that this share of the alerts stayed below."""
        delays = sorted(alert.delay for alert in self.alerts)
        return delays[min(int(len(delays) * share), len(delays) - 1)] / 1e6


def from_here(alert: Alert, action: Action) -> bool:
    """Return whether an alert came from an action's working directory."""
    return str(alert.fields.get("proc.cwd")).rstrip("/") == action.here


def play_all() -> list[Done]:
    """Do everything that can be done here."""
    possible = [action for action in ACTIONS if not action.missing()]
    with ThreadPoolExecutor() as beside:
        slow = [beside.submit(play, action) for action in possible if action.slow]
        done = [play(action) for action in possible if not action.slow]
        return done + [future.result() for future in slow]


def wait_for_last(sensor: LiveSensor) -> bool:
    """Wait until a sensor has told of the last action, and so of all before; return whether it has."""
    return sensor.wait(lambda: any(from_here(alert, LAST) for alert in sensor.alerts), LAST_SECONDS)


def perform(folder: Path) -> Record:
    """Start a sensor, do everything that can be done here, stop it."""
    sensor = LiveSensor(folder, rules_files(), hosts=HOSTS)
    with sensor:
        done = play_all()
        play(LAST)
        wait_for_last(sensor)
    return Record({one.action.slug: one for one in done}, tuple(sensor.alerts), tuple(sensor.log), sensor.status)
