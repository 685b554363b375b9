"""A domain written down: JSON that names files, words and settings, and nothing that could run.

    {"format": "deltaedit-domain", "version": 1, "name": "ffhq", "resolution": 1024, ...,
     "networks": {"generator": [{"file": "...", "addresses": ["https://..."], "sha256": "..."}]},
     "absent": {"mapper": "none was published"}}

The published domains of the kit and a folder of one's own are written in the same form. What the
form does not know is refused by name, since a misspelt `treshold` would be ignored silently; a
file name is a plain name, so that no declaration, whoever wrote it, can point outside its folder.
`resolution` and, where given, `style_widths` are facts of the generator, compared when it loads.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from deltaedit_kit.clip_tokenizer import open_clip_file
from deltaedit_kit.domain.spec import NETWORKS, DomainSpec, End, Factor, PublishedFile
from deltaedit_kit.support.atomic import check_regular_file, write_text
from deltaedit_kit.support.errors import DeltaEditError, did_you_mean

FORMAT, VERSION = "deltaedit-domain", 1
USUAL = ("a white {}", "a black {}", "a small {}", "a happy {}")  # examples of any domain
FILE_NAME = "domain.json"  # of the declaration in a folder of one's own
RENDERER = "renderer.py"  # beside it: a project, whose networks `deltaedit build` makes
LARGEST = 1_000_000  # bytes of a declaration; an honest one has some thousand
LEFT_OUT = "a photo of many {}."  # the one of CLIP's 80 frames that DeltaEdit does not use

Network = Literal["generator", "clip", "mapper", "relevance", "inversion", "identity"]
assert get_args(Network) == NETWORKS
Text = Annotated[str, Field(pattern=r"\S", description="a text")]
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows opens those
PLAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")


def plain_name(name: str) -> str:
    """`name` if it is that of a file or folder, which leads nowhere else; else ValueError."""
    if not PLAIN.fullmatch(name) or DEVICE.fullmatch(name):
        raise ValueError("give a plain name of letters, digits, '.', '_' and '-', and no device's")
    return name


PlainName = Annotated[str, AfterValidator(plain_name)]


class Form(BaseModel):
    """Fields are what they say: no text for a number, no field that the form does not have."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FileForm(Form):
    """One file of a network."""

    file: PlainName
    addresses: list[Annotated[str, Field(pattern=r"^https?://\S+$")]] = []
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    git_blob: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    megabytes: Annotated[FiniteFloat, Field(gt=0)] | None = None
    licence: str = ""
    page: str = ""
    facts: str = ""

    def plain(self) -> PublishedFile:
        """The same as the kit's plain data."""
        fields = self.model_dump(exclude={"file", "addresses"})
        return PublishedFile(self.file, tuple(self.addresses), **fields)


class EndForm(Form):
    """One end of a factor."""

    name: PlainName
    says: Annotated[list[Annotated[str, Field(pattern=r"\{\}")]], Field(min_length=1)]


class FactorForm(Form):
    """A factor that pictures were drawn from."""

    name: PlainName
    low: EndForm
    high: EndForm

    def plain(self) -> Factor:
        """The same as the kit's plain data."""
        ends = (End(end.name, tuple(end.says)) for end in (self.low, self.high))
        return Factor(self.name, *ends)


def all_different(factors: list[FactorForm]) -> list[FactorForm]:
    """`factors` where no two factors and no two ends have one name; else ValueError."""
    for names in (
        [factor.name for factor in factors],
        [end.name for factor in factors for end in (factor.low, factor.high)],
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"give every factor and every end a name of its own, not {twice[0]!r}")
    return factors


class DomainForm(Form):
    """A whole declaration."""

    format: Literal["deltaedit-domain"]
    version: Literal[1]
    name: PlainName
    title: Text
    resolution: Annotated[int, Field(ge=32, le=4096)]
    neutral: Text
    threshold: FiniteFloat
    strength: FiniteFloat
    truncation: FiniteFloat
    preprocessing: Text
    licence: Text
    relevance_preprocessing: Text | None = None
    clip_model: Text | None = None
    style_widths: list[Annotated[int, Field(ge=1)]] = []  # of s, layer after layer
    templates: list[Text] | Literal["imagenet"] = []
    examples: list[str] = []
    factors: Annotated[list[FactorForm], AfterValidator(all_different)] = []
    networks: dict[Network, Annotated[list[FileForm], Field(min_length=1)]] = {}
    absent: dict[Network, Text] = {}

    def plain(self) -> DomainSpec:
        """The same as the kit's plain data; DeltaEditError where settings make no sense."""
        same = {"name", "title", "resolution", "neutral", "threshold", "strength", "truncation"}
        same |= {"preprocessing", "licence", "relevance_preprocessing", "clip_model"}
        same |= {"absent"}
        return DomainSpec(
            templates=templates(self.templates),
            style_widths=tuple(self.style_widths),
            examples=tuple(self.examples or self.usual_examples()),
            factors=tuple(factor.plain() for factor in self.factors),
            published={
                network: tuple(file.plain() for file in files)
                for network, files in self.networks.items()
            },
            **self.model_dump(include=same),
        )

    def usual_examples(self) -> list[str]:
        """Sentences for a domain that names none: of its factors, or what most things can be."""
        says = [factor.high.says[0] for factor in self.factors] or USUAL
        return [phrase.replace("{}", self.neutral) for phrase in says]


def declare(name: str, title: str, resolution: int, neutral: str, **more: Any) -> dict[str, Any]:
    """A declaration to be written, with DeltaEdit's settings; `more` are fields of the form."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "title": title,
        "resolution": resolution,
        "neutral": neutral,
        "threshold": 0.03,
        "strength": 1.0,
        "truncation": 0.7,
        **more,
    }


def write_declaration(folder: Path, declaration: dict[str, Any]) -> None:
    """Write it into a folder. Raises OSError where nothing can be written."""
    text = json.dumps(declaration, indent=2, ensure_ascii=False)
    write_text(folder / FILE_NAME, f"{text}\n")


def read_declaration(path: Path) -> DomainSpec:
    """The domain that the JSON file at `path` declares.

    Raises `DeltaEditError` naming the file, the field, and what is accepted there.
    """
    try:
        path = check_regular_file(path)
        if path.stat().st_size > LARGEST:
            raise DeltaEditError(f"{path} is larger than {LARGEST} bytes: no domain is declared so")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as cause:
        raise DeltaEditError(
            f"cannot read a domain from {path}: {cause}; give a folder with a {FILE_NAME}"
        ) from None
    return declared(content, str(path))


def declared(content: Any, where: str) -> DomainSpec:
    """The domain that parsed JSON declares; `where` names it in errors, raised as above."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DeltaEditError(f'{where} declares no domain; begin it with {{"format": "{FORMAT}"}}')
    try:
        return DomainForm.model_validate(content).plain()
    except ValidationError as cause:
        raise DeltaEditError(f"{where}: {first_fault(cause)}") from None
    except DeltaEditError as cause:
        raise DeltaEditError(f"{where}: {cause}") from None


def first_fault(cause: ValidationError) -> str:
    """The first thing that does not fit a form: which field, what it holds, what is accepted."""
    fault = cause.errors(include_url=False)[0]
    where = [str(part)[:60] for part in fault["loc"] if part != "[key]"] or ["the declaration"]
    *inside, field = where  # a rule over several fields, or over the names at the top, has no place
    place, of_key = ".".join(inside), fault["loc"][-1:] == ("[key]",)
    if fault["type"] == "extra_forbidden" or of_key:
        known = {*FileForm.model_fields} if "networks" in inside else {*DomainForm.model_fields}
        known = {*NETWORKS} if of_key else known
        near = did_you_mean(field, sorted(known), likeness=0.6).rstrip()
        advice = near or f"known: {', '.join(sorted(known))}"
        return f"there is no field {field!r}{place and f' in {place}'}; {advice}"
    name = f"{place}.{field}" if place else field
    if fault["type"] == "missing":
        return f"{name} is missing; add it"
    given = repr(fault["input"])[:60] if isinstance(fault["input"], str | float | int) else "there"
    reason = fault["msg"].removeprefix("Value error, ")
    return f"{name} is {given}, and that does not fit: {reason}; mend it"


def templates(value: list[str] | Literal["imagenet"]) -> tuple[str, ...]:
    """The frames of texts: a list, or "imagenet" for the 79 that DeltaEdit averages texts over.

    open_clip carries those.
    """
    if value != "imagenet":
        return tuple(value)
    module = open_clip_file("zero_shot_metadata")
    frames = (frame("{}") for frame in module.OPENAI_IMAGENET_TEMPLATES)
    return tuple(frame for frame in frames if frame != LEFT_OUT)
