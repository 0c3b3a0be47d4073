"""Which rules match an event, at a cost that hardly grows with the number of rules.

    formula   a condition over atoms, and what is left of it once some atoms are known
    matcher   one per field: which atoms over it a value makes true
    atoms     the checks of all rules, numbered and gathered by field
    plan      an event type's rules as formulas, and the order in which their fields become known
    rows      undecided rules, and what threads and descriptors remember of them
    table     the lazy table from what is known of process, descriptor and event to the rules still undecided
    pump      the loop that moves over a source's events

Other rooms use `Table` and `Pump`.
"""
