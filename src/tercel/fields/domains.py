"""Names of addresses. Fields resolve nothing themselves: whoever runs the sensor looks names up and puts them here."""

from __future__ import annotations

from typing import Final


class DomainTable:
    """Domain names by packed address."""

    def __init__(self) -> None:
        """Start with no names."""
        self._names: dict[bytes, list[str]] = {}

    def set_addresses(self, name: str, addresses: list[bytes]) -> None:
        """Replace the addresses that a name stands for."""
        for names in self._names.values():
            if name in names:
                names.remove(name)
        for address in addresses:
            self._names.setdefault(address, []).append(name)

    def names(self, address: bytes) -> list[str]:
        """Return the names that stand for an address."""
        return self._names.get(address, [])


# The table that fd.cip.name and its like ask.
DOMAINS: Final = DomainTable()
