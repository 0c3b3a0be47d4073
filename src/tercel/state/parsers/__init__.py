"""One parser module per family of events: what each event type does to the tables."""
