"""A client in a loop: many connections, each asking for a long list again as soon as it has one.

python -m tests.apiserver.greedy URL HOME CONNECTIONS PATH
"""

import asyncio
import ssl
import sys
from pathlib import Path

import aiohttp


async def run(url: str, home: Path, connections: int, path: str) -> None:
    """Ask until killed."""
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    context.load_cert_chain(home / "admin.crt", home / "admin.key")
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

    async def ask() -> None:
        while True:
            async with session.get(path, headers=table) as answer:
                await answer.read()

    timeout = aiohttp.ClientTimeout(120)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as session:
        await asyncio.gather(*(ask() for _ in range(connections)))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
