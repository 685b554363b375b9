"""`deltaedit doctor`: every part is there, and what is wrong is a warning."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from deltaedit_kit.labs.cli import doctor
from deltaedit_kit.labs.cli.main import main
from deltaedit_kit.labs.training import speed
from deltaedit_kit.support.errors import DeltaEditError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "sampling_seconds", lambda _: 0.05)
    monkeypatch.setenv("DELTAEDIT_CACHE", str(tmp_path / "cache"))


def test_json_has_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {"kit", "machine", "precision", "packages", "places", "warnings"}
    assert found["machine"]["cores"] >= 1
    assert found["precision"]["chosen"] in ("float32", "bfloat16", "float16")
    assert "torch" in found["packages"]


def test_text_names_the_parts_and_counts_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for word in ("processor", "GFLOP/s", "ms a toy face", "free disk", "warnings"):
        assert word in out


def test_a_version_below_its_bound_and_a_missing_package_warn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def version(name: str) -> str:
        if name == "scipy":
            raise metadata.PackageNotFoundError(name)
        return "0.0.1"

    monkeypatch.setattr(metadata, "version", version)
    warnings: list[str] = []
    rows = doctor.compare_versions(warnings)
    assert rows["scipy"] is None
    assert any("scipy is missing" in w for w in warnings)
    assert any("torch is 0.0.1" in w for w in warnings)


def test_only_native_precisions_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr("deltaedit_kit.support.device.native_dtypes", lambda _: ())
    monkeypatch.setattr(speed, "gemm_peak", lambda _, name: tried.append(name) or 1.0)
    doctor.measure_precision([])
    assert tried == ["float32"]


def test_a_wrong_setting_and_a_broken_domain_are_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> float:
        raise DeltaEditError("weights are gone")

    monkeypatch.setenv("DELTAEDIT_PRECISION", "float7")
    monkeypatch.setattr(doctor, "sampling_seconds", broken)
    warnings: list[str] = []
    rows = doctor.measure_precision(warnings)
    assert (rows["chosen"], rows["sampling"]) == (None, None)
    assert len(warnings) == 2


def test_the_size_of_a_folder_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "up").symlink_to("/")
    assert 5 <= doctor.folder_size(tmp_path) < 100
    assert doctor.folder_size(tmp_path / "nothing") == 0
