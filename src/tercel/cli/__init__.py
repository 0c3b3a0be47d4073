"""The command line: `main` finds the command, one module per command parses its options and does the work."""
