"""Stores that must behave alike."""

import pytest

from tradewind.store.sqlite import open_store
from tradewind.store.store import memory_store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request, tmp_path):
    opened = memory_store() if request.param == "memory" else open_store(tmp_path / "store.db")
    yield opened
    await opened.close()
