"""Which build of a server's image is meant (kserve `utils.go`, UpdateImageTag)."""

import re

from tradewind.resources.core import Container
from tradewind.resources.meta import replace
from tradewind.resources.serving import ServingRuntime
from tradewind.resources.serving_names import SERVER_TYPE

# Families of servers whose image depends on the hardware, by the names of upstream's runtimes.
SERVER_TYPES = {
    "kserve-tensorflow-serving": "tensorflow-serving",
    "kserve-torchserve": "torchserve",
    "kserve-huggingfaceserver": "huggingfaceserver",
    "kserve-vllmserver": "vllmserver",
}
GPU_TAGGED = ("tensorflow-serving", "torchserve", "huggingfaceserver")
CPU_NAMED = "vllmserver"
_TAG = re.compile(r":[\w.\-]*$")


def choose_image(container: Container, runtime: ServingRuntime, version: str | None) -> Container:
    """The container with the image of `version`, else with that for a GPU or for none."""
    image = container.image
    if "@sha256:" in image:
        return container
    if version is not None:
        return replace(container, image=f"{_TAG.sub('', image)}:{version}")
    family = runtime.metadata.annotations.get(SERVER_TYPE) or SERVER_TYPES.get(runtime.metadata.name)
    tag = _TAG.search(image)
    if tag is None:
        return container
    repository = image[: tag.start()]
    if _has_gpu(container):
        tagged = family in GPU_TAGGED and not image.endswith("-gpu")
        return replace(container, image=f"{image}-gpu") if tagged else container
    named = family == CPU_NAMED and not repository.endswith("-cpu")
    return replace(container, image=f"{repository}-cpu{tag[0]}") if named else container


def _has_gpu(container: Container) -> bool:
    return any(
        name == "nvidia.com/gpu" or name.startswith("nvidia.com/mig") for name in container.resources.limits
    )
