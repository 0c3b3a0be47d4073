"""Which rules match an event, at a cost that does not grow with the number of rules.

formula   a condition over atoms, and what is left of it once some atoms are known
matcher   one per field: which atoms over it a value makes true
table     the lazy table from what is known of process, descriptor and event to the rules still undecided
pump      the loop that moves over a source's events
"""
