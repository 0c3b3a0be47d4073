"""The running sensor: its configuration, its log, and the loop from events to alerts."""
