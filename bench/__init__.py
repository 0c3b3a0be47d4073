"""How fast the sensor replays a capture, beside sysdig, and how long its rules take to load."""
