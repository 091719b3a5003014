"""Image references in their parts, and how an imageOverrider changes one of them.

`[registry/]repository[:tag][@digest]`; what stands before the first slash is a registry only if it has a dot
or a colon or is `localhost`.

Upstream: `pkg/util/imageparser` and `pkg/util/overridemanager/imageoverride.go`.
"""

import re
from dataclasses import dataclass, replace

from tradewind.resources.policy_types import ImageOverrider

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<registry>localhost(?::\d+)?|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?|[A-Za-z0-9-]+:\d+)/)?"
    rf"(?P<repository>{_PART}(?:/{_PART})*)"
    rf"(?::(?P<tag>{_TAG.pattern}))?(?:@(?P<digest>{_DIGEST.pattern}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Image:
    """A reference; a part that is missing is "". Beside a tag a digest is not kept, as upstream."""

    repository: str
    registry: str = ""
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        name = f"{self.registry}/{self.repository}" if self.registry else self.repository
        if self.tag:
            return f"{name}:{self.tag}"
        return f"{name}@{self.digest}" if self.digest else name


def parse_image(text: str) -> Image:
    """The parts of a reference. Raises ValueError for a text that is none."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is not an image reference, [registry/]repository[:tag][@digest]')
    parts = found.groupdict(default="")
    return Image(
        parts["repository"], parts["registry"], parts["tag"], "" if parts["tag"] else parts["digest"]
    )


def override_image(text: str, overrider: ImageOverrider) -> str:
    """The reference after the change: `add` appends to the part, `replace` sets it, `remove` empties it.

    A tag or digest that would be none is left as it is, as upstream. Raises ValueError when `text` is none.
    """
    image = parse_image(text)
    value = overrider.value
    match overrider.component:
        case "Registry":
            changed = replace(image, registry=_changed(image.registry, overrider.operator, value))
        case "Repository":
            changed = replace(image, repository=_changed(image.repository, overrider.operator, value))
        case "Tag":
            version = image.tag or image.digest
            changed = _with_version(image, _changed(version, overrider.operator, value))
    return str(changed)


def _changed(part: str, operator: str, value: str) -> str:
    return {"add": part + value, "replace": value, "remove": ""}[operator]


def _with_version(image: Image, version: str) -> Image:
    if not version or _TAG.fullmatch(version):
        return replace(image, tag=version, digest="")
    if _DIGEST.fullmatch(version):
        return replace(image, tag="", digest=version)
    return image
