"""The command line: one module per command group, each a thin shell around what the layers below decide."""
