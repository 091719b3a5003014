"""What real clients get from the API, case by case, against what Kubernetes documents.

Each case is a row: who asks, what it checks, where it is written, and how to find out. `table.py` joins the
rows of all modules; `docs/conformance.md` is made from them.
"""
