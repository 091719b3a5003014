"""Versioned objects with watches, in memory and durable in SQLite. Knows no kinds: an object is bytes."""
