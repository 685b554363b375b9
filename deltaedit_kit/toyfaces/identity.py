"""Who is it? A small network whose embedding stays when a portrait smiles, and moves when it is
somebody else.

    identity: pictures [n, 3, 128, 128] in [-1, 1]  ->  unit vectors [n, D]
    same person  <=>  e_1 · e_2 is large

In toyfaces a person is nine factors (`PERSON`: skin, bones, eyes, nose, lips, brows); expression,
hair, beard, glasses, clothes, age and pose may change and it is still the same person. The network
learned that from renders alone, with the loss of ArcFace: Deng et al., arXiv:1801.07698. Published
domains ask the real ArcFace; here there are no photographs that it could be asked about.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.toyfaces.factors import index, sample_factors
from deltaedit_kit.toyfaces.portraits import WEIGHTS, InBatches, body, face_of, read_shipped

WIDTH = 64  # D, the length of an embedding
FILE = WEIGHTS / "identity.safetensors"

PERSON: tuple[str, ...] = (
    "skin",
    "face_width",
    "jaw",
    "eye_size",
    "eye_gap",
    "eye_color",
    "nose",
    "lips",
    "brow_thickness",
)


class IdentityNetwork(nn.Module):
    """Strided convolutions over the 64 x 64 pixels of the face, then one linear layer to D."""

    def __init__(self) -> None:
        super().__init__()
        # (width, kernel, stride): 64 -> 32 -> 16 -> 16 -> 8 -> 8 -> 4
        plan = ((32, 5, 2), (64, 3, 2), (64, 3, 1), (128, 3, 2), (128, 3, 1), (160, 3, 2))
        self.trunk = body(3, plan)
        self.embedding = nn.Linear(plan[-1][0] * 4 * 4, WIDTH)

    def forward(self, faces: Float[Tensor, "n 3 64 64"]) -> Float[Tensor, "n D"]:
        """Unit embeddings of crops as `face_of` cuts them."""
        faces = faces.contiguous(memory_format=torch.channels_last)
        return F.normalize(self.embedding(self.trunk(faces).flatten(1)).float(), dim=1)


def read_identity() -> InBatches:
    """The shipped network (its file is float16), from whole portraits in [-1, 1] to float32."""
    return InBatches(read_shipped(IdentityNetwork, FILE), face_of)


def portraits_of(person: int, count: int) -> Float[Tensor, "n K"]:
    """Factors [count, K] of `count` portraits of one person; the same for the same number."""
    factors = sample_factors(count + 1, seed=2_000_000 + person)
    columns = [index(name) for name in PERSON]
    factors[1:, columns] = factors[:1, columns]
    return factors[1:]
