"""What can be seen of a fleet: pure summaries of objects and process records."""
