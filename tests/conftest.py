"""Settings for every test."""

import os

from hypothesis import settings

# How long an example takes says more about the machine than about the code. In CI the examples are the same
# in every run, so that a change is not blamed for what another run would have found.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
