"""`deltaedit doctor`: what this machine is and does, for a bug report or before a class.

deltaedit doctor
deltaedit doctor --json      the same for a program

A speed is measured for float32 and for what the machine multiplies natively; a low precision that
it would have to convert may take minutes, so it is never tried. Memory of the published domains is
counted from shapes (io/footprint.py). Warnings do not fail: exit code 0.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from deltaedit_kit import __version__
from deltaedit_kit.labs.cli.places import nearest
from deltaedit_kit.support.errors import DeltaEditError

FACES = 4  # drawn to measure sampling
LEAST_DISK, LEAST_MEMORY = 2.0, 4.0  # GiB: a torch and a published domain
GIB = 2**30


HELP = "describe this machine: processor, memory, precision, packages"
OPTIONS = {"--json": (bool, "print JSON, for a program")}


def run(options: argparse.Namespace) -> None:
    """Look at everything, print it, and name what is likely to go wrong."""
    found = examine()
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for part, rows in found.items():
        if part != "warnings":
            print(part)
            for name, value in rows.items():
                print(f"  {name:<22} {'-' if value is None else value}")
    for warning in found["warnings"]:
        print(f"warning: {warning}")
    print("no warnings" if not found["warnings"] else f"{len(found['warnings'])} warnings")


def examine() -> dict[str, Any]:
    """Everything that `doctor` shows, by part; "warnings" is a list of sentences."""
    warnings: list[str] = []
    return {
        "kit": {"version": __version__, "python": platform.python_version()},
        "machine": look_at_machine(warnings),
        "precision": measure_precision(warnings),
        "packages": compare_versions(warnings),
        "places": look_at_places(warnings),
        "published domains, memory": price_published(warnings),
        "warnings": warnings,
    }


def look_at_machine(warnings: list[str]) -> dict[str, Any]:
    """Processor, instruction set, cores, memory and GPU."""
    import torch

    memory = memory_size()
    if memory is not None and memory < LEAST_MEMORY:
        warnings.append(f"{memory:.1f} GiB of memory; the lessons want {LEAST_MEMORY:g}")
    gpu = None
    if torch.cuda.is_available():
        of_gpu = torch.cuda.get_device_properties(0)
        gpu = f"{of_gpu.name}, {of_gpu.total_memory / GIB:.0f} GiB, CUDA {torch.version.cuda}"
    usable = getattr(os, "sched_getaffinity", None)
    return {
        "system": platform.platform(),
        "processor": processor_name(),
        "instruction set": torch.backends.cpu.get_cpu_capability(),
        "limited to": os.environ.get("ONEDNN_MAX_CPU_ISA"),
        "cores": len(usable(0)) if usable else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory": None if memory is None else f"{memory:.1f} GiB",
        "GPU": gpu,
    }


def processor_name() -> str:
    """As the system names it; Linux hides the name in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def memory_size() -> float | None:
    """GiB of this machine, None where the system does not tell; a container's limit counts."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return None
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or "max"
        limit = size
    return min(size, limit) / GIB


def measure_precision(warnings: list[str]) -> dict[str, Any]:
    """What `fast` means here, and how fast each native precision multiplies and draws."""
    import torch

    from deltaedit_kit.labs.training.speed import gemm_peak
    from deltaedit_kit.support.device import name_precision, native_dtypes

    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        rows: dict[str, Any] = {"device": device, "chosen": name_precision(device)}
    except DeltaEditError as cause:  # DELTAEDIT_PRECISION names none
        warnings.append(str(cause))
        rows = {"device": device, "chosen": None}
    for dtype in (torch.float32, *native_dtypes(device)):
        name = str(dtype).removeprefix("torch.")
        rows[name] = f"{gemm_peak(device, name) / 1e9:,.0f} GFLOP/s"
    try:
        rows["sampling"] = f"{1000 * sampling_seconds(device):.0f} ms a toy face"
    except DeltaEditError as cause:
        warnings.append(f"no face can be sampled: {cause}")
        rows["sampling"] = None
    return rows


def sampling_seconds(device: str) -> float:
    """Seconds to sample and draw a face of toyfaces, after a first one that warms up."""
    from deltaedit_kit.io.loading import load_domain

    domain = load_domain("toyfaces", device=device)
    domain.sample(1, 0)
    start = time.perf_counter()
    domain.sample(FACES, 1)
    return (time.perf_counter() - start) / FACES


def compare_versions(warnings: list[str]) -> dict[str, Any]:
    """Version of each requirement of the installed kit, beside the bound that it asks for."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires("deltaedit-kit") or []
    except metadata.PackageNotFoundError:
        warnings.append("the kit is not installed, so nothing says what it needs; run `make setup`")
        lines = []
    rows: dict[str, Any] = {}
    for wanted in map(Requirement, lines):
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            warnings.append(f"{wanted.name} is missing; install {wanted}")
            rows[wanted.name] = None
            continue
        rows[wanted.name] = f"{version}  ({wanted.specifier})"
        if not wanted.specifier.contains(version, prereleases=True):
            warnings.append(f"{wanted.name} is {version}; the kit asks for {wanted.specifier}")
    return rows


def price_published(warnings: list[str]) -> dict[str, str]:
    """What each published domain takes, from its shapes; nothing is downloaded."""
    from deltaedit_kit.io.footprint import published_footprint
    from deltaedit_kit.io.loading import PUBLISHED, find_domain_files

    rows: dict[str, str] = {}
    memory = memory_size()
    for name in PUBLISHED:
        found = published_footprint(find_domain_files(name).spec.resolution)
        rows[name] = found.line()
        if memory is not None and found.edit > memory * GIB:
            warnings.append(f"{name} takes {found.edit / 1e9:.1f} GB to edit, more than is here")
    return rows


def look_at_places(warnings: list[str]) -> dict[str, Any]:
    """Cache and disk."""
    from deltaedit_kit.io.cache import cache_root

    cache = cache_root()
    place = nearest(cache)
    free = shutil.disk_usage(place).free / GIB
    if free < LEAST_DISK:
        warnings.append(f"{free:.1f} GiB free for the cache; a published domain takes 1 to 2")
    if not os.access(place, os.W_OK):
        warnings.append(f"{place} cannot be written; set DELTAEDIT_CACHE to a folder that can")
    return {
        "cache": str(cache),
        "cache size": f"{folder_size(cache) / 1e6:,.0f} MB",
        "free disk": f"{free:.1f} GiB",
    }


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder; links are not followed, what cannot be read counts as 0."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:  # deleted meanwhile
                continue
    return total
