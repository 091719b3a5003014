"""Faults against a running fleet, to see that it survives them."""
