"""Small things every part may use: files, processes, ports, time. Standard library only."""
