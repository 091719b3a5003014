"""Tests of the predict server."""
