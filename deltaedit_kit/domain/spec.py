"""A domain in one declaration: which pictures, which networks, which words and settings.

Idea: everything that differs between toy portraits, faces, cats and churches is data, not code.
Only the declaration contains a resolution, a neutral word or a file name; the kit reads them from
it. The settings are those of DeltaEdit (arXiv:2303.06285, section 3.3): an edit is driven by Δt =
text(target) - text(neutral), and channels with |R·Δt| below a threshold stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from deltaedit_kit.support.errors import DeltaEditError

# What a domain may consist of; the last two only read photographs and compare faces.
NETWORKS = ("generator", "clip", "mapper", "relevance", "inversion", "identity")


@dataclass(frozen=True)
class PublishedFile:
    """One file that somebody published: its name in the cache, and how to get and check it.

    Plain data. Addresses are tried in their order; the hashes are lower-case hex digits, None
    where nobody published one (the first file seen is then recorded and enforced).
    """

    name: str  # plain file name, no folder
    addresses: tuple[str, ...] = ()
    sha256: str | None = None  # of the content
    git_blob: str | None = None  # SHA-1 under which git stores the file, where only that is known
    megabytes: float | None = None  # about, for people: 10^6 bytes
    licence: str = ""  # shown before the download
    page: str = ""  # where a person finds the file when no address answers
    facts: str = ""  # where each of these facts comes from


@dataclass(frozen=True)
class End:
    """One end of a factor: its name as an attribute, and phrases such as "{} with a wide cap"."""

    name: str
    says: tuple[str, ...]  # {} is the neutral word, or what is said of it already


@dataclass(frozen=True)
class Factor:
    """A named number in [0, 1] that pictures were drawn from, and what its two ends are called."""

    name: str
    low: End
    high: End

    @property
    def ends(self) -> tuple[End, End]:
        """Low, high."""
        return self.low, self.high


@dataclass(frozen=True)
class DomainSpec:
    """What a domain is made of. Plain data: safe to print, compare and write down.

    Raises `DeltaEditError` when a setting makes no sense (an empty neutral word, say).
    """

    name: str  # what `load_domain` is asked for; codes carry it, so domains never mix
    title: str  # one line for people: what the pictures show
    resolution: int  # side of a picture in pixels
    neutral: str  # what every picture of the domain is, without any attribute: "face"
    threshold: float  # |R·Δt| below this leaves a channel of s untouched
    strength: float  # how many Δs an edit adds when the caller does not say
    truncation: float  # 1 draws all the variety of w, towards 0 the average picture
    # Frames such as "a photo of a {}." to average a text over; () for none.
    templates: tuple[str, ...]
    preprocessing: str  # how pictures entered CLIP when the codes were made; see `clip_space`
    licence: str  # under which terms the weights come
    examples: tuple[str, ...]  # sentences that show the domain off, first ones first
    files: dict[str, str] = field(default_factory=dict)  # network -> file name of its weights
    second_looks: int = 0  # at its own drawing, by which an encoder corrects itself
    # Networks that lie in files outside the package: any of the files named will do, best first.
    published: dict[str, tuple[PublishedFile, ...]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # network -> why nobody published it
    # How pictures entered CLIP when R was computed; None: as they did for the codes.
    relevance_preprocessing: str | None = None
    clip_model: str | None = None  # its name in open_clip; None: the file is in OpenAI's layout
    factors: tuple[Factor, ...] = ()  # what an oracle of one's own reads; () for none
    style_widths: tuple[int, ...] = ()  # channels of s, layer after layer; () where not declared

    def __post_init__(self) -> None:
        if not self.name or not self.neutral.strip():
            raise DeltaEditError("a DomainSpec needs a name and a neutral word such as 'face'")
        if self.resolution < 32 or self.resolution & (self.resolution - 1):
            raise DeltaEditError(
                f"resolution of domain {self.name!r} is {self.resolution}; "
                "give a power of two >= 32"
            )
        if not self.threshold >= 0.0:
            raise DeltaEditError(
                f"threshold of domain {self.name!r} is {self.threshold}; give a number >= 0"
            )
