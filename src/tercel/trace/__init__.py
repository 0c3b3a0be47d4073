"""The capture tool: reads a capture, filters it, prints its events or writes them to another file."""
