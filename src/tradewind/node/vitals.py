"""What a node knows of its machine (shell): system, kernel, and how much memory and disk are left."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Go's names, which Kubernetes uses


@dataclass(frozen=True)
class Vitals:
    """The machine as v1 NodeSystemInfo names it, and what the pressure conditions go by.

    Shares are from 0 to 1.
    """

    machine_id: str
    boot_id: str
    kernel_version: str
    os_image: str
    architecture: str
    memory_available_bytes: int
    disk_free_share: float
    inodes_free_share: float


def read_vitals(folder: Path) -> Vitals:
    """This machine now; the disk is that of the first of `folder` and its parents that exists."""
    while not folder.exists():
        folder = folder.parent
    disk = os.statvfs(folder)
    machine = platform.machine()
    return Vitals(
        machine_id=_line("/etc/machine-id"),
        boot_id=_line("/proc/sys/kernel/random/boot_id"),
        kernel_version=platform.release(),
        os_image=_os_image(),
        architecture=ARCHITECTURES.get(machine, machine),
        memory_available_bytes=_memory_available_bytes(),
        disk_free_share=_share(disk.f_bavail, disk.f_blocks),
        inodes_free_share=_share(disk.f_favail, disk.f_files),
    )


def _line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _os_image() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _memory_available_bytes() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


def _share(free: int, total: int) -> float:
    """Some file systems have no inodes to count; they never run out of them."""
    return free / total if total else 1.0
