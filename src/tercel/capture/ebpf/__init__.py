"""Live capture through the probe: loading it, reading its rings, and telling what was lost."""
