"""A copy of the store of a server that serves, while clients write."""

import asyncio

import pytest

from tests.apiserver.conftest import USERS
from tests.apiserver.process import ServerProcess
from tests.apiserver.test_kill import Known, create_and_delete, path_of, until_cut
from tests.apiserver.world import config_map
from tradewind.apiserver import backup
from tradewind.apiserver.backup import BACKUP_PATH
from tradewind.resources.core_kinds import CONFIG_MAP
from tradewind.store.database import check_database, open_database
from tradewind.store.entries import StorageFull

BACKUPS = 5


async def test_every_copy_is_one_moment_of_the_store(tls_home, tmp_path):
    """All that was acknowledged before it was asked for is in it; nothing is in it by half; writes go on."""
    for file in tls_home.iterdir():
        (tmp_path / file.name).symlink_to(file)
    server, known = ServerProcess(tmp_path), Known()
    server.start()
    try:
        async with server.session() as session:
            names = [[f"c{client}-{number}" for number in range(5000)] for client in range(6)]
            writes = [until_cut(create_and_delete(session, known, one)) for one in names]
            writers = [asyncio.create_task(one) for one in writes]
            for number in range(BACKUPS):
                while len(known.versions) < 40 * (number + 1):
                    await asyncio.sleep(0.001)
                there, version = set(known.there), max(known.versions)
                async with session.post(BACKUP_PATH) as answer:
                    assert answer.status == 200
                    (tmp_path / "copy.db").write_bytes(await answer.read())
                maybe_deleted = known.gone | known.unsure
                revision, _ = check_database(tmp_path / "copy.db")
                assert revision >= version
                check_copy(tmp_path / "copy.db", there - maybe_deleted)
            server.kill()
            await asyncio.gather(*writers)
    finally:
        server.kill()


def check_copy(path, there: set[str]) -> None:
    database = open_database(path)
    entries, revision = database.load()
    database.close()
    maps = {entry.key.namespace for entry in entries if entry.key.resource == "configmaps"}
    namespaces = {entry.key.name for entry in entries if entry.key.resource == "namespaces"}
    assert there <= maps <= namespaces
    assert max(entry.revision for entry in entries) <= revision


@pytest.mark.parametrize("user", [user for user in USERS if user != "admin"] + [""])
async def test_it_is_for_those_who_may_do_everything(api, user):
    code, status = await api.ask("POST", BACKUP_PATH, user=user)
    assert (code, status["reason"]) == (403, "Forbidden")


async def test_reading_makes_none(api):
    assert (await api.ask("GET", BACKUP_PATH))[0] == 405


async def test_one_at_a_time_and_nothing_is_left(api, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    never, chunks = asyncio.Event(), backup.file_chunks

    async def slow(path):
        async for chunk in chunks(path):
            yield chunk
            await never.wait()

    monkeypatch.setattr("tradewind.apiserver.http.file_chunks", slow)
    await api.ask("POST", path_of("d"), config_map())
    answer = await api.session().post(BACKUP_PATH)
    assert answer.status == 200
    code, status = await api.ask("POST", BACKUP_PATH)
    assert (code, status["reason"]) == (429, "TooManyRequests")
    assert list((tmp_path / "temporary").iterdir())
    answer.close()
    async with asyncio.timeout(5):
        while list((tmp_path / "temporary").iterdir()):
            await asyncio.sleep(0.01)


async def test_a_copy_that_cannot_be_written_is_told(api, monkeypatch):
    async def full(_):
        raise StorageFull("no room")

    monkeypatch.setattr(api.objects, "copy_to", full)
    code, status = await api.ask("POST", BACKUP_PATH)
    assert (code, status["message"]) == (507, "no room")
    assert await api.objects.create(CONFIG_MAP, config_map())
