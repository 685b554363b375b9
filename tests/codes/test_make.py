"""make_codes: what is in the store, that it goes on, and that memory does not grow with it."""

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from deltaedit_kit import Editor
from deltaedit_kit.codes import Codes, CodeStore, make_codes
from deltaedit_kit.codes import make as makes
from deltaedit_kit.codes import store as stores
from deltaedit_kit.labs.training.processes import Rank, this_rank
from deltaedit_kit.relevance import compute_relevance
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.lock import only_writer
from tests.killing import kill_repeatedly
from tests.training.tiny import linear_codes, picture_domain


def same(a: CodeStore, b: CodeStore) -> bool:
    one, two = a.resident(w=True), b.resident(w=True)
    assert one.w_plus is not None
    assert two.w_plus is not None
    pairs = ((one.s, two.s), (one.clip, two.clip), (one.w_plus, two.w_plus))
    return all(torch.equal(x, y) for x, y in pairs)


def test_a_store_holds_style_embedding_and_w_of_the_same_picture(tmp_path):
    domain = picture_domain()
    seen = []
    store = make_codes(
        domain, tmp_path, 10, batch=4, chunk=6, progress=lambda *counts: seen.append(counts)
    )
    assert seen == [(0, 10), (4, 10), (6, 10), (10, 10)]
    assert (len(store), store.complete, len(store.shards)) == (10, True, 2)
    codes = store.resident(w=True)
    assert codes.w_plus is not None
    w_plus = codes.w_plus.float()
    s = domain.generator.to_style(w_plus)
    torch.testing.assert_close(codes.s.float(), s, atol=5e-3, rtol=5e-3)
    clip = domain.clip.encode_images(domain.generator.synthesize(s, w_plus), drawn=True)
    torch.testing.assert_close(codes.clip.float(), clip, atol=5e-3, rtol=5e-3)
    assert len(torch.unique(codes.s, dim=0)) == 10


def test_batches_of_any_size_and_a_longer_store_hold_the_same_codes(tmp_path):
    domain, settings = picture_domain(), {"chunk": 8, "truncations": (1.0, 0.5)}
    long = make_codes(domain, tmp_path / "long", 20, batch=3, **settings)
    make_codes(domain, tmp_path / "grown", 11, batch=8, **settings)
    grown = make_codes(domain, tmp_path / "grown", 20, batch=8, **settings)
    for a, b in zip(long.shards, grown.shards, strict=True):
        assert torch.equal(a.s, b.s)
        torch.testing.assert_close(a.clip, b.clip, atol=2e-3, rtol=0)
    assert len(make_codes(domain, tmp_path / "grown", 11, batch=8, **settings)) == 20


def test_unless_told_otherwise_as_many_are_drawn_at_once_as_fit(tmp_path, monkeypatch):
    """Thirty-two pictures of 1024 px at once would take 17 GB."""
    monkeypatch.setattr("deltaedit_kit.domain.domain.PICTURES_A_PASS", 3)
    seen = []
    make_codes(picture_domain(), tmp_path, 7, progress=lambda done, _: seen.append(done))
    assert seen == [0, 3, 6, 7]


def test_every_other_code_is_calmer(tmp_path):
    domain = picture_domain()
    codes = make_codes(domain, tmp_path, 64, truncations=(1.0, 0.3)).resident(w=True)
    assert codes.w_plus is not None
    spread = (codes.w_plus.float() - domain.generator.mean_w).norm(dim=(1, 2))
    assert spread[1::2].mean() < 0.6 * spread[::2].mean()


def test_bfloat16_pictures_give_nearly_the_same_embeddings(tmp_path, monkeypatch):
    domain = picture_domain()
    monkeypatch.setenv("DELTAEDIT_PRECISION", "bfloat16")  # whatever this machine likes
    stores = [make_codes(domain, tmp_path / str(fast), 8, fast=fast) for fast in (False, True)]
    assert [store.header.precision for store in stores] == ["float32", "bfloat16"]
    exact, fast = (store.resident() for store in stores)
    assert torch.equal(exact.s, fast.s)
    assert not torch.equal(exact.clip, fast.clip)
    assert (exact.clip.float() * fast.clip.float()).sum(1).min() > 0.99


def correlated(n: int, size: int, random: torch.Generator) -> torch.Tensor:
    """Rows of a group share all of z but the first number."""
    z = torch.randn(n // size, 1, 8, generator=random).repeat(1, size, 1)
    z[:, 1:, 0] += torch.arange(1, size)
    return z.flatten(0, 1)


def test_groups_lie_beside_each_other_and_share_a_truncation(tmp_path):
    domain, settings = (
        picture_domain(correlated=correlated),
        {"correlated": 4, "truncations": (1.0, 0.3)},
    )
    store = make_codes(domain, tmp_path / "a", 48, batch=7, chunk=16, **settings)
    assert store.header.correlated == 4
    codes = store.resident(w=True)
    assert codes.w_plus is not None
    w = codes.w_plus[:, 0].float().unflatten(0, (12, 4))
    within, between = w.std(dim=1).mean(), w.mean(dim=1).std(dim=0).mean()
    assert within < between
    spread = (w - domain.generator.mean_w).norm(dim=2)
    assert spread[1::2].mean() < 0.6 * spread[::2].mean()
    again = make_codes(domain, tmp_path / "b", 48, batch=5, chunk=16, **settings)
    assert torch.equal(again.resident().s, codes.s)
    assert make_codes(domain, tmp_path / "c", 8, correlated=5).header.chunk % 5 == 0


def test_groups_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(DeltaEditError, match=r"'tiny' draws no correlated codes.*at 1"):
        make_codes(picture_domain(), tmp_path, 8, correlated=4)
    with pytest.raises(DeltaEditError, match=r"break a group of 4; give a chunk of 8"):
        make_codes(picture_domain(correlated=correlated), tmp_path, 8, chunk=10, correlated=4)
    with pytest.raises(DeltaEditError, match="correlated"):
        make_codes(picture_domain(correlated=correlated), tmp_path, 8, correlated=0)


def test_parts_share_the_work_and_leave_one_store(tmp_path):
    domain = picture_domain()
    whole = make_codes(domain, tmp_path / "alone", 22, chunk=4, batch=4)
    second = make_codes(domain, tmp_path / "both", 22, chunk=4, batch=4, part=1, parts=2)
    assert not second.complete
    both = make_codes(domain, tmp_path / "both", 22, chunk=4, batch=4, part=0, parts=2)
    assert both.complete
    assert same(whole, both)


def test_a_rank_is_what_the_launcher_says(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert this_rank() == Rank()
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert this_rank() == Rank(3, 4, 1)
    assert this_rank().device("cuda") == "cuda:1"
    monkeypatch.setenv("RANK", "4")
    with pytest.raises(DeltaEditError, match="name no process"):
        this_rank()


def fill(folder: str) -> None:
    make_codes(picture_domain(), folder, 240, chunk=4, batch=4)


@pytest.mark.slow
def test_twenty_kills_lose_double_and_halve_nothing(tmp_path):
    kill_repeatedly(fill, (str(tmp_path / "unbroken"),), kills=0, seed=1, longest=0.0)
    hits = kill_repeatedly(fill, (str(tmp_path / "killed"),), kills=20, seed=1, longest=0.05)
    assert hits >= 10  # the rest were fast enough to finish first
    unbroken, killed = (CodeStore.open(tmp_path / name) for name in ("unbroken", "killed"))
    assert killed.complete
    assert same(unbroken, killed)
    names = {path.name for path in (tmp_path / "killed").iterdir()}
    assert names == {path.name for path in (tmp_path / "unbroken").iterdir()}  # no leftovers


def test_what_a_kill_left_beside_a_whole_shard_is_swept(tmp_path):
    domain = picture_domain()
    make_codes(domain, tmp_path, 8, chunk=4)
    names = {path.name for path in tmp_path.iterdir()}
    for name in sorted(name for name in names if not name.startswith(".")):
        (tmp_path / f".{name}.123.part").mkdir()
        (tmp_path / f".{name}.123.part" / ".tmpHalf").write_bytes(b"half")
    make_codes(domain, tmp_path, 8, chunk=4)
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_damaged_or_missing_shard_is_made_again(tmp_path):
    domain = picture_domain()
    whole = make_codes(domain, tmp_path / "a", 12, chunk=4, batch=4)
    make_codes(domain, tmp_path / "b", 12, chunk=4, batch=4)
    broken = stores.shard_path(tmp_path / "b", 1)
    broken.write_bytes(broken.read_bytes()[:-7])
    with pytest.raises(DeltaEditError, match=r"damaged.*delete it"):
        CodeStore.open(tmp_path / "b")
    stores.shard_path(tmp_path / "b", 2).unlink()
    assert same(whole, make_codes(domain, tmp_path / "b", 12, chunk=4, batch=4))


def test_other_codes_and_wrong_numbers_are_refused(tmp_path):
    domain = picture_domain()
    make_codes(domain, tmp_path, 4)
    with pytest.raises(DeltaEditError, match="seed"):
        make_codes(domain, tmp_path, 4, seed=1)
    other = picture_domain()
    with torch.no_grad():
        other.generator.style[1].weight += 1
    with pytest.raises(DeltaEditError, match="holds other codes: networks is"):
        make_codes(other, tmp_path, 4)
    for wrong in (
        {"n": 0},
        {"n": 4, "batch": 0},
        {"n": 4, "truncations": ()},
        {"n": 4, "seed": -1},
    ):
        with pytest.raises(DeltaEditError):
            make_codes(domain, tmp_path / "new", **wrong)


def test_a_run_that_failed_at_once_does_not_keep_the_folder(tmp_path, monkeypatch):
    domain = picture_domain()

    def broken(*_):
        raise DeltaEditError("a bad picture")

    with monkeypatch.context() as patched:
        patched.setattr(makes, "draw_codes", broken)
        with pytest.raises(DeltaEditError, match="a bad picture"):
            make_codes(domain, tmp_path, 4)
    assert make_codes(domain, tmp_path, 4, seed=1).header.source["seed"] == 1


def test_a_full_disk_is_a_clear_error_and_leaves_what_was_there(tmp_path, monkeypatch):
    domain = picture_domain()
    make_codes(domain, tmp_path, 4, chunk=4)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores, "save_tensors", full)
    with pytest.raises(DeltaEditError, match=r"No space left.*make room"):
        make_codes(domain, tmp_path, 8, chunk=4)
    assert len(CodeStore.open(tmp_path)) == 4


def test_no_more_codes_than_a_shard_are_ever_held(tmp_path, monkeypatch):
    alive: list[weakref.ref] = []
    held, draw = [], makes.draw_codes

    def drawn(*arguments):
        shard = draw(*arguments)
        alive.append(weakref.ref(shard.s))
        held.append(sum(len(s) for ref in alive if (s := ref()) is not None))
        return shard

    monkeypatch.setattr(makes, "draw_codes", drawn)
    assert len(make_codes(picture_domain(), tmp_path, 40, chunk=8, batch=4)) == 40
    assert max(held) <= 2 * 8  # a shard, and the batches that are being joined to it


def test_makers_with_other_numbers_of_parts_exclude_each_other(tmp_path, monkeypatch):
    domain = picture_domain()
    monkeypatch.setattr(makes, "LOOK", 0.0)
    for held, parts in (("codes-0-of-1", 2), ("codes-1-of-3", 1)):
        with (
            only_writer(tmp_path, held),
            pytest.raises(DeltaEditError, match=f"another process writes {held}"),
        ):
            make_codes(domain, tmp_path, 8, chunk=4, part=0, parts=parts)
    with only_writer(tmp_path, "codes-0-of-2"):  # our own other half
        make_codes(domain, tmp_path, 4, chunk=4, part=1, parts=2)
    assert make_codes(domain, tmp_path, 4, chunk=4).complete


def test_parts_of_codes_must_have_equal_lengths():
    codes = linear_codes(5)
    assert len(codes[torch.tensor([3, 1])]) == 2
    with pytest.raises(DeltaEditError, match="as many s as clip"):
        Codes(codes.s, codes.clip[:3], "tiny")


def test_what_the_notebook_set_for_torch_changes_no_code(tmp_path):
    domain = picture_domain()
    plain = make_codes(domain, tmp_path / "plain", 4, truncations=(1.0, 0.7))
    with torch.autocast("cpu", torch.bfloat16):
        rough = make_codes(domain, tmp_path / "autocast", 4, truncations=(1.0, 0.7))
    torch.set_default_device("meta")
    try:
        elsewhere = make_codes(domain, tmp_path / "meta", 4, truncations=(1.0, 0.7))
    finally:
        torch.set_default_device("cpu")
    assert same(plain, rough)
    assert same(plain, elsewhere)


@pytest.mark.parametrize("wrong", ["toyfaces", None, 3])
def test_what_is_no_domain_and_no_source_is_named(wrong: Any, tmp_path: Path) -> None:
    for ask in (
        lambda: make_codes(wrong, tmp_path / "codes", 4),
        lambda: compute_relevance(wrong),
        lambda: Editor(wrong),
    ):
        with pytest.raises(DeltaEditError, match=r"domain is a .*load_domain"):
            ask()
    if wrong is not None:
        with pytest.raises(DeltaEditError, match="source is a"):
            make_codes(picture_domain(), tmp_path / "codes", 4, source=wrong)
    assert not (tmp_path / "codes").exists()
