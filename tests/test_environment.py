"""environment.yml (conda), pyproject.toml (pip) and constraints.txt (the exact set) say one thing.

A bound that is raised in one file and forgotten in another is found here, without any network.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONSTRAINTS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

# The few packages that conda-forge calls otherwise.
CONDA_NAME = {
    "torch": "pytorch",
    "playwright": "playwright-python",
    "jupyter-client": "jupyter_client",
    "jupyter-server": "jupyter_server",
}
# What the toolkit asks of its users, by the names they know (CLIP is open_clip).
ASKED_OF_USERS = (
    "torch",
    "open-clip-torch",
    "ipywidgets",
    "matplotlib",
    "scikit-learn",
    "umap-learn",
    "jupyterlab",
    "nbval",
)
# What Colab has of the kit's dependencies (github.com/googlecolab/backend-info, August 2026). Its
# running kernel has loaded most of them, so the kit's installation must not replace any.
COLAB = {
    "anywidget": "0.9.21",
    "filelock": "3.32.3",
    "gdown": "5.2.2",
    "ipython": "7.34.0",
    "ipywidgets": "7.7.1",
    "matplotlib": "3.10.0",
    "numpy": "2.1.3",
    "packaging": "26.3",
    "pandas": "2.2.3",
    "pillow": "11.3.0",
    "pooch": "1.9.0",
    "pydantic": "2.13.4",
    "requests": "2.32.4",
    "safetensors": "0.8.0",
    "scikit-learn": "1.6.1",
    "scipy": "1.16.3",
    "threadpoolctl": "3.6.0",
    "torch": "2.11.0",
    "tqdm": "4.67.3",
    "traitlets": "5.7.1",
    "umap-learn": "0.5.12",
}


def project_requirements(*extras: str) -> dict[str, Requirement]:
    """Requirements of the kit and of the named extras, by canonical name."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(r.name): r for r in map(Requirement, lines)}


def conda_specs() -> dict[str, SpecifierSet]:
    """Package -> version bound of every conda line, read by conda's own strict grammar."""
    specs = [
        MatchSpec(line, strict=True)
        for line in ENVIRONMENT["dependencies"]
        if isinstance(line, str)
    ]
    return {str(s.name.normalized): SpecifierSet(str(s.version or "")) for s in specs}


def pip_lines() -> list[str]:
    """The lines of the pip section."""
    return [
        line
        for part in ENVIRONMENT["dependencies"]
        if isinstance(part, dict)
        for line in part["pip"]
    ]


def test_conda_lines_name_each_package_once_on_conda_forge_alone():
    lines = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    assert len(conda_specs()) == len(lines)
    assert ENVIRONMENT["channels"] == ["conda-forge"]


def test_pip_section_installs_this_checkout_and_otherwise_parses():
    lines = pip_lines()
    assert "-e ." in lines
    for line in lines:
        if line != "-e .":
            assert Requirement(line).url is None, f"{line}: name a package, not an address"


@pytest.mark.parametrize("name", ASKED_OF_USERS)
def test_every_package_asked_of_users_is_named_everywhere(name: str):
    assert name in project_requirements("lab", "test")
    assert CONDA_NAME.get(name, name) in conda_specs()


def test_conda_and_pip_ask_for_the_same_packages_at_the_same_bounds():
    wanted = {
        CONDA_NAME.get(name, name): requirement.specifier
        for name, requirement in project_requirements("lab", "test").items()
    }
    specs = conda_specs()
    assert specs.pop("python") == SpecifierSet(PROJECT["requires-python"])
    specs.pop("pip")
    from_pip = [Requirement(line) for line in pip_lines() if line != "-e ."]
    specs |= {canonicalize_name(line.name): line.specifier for line in from_pip}
    assert specs == wanted


def test_every_requirement_has_a_lower_bound():
    for requirement in project_requirements("lab", "test", "recipes").values():
        assert [s.operator for s in requirement.specifier] == [">="], str(requirement)


def test_constraints_are_exact_and_without_options_or_addresses():
    assert len(set(CONSTRAINTS)) == len(CONSTRAINTS)
    for line in CONSTRAINTS:
        assert re.match(r"^[A-Za-z0-9._-]+==[^\s;]+( ; .+)?$", line), line
        assert "://" not in line


def test_constraints_meet_every_bound():
    exact: dict[str, list[str]] = {}
    for line in CONSTRAINTS:
        pinned = Requirement(line)
        (version,) = (s.version for s in pinned.specifier)
        exact.setdefault(canonicalize_name(pinned.name), []).append(version)
    for name, requirement in project_requirements("lab", "test").items():
        assert name in exact, f"{name} is not in constraints.txt"
        for version in exact[name]:
            assert requirement.specifier.contains(version), (
                f"{requirement}, but {version} is pinned"
            )


@pytest.mark.parametrize(("name", "version"), COLAB.items())
def test_an_installation_in_colab_replaces_nothing(name: str, version: str):
    assert project_requirements()[name].specifier.contains(version)


def test_packages_of_the_recipes_are_never_asked_of_a_user():
    recipe_only = {
        canonicalize_name(Requirement(line).name)
        for line in PROJECT["optional-dependencies"]["recipes"]
    }
    assert recipe_only.isdisjoint(project_requirements("lab", "test"))
    assert recipe_only.isdisjoint(conda_specs())
