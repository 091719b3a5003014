"""Which build of a server's image is meant."""

import pytest

from tradewind.resources.core import Container, ResourceRequirements
from tradewind.resources.meta import ObjectMeta
from tradewind.resources.serving import ServingRuntime
from tradewind.serving.images import choose_image

GPU = {"nvidia.com/gpu": "1"}
MIG = {"nvidia.com/mig-1g.5gb": "1"}


@pytest.mark.parametrize(
    ("image", "runtime", "type_", "version", "limits", "wanted"),
    [
        ("tf:1.14", "kserve-tensorflow-serving", "", None, GPU, "tf:1.14-gpu"),
        ("tf:1.14", "kserve-tensorflow-serving", "", None, MIG, "tf:1.14-gpu"),
        ("tf:1.14-gpu", "kserve-tensorflow-serving", "", None, GPU, "tf:1.14-gpu"),
        ("tf:1.14", "kserve-tensorflow-serving", "", None, {}, "tf:1.14"),
        ("tf", "kserve-tensorflow-serving", "", None, GPU, "tf"),
        ("tf:1.14", "kserve-tensorflow-serving", "", "2.0", GPU, "tf:2.0"),
        ("tf", "any", "", "2.0", {}, "tf:2.0"),
        ("tf@sha256:abc", "any", "", "2.0", {}, "tf@sha256:abc"),
        ("vllm/vllm-openai:v1", "kserve-vllmserver", "", None, {}, "vllm/vllm-openai-cpu:v1"),
        ("vllm/vllm-openai-cpu:v1", "kserve-vllmserver", "", None, {}, "vllm/vllm-openai-cpu:v1"),
        ("vllm/vllm-openai:v1", "kserve-vllmserver", "", None, GPU, "vllm/vllm-openai:v1"),
        ("vllm/vllm-openai:v1", "mine", "", None, {}, "vllm/vllm-openai:v1"),
        ("vllm/vllm-openai:v1", "mine", "vllmserver", None, {}, "vllm/vllm-openai-cpu:v1"),
        ("registry:5000/tf", "any", "", "2.0", {}, "registry:5000/tf:2.0"),
    ],
)
def test_images(
    image: str, runtime: str, type_: str, version: str | None, limits: dict[str, str], wanted: str
):
    annotations = {"serving.kserve.io/server-type": type_} if type_ else {}
    chosen = choose_image(
        Container(image=image, resources=ResourceRequirements(limits=dict(limits))),
        ServingRuntime(metadata=ObjectMeta(name=runtime, annotations=annotations)),
        version,
    )
    assert chosen.image == wanted
