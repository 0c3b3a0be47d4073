"""The reference of event types."""

from __future__ import annotations

import json

from tercel.events import listing


def test_text_has_a_section_for_each_kind_of_source() -> None:
    """Direction, name, parameters with their types."""
    text = listing.text_listing()
    for title in ("Syscall events", "Tracepoint events", "Plugin events", "Metaevents"):
        assert f"## {title}\n" in text
    assert "> openat(FD **dirfd**, FSRELPATH **name**, FLAGS32 **flags**, UINT32 **mode**)" in text
    assert "< switch(" not in text


def test_calls_without_an_event_of_their_own_are_listed() -> None:
    """They are reported with their names and no parameters."""
    lines = listing.text_listing().splitlines()
    assert "> set_tid_address()" in lines
    assert "< set_tid_address()" in lines
    assert not any(line.startswith("> syscall(") for line in lines)


def test_superseded_layouts_are_marked() -> None:
    """Old captures still have them."""
    lines = listing.text_listing().splitlines()
    assert "> execve()  (old captures)" in lines
    assert "> execve(FSPATH **filename**)" in lines


def test_markdown_and_json_have_the_same_entries() -> None:
    """JSON adds the names of flags."""
    found = json.loads(json.dumps(listing.json_listing()))
    rows = [line for line in listing.markdown_listing().splitlines() if line.startswith(("Yes", "No "))]
    assert found.pop("schema_version") == listing.SCHEMA_VERSION
    assert len(rows) == sum(len(entries) for entries in found.values())
    opened = next(entry for entry in found["Syscall events"] if entry["name"] == "open")
    assert opened["params"][0] == {"type": "FSPATH", "name": "name"}
    assert "O_CREAT" in opened["params"][1]["flags"]
