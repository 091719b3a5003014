"""The model cache against a real S3 server: one download for many, whole or absent, helpful errors."""

import asyncio
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from random import Random

import pytest

from tests.node.s3_server import KEY_ID, SECRET, S3Server, relay_to
from tradewind.node.models import cache as cache_module
from tradewind.node.models import download
from tradewind.node.models.cache import ModelCache
from tradewind.node.models.s3 import S3Source
from tradewind.node.models.source import ModelError, ModelFile

MODEL = os.urandom(9_000_000)


def ignore(done: int, total: int) -> None:
    pass


def make_cache(folder: Path, lock_wait_seconds: float = 30) -> ModelCache:
    return ModelCache(folder / "models", Random(1), lock_wait_seconds)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def model_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "models").iterdir() if not path.name.startswith("."))


def nothing_half_done(folder: Path) -> bool:
    partial = folder / "models" / ".partial"
    return not partial.exists() or not list(partial.iterdir())


async def test_a_prefix_becomes_a_folder_with_paths_below_it(s3: S3Server, tmp_path: Path) -> None:
    files = {"model.joblib": MODEL, "config/a b.json": b"{}", "config/100%+x.txt": b"odd", "empty": b""}
    for path, content in files.items():
        s3.put("models", f"fraud/v1/{path}", content)
    s3.put("models", "fraud/v10/other", b"another model")
    told: list[tuple[int, int]] = []

    folder = await make_cache(tmp_path).ensure(
        "s3://models/fraud/v1", s3.environment(), lambda done, total: told.append((done, total))
    )

    assert everything(folder) == {path: content for path, content in files.items() if content}
    total = sum(map(len, files.values()))
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert nothing_half_done(tmp_path)


async def test_an_exact_key_is_that_object_alone_under_its_base_name(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "single/model.pkl", b"pickle")
    s3.put("models", "single/other.pkl", b"no")
    folder = await make_cache(tmp_path).ensure("s3://models/single/model.pkl", s3.environment(), ignore)
    assert everything(folder) == {"model.pkl": b"pickle"}


async def test_a_second_use_downloads_nothing(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "twice/model", MODEL)
    async with relay_to(s3.port) as relay:
        cache, environment = make_cache(tmp_path), s3.environment(relay.port)
        first = await cache.ensure("s3://models/twice/", environment, ignore)
        after_first = relay.sent_bytes
        assert await cache.ensure("s3://models/twice", environment, ignore) == first
        assert relay.sent_bytes - after_first < 10_000


async def test_changed_files_are_another_model(s3: S3Server, tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    s3.put("models", "changing/model", b"one")
    old = await cache.ensure("s3://models/changing", s3.environment(), ignore)
    s3.put("models", "changing/model", b"two")
    new = await cache.ensure("s3://models/changing", s3.environment(), ignore)
    assert (everything(old), everything(new)) == ({"model": b"one"}, {"model": b"two"})


async def test_the_variables_of_this_process_do_not_matter(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("models", "alone/model", b"x")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_TOKEN"):
        monkeypatch.setenv(name, "of-the-member")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    async with relay_to(s3.port) as relay:
        assert await make_cache(tmp_path).ensure("s3://models/alone", s3.environment(relay.port), ignore)
        assert KEY_ID.encode() in relay.asked
        assert b"of-the-member" not in relay.asked


WORKER = """
import asyncio, json, sys
from pathlib import Path
from random import Random
from tradewind.node.models.cache import ModelCache
folder, uri, environment = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
def tell(done, total):
    print("progress", done, total, flush=True)
print(asyncio.run(ModelCache(Path(folder), Random(1)).ensure(uri, environment, tell)))
"""


async def start_worker(folder: Path, uri: str, environment: dict[str, str]) -> asyncio.subprocess.Process:
    arguments = ["-c", WORKER, str(folder / "models"), uri, json.dumps(environment)]
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def test_three_processes_at_once_download_once(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "shared/a", MODEL)
    s3.put("models", "shared/b", MODEL[:5_000_000])
    async with relay_to(s3.port) as relay:
        relay.delay_seconds = 0.01
        environment = s3.environment(relay.port)
        workers = [await start_worker(tmp_path, "s3://models/shared", environment) for _ in range(3)]
        outputs = [(await worker.communicate())[0].decode().splitlines() for worker in workers]
        assert len({lines[-1] for lines in outputs}) == 1
        assert 14_000_000 <= relay.sent_bytes < 14_200_000
        assert all(any(line.startswith("progress") for line in lines) for lines in outputs), "waiting tells"
    assert len(model_folders(tmp_path)) == 1


async def test_a_killed_download_leaves_nothing_that_counts_and_the_next_succeeds(
    s3: S3Server, tmp_path: Path
) -> None:
    s3.put("models", "killed/model", MODEL)
    async with relay_to(s3.port) as relay:
        relay.delay_seconds = 0.02
        worker = await start_worker(tmp_path, "s3://models/killed", s3.environment(relay.port))
        assert worker.stdout is not None
        assert (await worker.stdout.readline()).startswith(b"progress")
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    assert model_folders(tmp_path) == []
    assert not nothing_half_done(tmp_path), "the test must have killed it in the middle"
    [partial] = (tmp_path / "models" / ".partial").iterdir()
    (partial / "files" / "stale").write_bytes(b"of an earlier attempt")
    folder = await make_cache(tmp_path).ensure("s3://models/killed", s3.environment(), ignore)
    assert everything(folder) == {"model": MODEL}
    assert nothing_half_done(tmp_path)


async def test_a_cancelled_download_leaves_nothing(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "cancelled/model", MODEL)
    started = asyncio.Event()
    async with relay_to(s3.port) as relay:
        relay.delay_seconds = 0.02
        work = asyncio.create_task(
            make_cache(tmp_path).ensure(
                "s3://models/cancelled", s3.environment(relay.port), lambda *_: started.set()
            )
        )
        await asyncio.wait_for(started.wait(), 20)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert model_folders(tmp_path) == []
    assert nothing_half_done(tmp_path)


async def test_a_cut_connection_is_tried_again(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "cut/model", MODEL)
    told: list[int] = []
    async with relay_to(s3.port) as relay:
        relay.cuts, relay.cut_after_bytes = 2, 6_000_000  # one block has arrived by then
        folder = await make_cache(tmp_path).ensure(
            "s3://models/cut", s3.environment(relay.port), lambda done, _: told.append(done)
        )
        assert relay.cuts == 0
    assert everything(folder) == {"model": MODEL}
    assert told[-1] == max(told) == len(MODEL)


async def test_a_store_that_is_away_does_not_stop_what_is_cached(s3: S3Server, tmp_path: Path) -> None:
    """The address then answers nobody; only a model that was had from it before is there."""
    s3.put("models", "known/model", MODEL)
    cache = make_cache(tmp_path)
    async with relay_to(s3.port) as relay:
        environment = s3.environment(relay.port)
        folder = await cache.ensure("s3://models/known", environment, ignore)
    assert await cache.ensure("s3://models/known", environment, ignore) == folder
    with pytest.raises(ModelError):
        await cache.ensure("s3://models/other", environment, ignore)
    shutil.rmtree(folder)
    with pytest.raises(ModelError):
        await cache.ensure("s3://models/known", environment, ignore)


async def test_a_file_replaced_during_the_download_is_not_taken(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("models", "moving/model", b"old")
    list_files = S3Source.files

    async def listed_then_replaced(source: S3Source) -> list[ModelFile]:
        found = await list_files(source)
        s3.put("models", "moving/model", b"new")
        return found

    monkeypatch.setattr(S3Source, "files", listed_then_replaced)
    with pytest.raises(ModelError, match=r"moving/model .* was replaced during the download"):
        await make_cache(tmp_path).ensure("s3://models/moving", s3.environment(), ignore)
    monkeypatch.undo()
    folder = await make_cache(tmp_path).ensure("s3://models/moving", s3.environment(), ignore)
    assert everything(folder) == {"model": b"new"}


@pytest.mark.parametrize("damage", ["flip a byte", "truncate", "delete"])
async def test_a_damaged_model_is_downloaded_again(s3: S3Server, tmp_path: Path, damage: str) -> None:
    s3.put("models", "damaged/model", MODEL)
    cache = make_cache(tmp_path)
    folder = await cache.ensure("s3://models/damaged", s3.environment(), ignore)
    file = folder / "model"
    if damage == "delete":
        file.unlink()
    else:
        file.write_bytes(MODEL[:100] if damage == "truncate" else b"\0" * len(MODEL))
    assert await cache.ensure("s3://models/damaged", s3.environment(), ignore) == folder
    assert everything(folder) == {"model": MODEL}
    assert nothing_half_done(tmp_path)


async def test_a_touched_file_is_hashed_and_kept(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "touched/model", MODEL)
    async with relay_to(s3.port) as relay:
        cache, environment = make_cache(tmp_path), s3.environment(relay.port)
        folder = await cache.ensure("s3://models/touched", environment, ignore)
        os.utime(folder / "model", ns=(1, 1))
        before = relay.sent_bytes
        await cache.ensure("s3://models/touched", environment, ignore)
        assert relay.sent_bytes - before < 10_000
    assert json.loads((folder.parent / "manifest.json").read_bytes())["files"][0]["modified_ns"] == 1


async def test_waiting_for_another_download_is_bounded(s3: S3Server, tmp_path: Path) -> None:
    s3.put("models", "stuck/model", MODEL)
    async with relay_to(s3.port) as relay:
        relay.delay_seconds = 0.05
        holder = await start_worker(tmp_path, "s3://models/stuck", s3.environment(relay.port))
        assert holder.stdout is not None
        assert (await holder.stdout.readline()).startswith(b"progress")
        with pytest.raises(ModelError, match="another process has been downloading s3://models/stuck"):
            await make_cache(tmp_path, 0.3).ensure("s3://models/stuck", s3.environment(), ignore)
        holder.kill()
        await holder.wait()


def wrong(s3: S3Server, **changes: str) -> dict[str, str]:
    return s3.environment() | changes


@pytest.mark.parametrize(
    ("uri", "changes", "says"),
    [
        (
            "s3://models/nowhere",
            {},
            ["s3://models/nowhere", "http://127.0.0.1", "nothing is stored", "upload"],
        ),
        ("s3://absent/x", {}, ['no bucket "absent"', "create it"]),
        (
            "s3://models/x",
            {"AWS_SECRET_ACCESS_KEY": "wrong-secret-value"},
            ["SignatureDoesNotMatch", "Secret"],
        ),
        ("s3://models/x", {"AWS_ACCESS_KEY_ID": "WRONGIDVALUE"}, ["refused with the given credentials"]),
        ("s3://models/x", {"AWS_SECRET_ACCESS_KEY": ""}, ["lack AWS_SECRET_ACCESS_KEY"]),
        ("s3://models/x", {"awsAnonymousCredential": "true"}, ["refused without credentials"]),
        ("s3://models/x", {"AWS_ENDPOINT_URL": "http://u:passphrase@127.0.0.1:1"}, ["connection", "failed"]),
        ("s3://models/x", {"AWS_ENDPOINT_URL": "http://nosuch.invalid"}, ["nosuch.invalid", "failed"]),
        ("s3:///x", {}, ["names no bucket"]),
        ("gs://models/x", {}, ['the scheme "gs" of gs://models/x', "s3://, file://"]),
        ("https://u:passphrase@host/x?sig=passphrase", {}, ['the scheme "https" of https://host/x']),
        ("models/x", {}, ["not an absolute path"]),
        ("/no/such/model", {}, ["no model at /no/such/model"]),
        ("file://elsewhere/models", {}, ["names the host 'elsewhere'"]),
    ],
)
async def test_errors_name_the_thing_and_the_fix_and_no_secret(
    s3: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    uri: str,
    changes: dict[str, str],
    says: list[str],
) -> None:
    monkeypatch.setattr("tradewind.node.models.retry.FIRST_DELAY_MS", 1)
    caplog.set_level("DEBUG")
    with pytest.raises(ModelError) as caught:
        await make_cache(tmp_path).ensure(uri, s3.environment() | changes, ignore)
    text = str(caught.value)
    assert [part for part in says if part not in text] == []
    shown = text + caplog.text
    secrets = [SECRET, KEY_ID, "wrong-secret-value", "WRONGIDVALUE", "passphrase"]
    assert [secret for secret in secrets if secret in shown] == []
    assert not (tmp_path / "models").exists() or model_folders(tmp_path) == []


async def test_a_disk_that_fills_up_is_cleaned_and_reported(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full answers every write as a full disk does."""
    s3.put("models", "large/model", MODEL)
    open_new = download._open_new
    monkeypatch.setattr(download, "_open_new", lambda path: open_new(Path("/dev/full")))
    with pytest.raises(ModelError) as caught:
        await make_cache(tmp_path).ensure("s3://models/large", s3.environment(), ignore)
    assert [
        part
        for part in (str(tmp_path), "needs 9000000 bytes", "are free", "Free space")
        if part not in str(caught.value)
    ] == []
    assert nothing_half_done(tmp_path)


async def test_a_model_that_cannot_fit_is_not_begun(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("models", "toolarge/model", MODEL)
    usage = shutil.disk_usage(tmp_path)._replace(free=9_000_001)
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: usage)
    async with relay_to(s3.port) as relay:
        with pytest.raises(ModelError, match="9000001 are free"):
            await make_cache(tmp_path).ensure("s3://models/toolarge", s3.environment(relay.port), ignore)
        assert relay.sent_bytes < 10_000


async def test_local_folders_are_used_where_they_are(tmp_path: Path) -> None:
    model = tmp_path / "my model"
    model.mkdir()
    cache = make_cache(tmp_path)
    assert await cache.ensure(str(model), {}, ignore) == model
    assert await cache.ensure(model.as_uri(), {}, ignore) == model


async def test_a_local_file_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    for name in ("model.joblib", "other.joblib"):
        (tmp_path / name).write_bytes(name.encode())
    cache = make_cache(tmp_path)
    for _ in range(2):
        folder = await cache.ensure(f"file://{tmp_path}/model.joblib", {}, ignore)
        assert everything(folder) == {"model.joblib": b"model.joblib"}
