"""Is this domain what it should be? Asked once by whoever has the real files, for everybody else.

    files       name, bytes, SHA-256, and whether a published hash agrees
    sizes       resolution, widths of s, rows and width of w+, E
    statistics  |mean w|, its cosine with the mean of 10,000 codes, pictures
    edit        pictures of seed 0 before and after a sentence, and CLIP's score of both

Idea: nobody knows the true numbers before the first user prints them, so each is held against what
must be true of any such network, and two users can compare theirs. Pictures differ by rounding from
machine to machine, hence no hash of them: a thumbnail of 4 x 4 colours in 16 levels each, 48 hex
digits, which are the same if no digit differs by more than one.

Score: cos(CLIP picture, CLIP text), arXiv:2104.08718, without its factor.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict

import torch
from torch.nn import functional as F

from deltaedit_kit import __version__
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.spec import NETWORKS
from deltaedit_kit.editor import Editor
from deltaedit_kit.io.cache import sha256
from deltaedit_kit.io.loading import EMBEDDED, find_domain_files, load_domain
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from torch import Tensor

FACES, SEED, SENTENCES = 2, 0, 2
SAMPLES = 10_000  # codes w that a mean is compared with
CELLS, LEVELS, APART = 4, 16, 1  # of a thumbnail; digits that far apart are the same
LEAST_COSINE = 0.9  # of the stored mean of w with the estimated one
MOST_CLIPPED = 0.2  # share of a picture's numbers outside [-1, 1]
LEAST_CONTRAST = 0.05  # standard deviation of a picture
SAME_EDIT = 1e-5  # difference of two Δs that is rounding
DIGITS = 4

Rows = dict[str, Any]


class Report(TypedDict):
    """What `verify` found; JSON-able. `doubts` names each check that failed."""

    domain: str
    machine: Rows
    files: dict[str, Rows]
    sizes: Rows
    statistics: Rows
    edit: Rows
    doubts: list[str]


def verify(name: str | PathLike[str], device: str = "cpu") -> Report:
    """Look at everything of a domain once, downloading what is missing.

    Raises `DeltaEditError` as loading does: for a file with another hash, and one that no reader
    takes. A mapper or R that nobody has made is no error: then there is no edit.
    """
    domain = load_domain(name, device)
    doubts: list[str] = []
    files = {} if str(name) in EMBEDDED else files_of(name)
    statistics, pictures = statistics_of(domain, doubts)
    return Report(
        domain=domain.spec.name,
        machine={
            "kit": __version__,
            "torch": torch.__version__,
            "device": str(domain.device),
            "system": platform.platform(terse=True),
        },
        files=files,
        sizes={
            "resolution": domain.spec.resolution,
            "widths of s": list(domain.layout.widths),
            "rows and width of w+": [domain.generator.latent_rows, domain.generator.style_dim],
            "E": domain.clip.width,
            "fingerprint": domain.fingerprint(),
        },
        statistics=statistics,
        edit={"thumbnail before": pictures} | edit_of(domain, doubts),
        doubts=doubts,
    )


def files_of(name: str | PathLike[str]) -> dict[str, Rows]:
    """Every file of a domain that does not come with the kit; what there is none of says why."""
    domain_files, rows = find_domain_files(name), {}
    for network in NETWORKS:
        if not domain_files.has(network):
            rows[network] = {"none": domain_files.how_to_get(network)}
            continue
        path = domain_files.path(network)  # which raises where a published hash differs
        published = {file.name: file for file in domain_files.spec.published.get(network, ())}
        known = path.name in published and published[path.name]
        hashed = bool(known) and bool(known.sha256 or known.git_blob)
        rows[network] = {
            "file": path.name,
            "bytes": path.stat().st_size,
            "sha256": sha256(path),
            "hash": "as published" if hashed else "none is published",
        }
    return rows


@torch.no_grad()
def statistics_of(domain: Domain, doubts: list[str]) -> tuple[Rows, str]:
    """Numbers that are about the same on every machine, and the thumbnails of the first faces."""
    generator = domain.generator
    mean_w = generator.mean_w
    assert mean_w is not None  # the domain estimates it where a file lacks it
    w = domain.sample_w(SAMPLES, SEED)
    faces = domain.sample(FACES, SEED)
    with torch.no_grad():
        drawn = generator.synthesize(faces.s[:1], faces.w_plus[:1], noise="fixed")
    clipped = float((drawn.abs() > 1).float().mean())
    contrast = float(faces.images.std(dim=(1, 2, 3)).min())
    cosine = float(F.cosine_similarity(mean_w, w.mean(0), dim=0))
    found: Rows = {
        "|mean w|": rounded(mean_w.norm()),
        "mean w, cosine with its estimate": rounded(cosine),
        "std of w": rounded(w.std(0).mean()),
        "range of s": [rounded(faces.s.min()), rounded(faces.s.max())],
        "pictures, mean and std": [rounded(faces.images.mean()), rounded(faces.images.std())],
        "outside [-1, 1]": rounded(clipped),
        "two faces, cosine in CLIP": rounded(faces.clip[0] @ faces.clip[1]),
    }
    for doubtful, words in (
        (not cosine > LEAST_COSINE, f"mean w points elsewhere than its estimate ({cosine:.2f})"),
        (not clipped < MOST_CLIPPED, f"{clipped:.0%} of a picture lie outside [-1, 1]"),
        (not contrast > LEAST_CONTRAST, f"a picture is nearly one colour (std {contrast:.3f})"),
    ):
        if doubtful:
            doubts.append(words)
    return found, thumbnails(faces.images)


@torch.no_grad()
def edit_of(domain: Domain, doubts: list[str]) -> Rows:
    """The first sentences of the domain on the faces of seed 0."""
    try:
        faces, texts = domain.sample(FACES, SEED), list(domain.spec.examples[:SENTENCES])
        relevance = domain.relevance
        edit = Editor(domain).edit(faces, texts)
    except DeltaEditError as cause:
        return {"none": str(cause)}
    wanted = domain.clip.encode_texts(texts)
    rows: Rows = {"R, lengths of rows": [rounded(x) for x in torch.aminmax(relevance.norm(dim=1))]}
    for k, text in enumerate(texts):
        before = float((faces.clip @ wanted[k]).mean())
        after = float((domain.clip.encode_images(edit.after[k]) @ wanted[k]).mean())
        rows[text] = {
            "channels kept": int(edit.kept[k].sum()),
            "CLIP score": [rounded(before), rounded(after)],
            "|Δs|": rounded(edit.delta_s[k].norm(dim=1).mean()),
            "thumbnail after": thumbnails(edit.after[k]),
        }
        if not after > before:
            doubts.append(f"{text!r} does not raise CLIP's score ({before:.3f} to {after:.3f})")
        if not edit.kept[k].any():
            doubts.append(f"{text!r} may touch no channel: R or the threshold is another's")
        for other, theirs in zip(texts[:k], edit.delta_s, strict=False):
            if torch.allclose(theirs, edit.delta_s[k], atol=SAME_EDIT) and theirs.any():
                doubts.append(
                    f"{other!r} and {text!r} give the same edit: CLIP knows no difference"
                )
    return rows


def thumbnails(pictures: Tensor) -> str:
    """48 hex digits a picture [n, 3, H, W] in [-1, 1], one picture behind the other."""
    small = F.adaptive_avg_pool2d(pictures.float().cpu(), (CELLS, CELLS))
    levels = ((small + 1) / 2 * LEVELS).long().clamp(0, LEVELS - 1)
    return " ".join("".join(f"{n:x}" for n in one.flatten().tolist()) for one in levels)


def agree(ours: str, theirs: str) -> bool:
    """Whether two thumbnails show the same pictures, but for rounding."""
    pairs = list(zip(ours, theirs, strict=False))
    try:
        apart = [abs(int(a, 16) - int(b, 16)) for a, b in pairs if " " not in (a, b)]
    except (ValueError, TypeError):
        return False
    return len(ours) == len(theirs) and all(one <= APART for one in apart)


def differences(ours: Report, theirs: Mapping[str, Any]) -> list[str]:
    """What two reports disagree in: files, sizes and thumbnails, one line each."""
    found = []
    for part in ("files", "sizes", "edit"):
        other = theirs.get(part)
        for name, value in ours[part].items():
            there = other.get(name) if isinstance(other, dict) else None
            if not same(value, there):
                found.append(f"{part}, {name}: {value} here, {there} there"[:300])
    return found


def same(ours: Any, theirs: Any) -> bool:
    """Equal; thumbnails and CLIP's scores but for rounding."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = {key for key in ours if "thumbnail" in key or key in ("file", "bytes", "sha256")}
        return all(same(ours[key], theirs.get(key)) for key in keys)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours == theirs or agree(ours, theirs)
    return ours == theirs


def rounded(value: Tensor | float) -> float:
    """Four digits behind the point."""
    return round(float(value), DIGITS)


def lines(report: Report) -> Sequence[str]:
    """The report for people: one fact a line, to paste into an issue."""
    text = [f"domain: {report['domain']}"]
    for part in ("machine", "files", "sizes", "statistics", "edit"):
        text.append(f"{part}:")
        for name, value in report[part].items():
            rows = value.items() if isinstance(value, dict) else [("", value)]
            text += [f"  {name}{key and f', {key}'}: {one}" for key, one in rows]
    text += [f"doubt: {words}" for words in report["doubts"]]
    return [*text, f"{len(report['doubts'])} doubts" if report["doubts"] else "no doubts"]
