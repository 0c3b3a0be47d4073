"""Capture files in the scap format of sysdig and Falco: a reader of all versions and a writer of the current one."""
