# umap brings numba, whose types take pyright longer to infer than all of the kit.
from typing import Any

UMAP: Any
