"""Small things every part may use: files, processes, ports, certificates."""
