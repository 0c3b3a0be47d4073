"""What all tests share: how hypothesis searches, and which tests are left out where their data is missing."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from tests.paths import HAS_SHARED, SHARED

# Time limits per example would fail on a busy machine; pytest-timeout guards the whole test.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", parent=settings.get_profile("tests"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))

PEERS = ("sysdig", "tshark")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs data or programs that are not here."""
    absent = [name for name in PEERS if shutil.which(name) is None]
    for item in items:
        if item.get_closest_marker("compat") and not HAS_SHARED:
            item.add_marker(pytest.mark.skip(reason=f"needs the recorded data (TERCEL_SHARED, here {SHARED})"))
        peer = item.get_closest_marker("peer")
        if peer and set(peer.args or PEERS) & set(absent):
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(absent)}"))
