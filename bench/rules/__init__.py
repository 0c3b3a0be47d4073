"""Synthetic rules, of which the benchmark needs more than anybody has written."""
