"""Controllers for kinds that may change while they run (shell)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress

from tradewind.client.base import Client, Listing
from tradewind.controller.run import Runner
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.custom_kinds import custom_kinds
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.2  # definitions come in files of many; the controllers begin anew once for all of them


async def run_controllers(client: Client, make_runner: Callable[[Sequence[Kind]], Runner]) -> None:
    """Run the controllers of the custom kinds that there are; when these change, stop all and begin anew with
    those that there are then, which is the same as a start of the process. Ends only when cancelled."""
    while True:
        definitions = await client.list(CUSTOM_RESOURCE_DEFINITION)
        runner = make_runner(custom_kinds(definitions.items))
        tasks = [
            asyncio.ensure_future(runner.run()),
            asyncio.ensure_future(_until_changed(client, definitions)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        log.info("the custom kinds have changed; the controllers begin anew")


async def _until_changed(client: Client, known: Listing) -> None:
    """Wait until the definitions define other kinds than those known."""
    while _defined(listing := await client.list(CUSTOM_RESOURCE_DEFINITION)) == _defined(known):
        with suppress(ApiError):  # too old to go on from: list again
            watch = client.watch(CUSTOM_RESOURCE_DEFINITION, resource_version=listing.resource_version)
            async with aclosing(watch) as events:  # type: ignore[type-var]
                await anext(aiter(events), None)
        await asyncio.sleep(SETTLE_SECONDS)


def _defined(definitions: Listing) -> list[Manifest]:
    """What of CustomResourceDefinitions decides about the kinds that are served."""
    return [
        {
            "spec": one["spec"],
            "names": one["status"].get("acceptedNames"),
            "conditions": {each["type"]: each["status"] for each in one["status"].get("conditions", [])},
        }
        for one in definitions.items
    ]
