"""Upstream's own test cases, run against Tradewind from a file of cases."""
