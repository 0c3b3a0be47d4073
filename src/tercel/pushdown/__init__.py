"""What the kernel may drop by itself: from the rules in force, by proof, to what the probe checks.

    needs        which paths a condition needs, for each way in which a call can be made
    patterns     paths that a check of a name, a directory or a file's name needs
    situations   what is known of an event's fields before anything is read: of opens, of files, of connections
    reduce       a condition's needs in a situation, and the fields that it still asks about there
    observers    fields that show more than their own event: descriptors, tables, the order of events
    printed      the fields that alerts show
    calls        which arguments of which calls the probe looks at
    tries        paths as tables that the probe walks through
    policy       all of it put together: a guard for each call, and the reasons
    report       the plan as people and programs read it

Other rooms use `policy_of` and `Policy`.
"""
