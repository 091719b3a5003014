from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.node.member import Member
from tests.node.s3_server import S3Server, s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    root = tmp_path_factory.mktemp("s3")
    (root / "models").mkdir()
    with s3_server(root) as server:
        yield server


@pytest.fixture
async def member(tmp_path: Path) -> AsyncIterator[Member]:
    """A running node over a fake API; whatever it started is killed at the end."""
    member = Member(tmp_path)
    try:
        yield member
    finally:
        await member.stop()
        member.kill_all()
