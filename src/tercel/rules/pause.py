"""Loading without the cyclic garbage collector.

Loading makes hundreds of thousands of objects that stay, and next to no cycles: each look of the collector at all of
them would find nothing and take longer than the one before.
"""

from __future__ import annotations

import gc


class CollectorPause:
    """Keeps the collector still for a block; with `keep` it never looks at what was made up to the block's end."""

    def __init__(self, *, keep: bool = False) -> None:
        """Keep the choice."""
        self._keep = keep
        self._was_enabled = False

    def __enter__(self) -> None:
        """Stop the collector."""
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        """Let the collector go on if it was running before."""
        if self._keep:
            gc.freeze()
        if self._was_enabled:
            gc.enable()
