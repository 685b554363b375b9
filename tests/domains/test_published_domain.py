"""Domains whose files lie elsewhere: a folder of one's own, and published ones, offline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.domain.spec import NETWORKS
from deltaedit_kit.io import download, listing
from deltaedit_kit.io.cache import downloads_folder, own_folder
from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.listing import list_files, skipped, table, why_not_here
from deltaedit_kit.io.loading import PUBLISHED
from deltaedit_kit.io.standin import write_standin
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.support.atomic import load_tensors, save_tensors
from deltaedit_kit.support.errors import DeltaEditError
from tests.domains.server import serving


@pytest.fixture
def folder(standin: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(standin, tmp_path / "mine"))


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DELTAEDIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download fails the test at once; those that want one patch it back."""

    def refuse(address: str, *_: object) -> Path:
        raise AssertionError(f"asked the network for {address}")

    monkeypatch.setattr(download, "transferred", refuse)


def change(folder: Path, **changes: Any) -> None:
    path = folder / "domain.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.slow
def test_a_folder_gives_the_same_object_as_toyfaces(standin: Path) -> None:
    for name in (standin, str(standin)):
        assert load_domain(name).spec.name == "stand-in"
    domain = load_domain(standin)
    assert domain.folder == standin.resolve()
    assert domain.layout.total == sum(domain.generator.style_widths)
    faces = domain.sample(2, seed=1)
    edit = Editor(domain).edit(faces, ["face with smile", "face with bangs"])
    assert edit.after.shape == (2, 2, 3, 64, 64)
    assert 0 < int(edit.kept.sum()) < edit.kept.numel()
    assert not torch.allclose(edit.after[0], edit.before, atol=1e-3)
    again = Editor(load_domain(standin)).replay(edit.recipe)
    assert torch.allclose(again.after, edit.after, atol=1e-4)


def test_inversion_and_identity_take_the_domains_own_pictures(standin: Path) -> None:
    domain = load_domain(standin)
    faces = domain.sample(2, seed=1)
    w_plus = domain.inversion(faces.images)
    assert w_plus.shape == faces.w_plus.shape
    assert domain.faces_from(domain.generator.to_style(w_plus), w_plus).images.isfinite().all()
    unit = domain.identity(faces.images)
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(2))
    assert not domain.inversion.training
    assert not any(p.requires_grad for p in domain.inversion.parameters())


def test_encoder_without_a_mean_code_starts_from_the_generators(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "inversion.safetensors")
    tensors.pop("latent_avg")
    save_file(tensors, folder / "inversion.safetensors")
    generator = load_domain(folder).generator.checkpoint()
    save_file(generator, folder / "generator.safetensors")
    domain = load_domain(folder)
    mean = domain.inversion.network.mean_w
    torch.testing.assert_close(mean[0], generator["latent_avg"])
    assert mean.shape == (domain.generator.latent_rows, domain.generator.style_dim)


def test_the_stand_in_is_the_same_every_time(standin: Path, tmp_path: Path) -> None:
    again = write_standin(tmp_path / "again")
    for network in NETWORKS:
        name = f"{network}.safetensors"
        assert (again / name).read_bytes() == (standin / name).read_bytes()


@pytest.mark.parametrize("network", ["mapper", "relevance"])
def test_what_nobody_published_says_how_to_make_it(tmp_path: Path, network: str) -> None:
    rest = [name for name in NETWORKS if name != network]
    domain = load_domain(write_standin(tmp_path / "part", "mine", rest))
    with pytest.raises(DeltaEditError) as caught:
        getattr(domain, network)
    message = str(caught.value)
    assert f"domain 'mine' has no {network}: this stand-in was written without it" in message
    place = tmp_path / "part"  # a folder is called by its path
    commands = [f"deltaedit relevance {place}"]
    if network == "mapper":
        commands = [f"deltaedit codes {place} --samples 200000", f"deltaedit train {place}"]
    for command in commands:
        assert f"`{command}`" in message
        options = cli.make_parser().parse_args(command.split()[1:])  # the terminal takes it so
        assert options.domain == str(place)
    assert str(place / f"{network}.safetensors") in message


def test_a_path_with_spaces_can_be_pasted_into_a_terminal(tmp_path: Path) -> None:
    folder = write_standin(tmp_path / "my domain", "mine", ["generator", "clip"])
    with pytest.raises(DeltaEditError, match=r"`deltaedit relevance '.*my domain'`"):
        _ = load_domain(folder)._networks.relevance()


def test_what_was_made_here_is_found(standin: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    folder = write_standin(made, "mine", ["generator", "clip"])
    assert load_domain(folder).inversion is None
    for network in ("mapper", "relevance"):
        shutil.copy(standin / f"{network}.safetensors", made)
    domain = load_domain(folder)
    assert domain.mapper.clip_width == domain.clip.width
    assert domain.relevance.shape == (domain.layout.total, domain.clip.width)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_domains_load_without_touching_the_network(name: str, empty_cache: Path) -> None:
    domain = load_domain(name)
    assert domain.folder == own_folder(name) == empty_cache / name
    assert repr(domain).startswith(f"Domain({name!r}, ")
    assert not empty_cache.exists()
    with pytest.raises(AssertionError, match="asked the network for https://"):
        _ = domain.generator


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name.startswith("lsun")])
def test_lsun_names_the_commands_that_make_what_is_missing(name: str, empty_cache: Path) -> None:
    files = load_domain(name)._networks
    with pytest.raises(DeltaEditError, match=f"`deltaedit relevance {name}`"):
        files.relevance()
    with pytest.raises(DeltaEditError, match=f"`deltaedit codes {name} .*`deltaedit train {name}`"):
        files.mapper(None, 512)  # type: ignore[arg-type]
    assert load_domain(name).identity is None
    assert (load_domain(name)._networks.inversion is None) == (name == "lsun-cat")


def test_files_of_a_published_domain_come_from_the_cache(
    standin: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of lsun-cat with small files: a server, the cache, R made here."""
    from deltaedit_kit.io import loading

    monkeypatch.undo()  # downloads work again; the cache is set once more below
    monkeypatch.setenv("DELTAEDIT_CACHE", str(empty_cache))
    declaration = json.loads((standin / "domain.json").read_text())
    with serving() as site:
        for network in ("generator", "clip"):
            name = f"{network}.safetensors"
            site.files[name] = (standin / name).read_bytes()
            declaration["networks"][network] = [{"file": name, "addresses": [site.url(name)]}]
        for network in ("mapper", "relevance", "inversion", "identity"):
            del declaration["networks"][network]
        mine = empty_cache.parent / "published"
        mine.mkdir()
        (mine / "lsun-cat.json").write_text(json.dumps(declaration))
        monkeypatch.setattr(loading, "files", lambda _: mine)
        domain = load_domain("lsun-cat")
        assert domain.sample(1).images.shape == (1, 3, 64, 64)
        assert {path for path, _ in site.asked} == {"generator.safetensors", "clip.safetensors"}
    assert (downloads_folder() / "generator.safetensors.sha256").exists()
    own_folder("lsun-cat").mkdir()
    shutil.copy(standin / "relevance.safetensors", own_folder("lsun-cat"))
    assert load_domain("lsun-cat").relevance.shape[0] == domain.layout.total


def test_wrong_networks_are_refused_by_name(folder: Path) -> None:
    change(folder, resolution=128)
    with pytest.raises(DeltaEditError, match="draws 64 px, domain 'stand-in' is declared with 128"):
        _ = load_domain(folder).generator
    change(folder, resolution=64, style_widths=[16] * 9)
    with pytest.raises(DeltaEditError, match=r"style widths \[.*'stand-in' is declared with \[16"):
        _ = load_domain(folder).generator
    change(folder, style_widths=[])
    shutil.copy(folder / "clip.safetensors", folder / "generator.safetensors")
    with pytest.raises(DeltaEditError, match=r"generator\.safetensors"):
        _ = load_domain(folder).generator
    (folder / "mapper.safetensors").unlink()
    with pytest.raises(DeltaEditError, match="put it in"):
        _ = load_domain(folder)._networks.mapper(None, 64)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mapper", "relevance"])
@pytest.mark.parametrize("converted", [False, True])
def test_what_was_made_for_other_networks_is_refused(
    network: str, converted: bool, folder: Path, tmp_path: Path
) -> None:
    """Church and cat have the same sizes: only the header of a file tells them apart."""
    path = folder / f"{network}.safetensors"
    tensors, _ = load_tensors(path)
    own = load_domain(folder).fingerprint()

    def with_header(header: dict[str, str]) -> torch.Tensor | torch.nn.Module:
        save_tensors(path, tensors, header)
        if converted:
            convert(path, tmp_path / "converted.safetensors")
            shutil.copy(tmp_path / "converted.safetensors", path)
        return getattr(load_domain(folder), network)

    for header in (
        {"domain": "lsun-church", "networks": "0badc0de"},
        {"domain": "stand-in", "networks": "0badc0de"},
        {"domain": "lsun-church"},
    ):
        named = header.get("networks", header["domain"])
        with pytest.raises(DeltaEditError, match=f"{network}.*'{named}'"):
            with_header(header)
    for header in ({"domain": "renamed", "networks": own}, {"domain": "stand-in"}, {}):
        assert with_header(header) is not None


@pytest.mark.parametrize("name", ["no/such/folder", "./toyface", "\0", "ffhq2", Path("absent")])
def test_folders_that_are_none_are_named(name: Any) -> None:
    with pytest.raises(DeltaEditError, match=r"(domain\.json|unknown domain)"):
        load_domain(name)


def test_known_names_win_over_folders(
    tmp_path: Path, standin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(standin, tmp_path / "ffhq")
    monkeypatch.chdir(tmp_path)
    assert load_domain("ffhq").spec.resolution == 1024
    assert load_domain("./ffhq").spec.resolution == 64


def test_listing_says_what_is_here_and_what_is_missing(
    standin: Path, empty_cache: Path, tmp_path: Path
) -> None:
    rows = {row.network: row for row in list_files("lsun-horse")}
    assert list(rows) == list(NETWORKS)
    assert rows["generator"].state == "to download"
    assert rows["mapper"].state == rows["identity"].state == "none"
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / rows["clip"].file).write_bytes(b"")
    own_folder("lsun-horse").mkdir()
    shutil.copy(standin / "mapper.safetensors", own_folder("lsun-horse"))
    rows = {row.network: row for row in list_files("lsun-horse")}
    assert (rows["clip"].state, rows["mapper"].state) == ("here", "made here")
    text = table(rows.values())
    assert text.splitlines()[0].split()[:4] == ["network", "file", "MB", "state"]
    assert "to download: 357 MB, and 1 file whose size nobody published" in text
    assert list_files("toyfaces") == []


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(listing, "usable_device", lambda device: device)
    return


def test_why_a_large_domain_cannot_run_here(
    gpu: None, standin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def silent(files: Any) -> bool:
        asked.extend(file.name for file in files)
        return False

    monkeypatch.setattr(listing, "any_answers", silent)
    reason = why_not_here("ffhq")
    assert reason == (
        "stylegan2-ffhq-config-f.pkl is not in the cache, and no server that has it answers"
    )
    assert asked[0] == "stylegan2-ffhq-config-f.pkl"
    assert why_not_here(standin) is None
    rest = write_standin(tmp_path / "rest", "mine", ["generator", "clip", "mapper"])
    assert f"`deltaedit relevance {rest}`" in str(why_not_here(rest))


def test_without_a_gpu_the_device_is_the_reason() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert why_not_here("ffhq") == "torch finds no CUDA GPU on this machine"


def test_servers_are_asked_once_each(gpu: None) -> None:
    with serving() as site:
        from deltaedit_kit.domain.spec import PublishedFile

        file = PublishedFile("a", (site.url("a"), site.url("b")))
        assert listing.any_answers([file])
    assert not listing.any_answers([file])


def test_a_lesson_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    skipped("1024 px", None)
    assert capsys.readouterr().out == ""
    skipped("1024 px", "no GPU")
    assert capsys.readouterr().out.startswith("left out: 1024 px (no GPU);")
