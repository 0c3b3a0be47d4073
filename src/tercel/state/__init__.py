"""The state of the machine that events come from: threads, descriptors, accounts, containers."""
