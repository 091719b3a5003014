"""The reconcile loop: a cache of objects, a keyed queue with backoff, and the performing of plans."""
