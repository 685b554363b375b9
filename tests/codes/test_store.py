"""The store: what it costs, what it reads, what it refuses; and the released .npy files as one."""

import json
from contextlib import suppress

import numpy as np
import pytest
import torch
from PIL import Image

from deltaedit_kit.codes import CodeStore, make_codes
from deltaedit_kit.codes import store as stores
from deltaedit_kit.codes.header import FILE, StoreHeader
from deltaedit_kit.io.checkpoints.arrays import open_codes
from deltaedit_kit.labs.photo.code_sources import Photos, read_square
from deltaedit_kit.support.errors import DeltaEditError
from tests.training.tiny import picture_domain

PUBLISHED = StoreHeader("ffhq", 6048, 512, 512, 1, 18, "delta_edit", "00000000", count=258_000)


def test_published_codes_fit_into_three_and_a_half_gibibytes():
    assert PUBLISHED.bytes_a_code == 2 * (6048 + 512 + 512)
    assert PUBLISHED.count * PUBLISHED.bytes_a_code / 2**30 <= 3.5


def test_files_are_hardly_larger_than_their_numbers(tmp_path):
    store = make_codes(picture_domain(), tmp_path, 64, chunk=32)
    size = sum(path.stat().st_size for path in tmp_path.glob("*.safetensors"))
    assert size < 64 * store.header.bytes_a_code + 2 * 1024
    again = StoreHeader.read(tmp_path)
    assert again == store.header
    assert again.preprocessing == "plain"


def test_rows_are_read_across_shards_and_limits_hold(tmp_path):
    store = make_codes(picture_domain(), tmp_path, 20, chunk=8)
    whole = store.resident()
    assert torch.equal(store.resident(limit=9).clip, whole.clip[:9])
    assert whole.w_plus is None
    with pytest.raises(DeltaEditError, match="21 codes are asked for"):
        store.resident(limit=21)
    for wrong in ({"limit": "3"}, {"limit": 2.5}, {"limit": True}, {"device": "gpu"}):
        with pytest.raises(DeltaEditError, match=r"limit is|unknown device"):
            store.resident(**wrong)
    with pytest.raises(DeltaEditError, match="truncations is a float; give a list"):
        make_codes(picture_domain(), tmp_path / "other", 3, truncations=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "damage",
    [
        lambda header: header | {"format": "something else"},
        lambda header: header | {"style_width": -1},
        lambda header: header | {"dtype": "object"},
        lambda header: header | {"surprise": 1},
        lambda header: [header],
        lambda header: {key: value for key, value in header.items() if key != "domain"},
    ],
)
def test_a_damaged_header_is_one_line(tmp_path, damage):
    make_codes(picture_domain(), tmp_path, 4)
    header = json.loads((tmp_path / FILE).read_text())
    del header["checksum"]  # which would tell it before the checks of the entries
    (tmp_path / FILE).write_text(json.dumps(damage(header)))
    with pytest.raises(DeltaEditError, match="cannot read codes from"):
        CodeStore.open(tmp_path)


def test_no_flipped_bit_of_a_header_is_read(tmp_path):
    header = make_codes(picture_domain(), tmp_path, 12, chunk=8).header
    whole = (tmp_path / FILE).read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 7
        (tmp_path / FILE).write_bytes(damaged)
        with suppress(DeltaEditError):
            assert StoreHeader.read(tmp_path) == header  # another space, another spelling
    entries = {k: v for k, v in json.loads(whole).items() if k != "checksum"}
    (tmp_path / FILE).write_text(json.dumps(entries))  # as the kit wrote it before
    assert StoreHeader.read(tmp_path) == header


def test_a_shard_of_another_store_is_refused(tmp_path):
    domain = picture_domain()
    make_codes(domain, tmp_path / "a", 4)
    make_codes(domain, tmp_path / "b", 4, seed=1)
    name = "codes-000000.safetensors"
    (tmp_path / "a" / name).write_bytes((tmp_path / "b" / name).read_bytes())
    with pytest.raises(DeltaEditError, match="of another store"):
        CodeStore.open(tmp_path / "a")


def test_released_arrays_open_as_the_same_store(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for part, n in (("noise", 5), ("ffhq", 3)):
        for space, shape in (("s", (n, 10)), ("c", (n, 4)), ("w", (n, 3, 6))):
            array = rng.normal(size=shape).astype(np.float32)
            np.save(tmp_path / f"{space}space_{part}_feat.npy", array)
    store = open_codes(tmp_path, domain="ffhq")
    assert (len(store), store.domain, store.complete) == (8, "ffhq", True)
    codes = store.resident(w=True)
    assert codes.w_plus is not None
    released = torch.from_numpy(np.load(tmp_path / "wspace_ffhq_feat.npy"))
    assert torch.equal(codes.w_plus[5:], released.half())
    lengths = codes.clip.float().norm(dim=1)  # released as CLIP made them
    torch.testing.assert_close(lengths, torch.ones(8), rtol=0, atol=1e-3)
    monkeypatch.setattr(stores, "ROWS_A_COPY", 2)  # so that parts of 5 and 3 rows need several
    again = store.resident(w=True)
    assert again.w_plus is not None
    for one, other in zip(
        (codes.s, codes.clip, codes.w_plus), (again.s, again.clip, again.w_plus), strict=True
    ):
        assert torch.equal(one, other)
    assert torch.equal(store.resident(limit=6).s, codes.s[:6])
    (tmp_path / "wspace_noise_feat.npy").unlink()
    with pytest.raises(DeltaEditError, match=r"no w\+"):
        open_codes(tmp_path).resident(w=True)


def test_arrays_of_objects_and_other_shapes_are_refused(tmp_path):
    np.save(tmp_path / "cspace_noise_feat.npy", np.zeros((2, 4), np.float32))
    np.save(tmp_path / "sspace_noise_feat.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(DeltaEditError, match="Python objects"):
        open_codes(tmp_path)
    np.save(tmp_path / "sspace_noise_feat.npy", np.zeros((2, 3, 4), np.float32))
    with pytest.raises(DeltaEditError, match="of 2 dimensions"):
        open_codes(tmp_path)
    with pytest.raises(DeltaEditError, match="holds no codes"):
        open_codes(tmp_path / "nowhere")


def test_photographs_enter_through_an_encoder(tmp_path):
    domain = picture_domain()
    generator = domain.generator
    for name, grey in (("b.png", 250), ("a.jpg", 10)):
        Image.new("RGB", (90, 70), (grey, grey, grey)).save(tmp_path / name)
    seen = []

    def invert(pictures):
        seen.append(pictures)
        rows = torch.arange(generator.latent_rows).float()[None, :, None]
        return pictures.mean((1, 2, 3))[:, None, None] * (1 + rows).expand(
            len(pictures), -1, generator.style_dim
        )

    store = make_codes(
        domain, tmp_path / "codes", source=Photos.of(domain, tmp_path, invert), batch=1
    )
    assert [part.shape for part in seen] == [(1, 3, 64, 64)] * 2
    pictures = torch.cat(seen)
    assert pictures[0].max() < -0.8 < 0.8 < pictures[1].min()  # by name: a.jpg, then b.png
    assert (len(store), store.header.w_rows) == (2, generator.latent_rows)
    w_plus = store.resident(w=True).w_plus
    assert w_plus is not None
    torch.testing.assert_close(w_plus.float(), invert(pictures), atol=1e-2, rtol=1e-3)
    for option in ({"seed": 0}, {"truncations": (0.7,)}, {"correlated": 1}):
        source = Photos.of(domain, tmp_path, invert)
        with pytest.raises(DeltaEditError, match="leave them out"):
            make_codes(domain, tmp_path / "other", source=source, **option)
    (tmp_path / "c.png").write_text("no picture")
    with pytest.raises(DeltaEditError, match=r"c\.png.*remove it"):
        make_codes(domain, tmp_path / "more", source=Photos.of(domain, tmp_path, invert))
    (tmp_path / "c.png").unlink()
    (tmp_path / "c.png").symlink_to("nothing")  # told before hours of the others
    with pytest.raises(DeltaEditError, match=r"c\.png"):
        Photos.of(domain, tmp_path, invert)
    with pytest.raises(DeltaEditError, match="is no path"):
        Photos.of(domain, "n" * 400, invert)
    with pytest.raises(DeltaEditError, match=r"there is no folder .*nowhere; check the path"):
        Photos.of(domain, tmp_path / "nowhere", invert)
    with pytest.raises(DeltaEditError, match="n is missing"):
        make_codes(domain, tmp_path / "none")


def test_a_square_is_read_as_a_photo_is(tmp_path):
    deep = np.full((40, 50), 30_000, np.uint16)
    clear = np.zeros((40, 50, 4), np.uint8)
    for name, array, level in (("deep.png", deep, 30_000 / 65_535), ("clear.png", clear, 1.0)):
        Image.fromarray(array).save(tmp_path / name)
        square = read_square(tmp_path / name, 16)
        assert square.shape == (3, 16, 16)
        torch.testing.assert_close(square.mean().item() / 2 + 0.5, level, atol=3e-3, rtol=0)
