"""The real server under hostile requests."""
