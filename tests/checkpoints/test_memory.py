"""What loading costs: a network's numbers are held once, and those of its neighbours never."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from deltaedit_kit.io.checkpoints.budget import Budget
from deltaedit_kit.io.checkpoints.filling import own_memory
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.io.checkpoints.torch_files import Pages, read_legacy
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.skeleton import skeleton
from tests.checkpoints import nvidia, small


def test_networks_beside_the_generator_stay_in_the_file(tmp_path: Path) -> None:
    array = np.arange(10_000, dtype=np.float32)
    path = tmp_path / "network.pkl"
    path.write_bytes(nvidia.tf_pickle(small.generator(), beside=([("a", array)], [])))
    kept = read(path).tree[0].fields["variables"][0][1]
    assert np.array_equal(kept, array)
    while isinstance(kept, np.ndarray):
        kept = kept.base
    assert type(getattr(kept, "obj", kept)).__name__ == "mmap"


def test_pages_give_what_a_stream_gives() -> None:
    line = b"x" * 5000 + b"\n"
    stream = Pages(line + b"ab\n" + bytes(9000))
    assert (stream.readline(), stream.readline(), stream.tell()) == (line, b"ab\n", 5004)
    assert isinstance(stream.read(9), bytes)
    assert isinstance(stream.read(5000), memoryview)
    assert len(stream.read(99_999)) == 9000 - 9 - 5000
    assert (stream.read(1), stream.readline()) == (b"", b"")


def test_a_legacy_file_in_a_view_is_read_without_copies(tmp_path: Path) -> None:
    torch.save({"w": torch.arange(3000.0)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    raw = bytearray((tmp_path / "a.pt").read_bytes())
    tree = read_legacy(Pages(memoryview(raw)), Budget(len(raw)))
    storage = tree["w"].storage.data
    assert torch.equal(storage, torch.arange(3000.0))
    raw[-4:] = b"\0\0\0\0"
    assert storage[-1] == 0


def test_a_tensor_is_copied_only_out_of_memory_that_is_not_its_own() -> None:
    own = torch.randn(4, 4)
    assert own_memory(own).data_ptr() == own.data_ptr()
    for other in (own[:2], own.half(), own.T, torch.frombuffer(bytearray(64), dtype=torch.float32)):
        copy = own_memory(other)
        assert copy.data_ptr() != other.data_ptr()
        assert copy.dtype == torch.float32
        assert copy.is_contiguous()
        assert torch.equal(copy, other.float())


@pytest.mark.slow
def test_a_skeleton_has_shapes_and_loads_no_compiler() -> None:
    with skeleton():
        made = Generator(16, {4: 8, 8: 8, 16: 8}, 8, 2)
    assert {value.device.type for value in made.parameters()} == {"meta"}
    program = (
        "import sys\nfrom deltaedit_kit.clip_network import ClipNetwork, ClipSizes\n"
        "from deltaedit_kit.mapper import DeltaMapper\n"
        "from deltaedit_kit.stylegan2 import Generator\n"
        "from deltaedit_kit.stylespace import StyleLayout\n"
        "from deltaedit_kit.support.skeleton import skeleton\n"
        "with skeleton():\n"
        "    Generator(16, {4: 8, 8: 8, 16: 8}, 8, 2)\n"
        "    DeltaMapper(StyleLayout((8,) * 8), 8)\n"
        "    ClipNetwork(ClipSizes(8, 32, 16, 64, 1, 16, 60, 64, 1, 1, 1))\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.stdout.strip(), said.stderr) == ("False", "")
