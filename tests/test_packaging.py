"""What pyproject.toml promises about the package holds for its files: imports, data, version."""

from __future__ import annotations

import ast
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import deltaedit_kit
from deltaedit_kit.toyfaces import learned, plain_clip

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OUR_OWN = {"deltaedit_kit", "recipes", "benchmarks", "tests"}
MISNAMED = {"dlib": ["dlib-bin"]}  # modules that the metadata of their package do not name


def imported_packages(folder: Path) -> set[str]:
    """Distributions that the files of a folder import by name, those of Python left out."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    installed = {**packages_distributions(), **MISNAMED}
    third_party = found - OUR_OWN - set(sys.stdlib_module_names)
    return {canonicalize_name(installed.get(name, [name])[0]) for name in third_party}


def declared(*extras: str) -> set[str]:
    """Canonical names of the kit's requirements and of the named extras."""
    project = PYPROJECT["project"]
    lines = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("deltaedit_kit", ("lab", "photos", "course")),
        ("benchmarks", ("test",)),
        ("recipes", ("lab", "test", "recipes", "site")),
        ("tests", ("lab", "test")),
    ],
)
def test_what_a_folder_imports_is_declared(folder: str, extras: tuple[str, ...]):
    undeclared = imported_packages(ROOT / folder) - declared(*extras)
    assert not undeclared, f"{folder}/ imports {sorted(undeclared)}: name them in pyproject.toml"


def test_every_file_of_the_package_is_packed():
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["*"]
    package = ROOT / "deltaedit_kit"
    left_out = [
        str(path.relative_to(package))
        for path in package.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.suffix != ".py"
        and not any(fnmatch(path.name, pattern) for pattern in patterns)
    ]
    assert left_out == []


def test_every_folder_with_code_is_a_package():
    for path in (ROOT / "deltaedit_kit").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py"


def test_shipped_weights_are_safetensors_with_cards_within_the_budget():
    weights = sorted((ROOT / "deltaedit_kit").rglob("*.safetensors"))
    added = [path for path in weights if path.parent in (learned.FOLDER, plain_clip.FOLDER)]
    assert added
    assert sum(path.stat().st_size for path in set(weights) - set(added)) <= 40e6
    assert sum(path.stat().st_size for path in added) <= 25e6
    for path in weights:
        assert path.with_suffix(".md").is_file(), f"{path.name} has no card"


def test_the_version_is_the_same_for_citations():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == deltaedit_kit.__version__
