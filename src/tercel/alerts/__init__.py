"""From a match to an alert: the message, its fields, and the line that goes to the outputs."""
