"""The event vocabulary: event types and their parameters, names of numbers, and the view of one event."""
