"""DeltaMapper and the relevance rule against the arrays of the public reference."""

import pytest
import torch

from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.relevance import kept_channels
from deltaedit_kit.stylespace import StyleLayout
from tests.fixtures.parity.rule import rnd
from tests.parity.cases import assert_agrees, load_case

pytestmark = pytest.mark.slow

FFHQ = StyleLayout((512,) * 10 + (256, 256, 128, 128, 64, 64, 32))


def test_the_mapper_reproduces_the_published_architecture():
    case = load_case("delta_mapper")
    state = case.state_dict()
    mapper = DeltaMapper.from_state_dict(state, FFHQ)
    assert set(mapper.state_dict()) == set(state)
    with torch.no_grad():
        assert_agrees(mapper(case["s"], case["clip"], case["delta"]), case["delta_s"])


def test_relevance_keeps_the_published_channels():
    case = load_case("relevance")
    matrix = torch.from_numpy(rnd("fs3", 6048, 512))
    matrix = matrix / matrix.norm(dim=1, keepdim=True)
    kept = kept_channels(matrix, case["dt"], float(case["threshold"]))
    assert torch.equal(kept, case["kept"])
    assert 0 < int(kept.sum()) < 6048
