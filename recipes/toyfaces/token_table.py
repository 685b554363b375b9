"""A token table that knows English: static vectors for all 49,408 entries of CLIP's BPE.

Idea: a toy CLIP sees a few hundred words in its captions, but a user types any word. If the token
embedding is not learned from captions but distilled once from a sentence model and a dictionary,
and then frozen, "spectacles" starts out next to "glasses", and what training teaches about the one
carries over to the other. Static distillation as in model2vec (Tulkens & van Dongen, 2024): embed
every entry of the vocabulary by itself, project on principal components, weigh by expected
frequency (SIF, Arora et al., 2017). Three things are added here:

- every entry is embedded in three frames ("a portrait of a person with W", "a W face", ...), so
  that a word takes the sense that it has for a face;
- beside them stands what a dictionary says the word means on a face (`word_senses.py`), a fourth
  block, twice as long; entries that no dictionary has get what a regression from the frames says;
- words that the BPE cuts ("spectac|les") are put right by a ridge regression of token vectors v:

      min_v  sum_words g_word |sum_{t in word} v_t - e_word|^2 + sum_t lambda_t |v_t - e_t|^2

  over the words of the sentence model's vocabulary that the BPE cuts, and over cut plurals (they
  mean what the singular means). Words that describe people count more, in both sums; pieces are
  free, tokens that are words themselves are held: "red" stays red although "blur|red" ends in it.

Such a table hardly tells opposites apart (big, small): that is what contrastive training on
captions is for.

    python -m recipes.toyfaces.token_table          (17 minutes on one busy core)
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.support.atomic import save_tensors
from recipes.toyfaces.sentence_model import embedded, whole_words
from recipes.toyfaces.word_senses import TOPICS, Senses, meanings, wordnet_folder

VOCABULARY = 49408
SPECIAL = 2  # the last two entries mark start and end of a text
FRAMES = ("a portrait of a person with {}", "a {} face", "a person with {} hair")
MEANING = 2.0  # length of the dictionary's block beside one frame's
CLOSE = 0.35  # cosine to a topic from which a rare word counts as being about faces
SHORT = ("a", "an", "at", "by", "he", "in", "is", "it", "no", "of", "on", "or", "to", "up")
SHARP = 16.0  # how fast a word counts more, the closer it is
HELD, FREE = 6.0, 0.1  # how much tokens that are words, and pieces, insist on what they spell
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


def principal(vectors: torch.Tensor, basis_rows: torch.Tensor, width: int) -> torch.Tensor:
    """Project [n, D] on the leading principal axes of the rows `basis_rows` -> [n, width]."""
    centre = vectors[basis_rows].mean(0)
    covariance = torch.cov((vectors[basis_rows] - centre).T)
    axes = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :width]
    return (vectors - centre) @ axes


def _sparse(places: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    return torch.sparse_coo_tensor(places, values, shape, check_invariants=False).coalesce()


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
    P = _sparse(torch.stack((rows, columns)), ones, shape)
    back = torch.stack((columns, rows))
    PtG = _sparse(back, weights[rows], (len(start), len(pieces)))

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


def in_blocks(
    texts: list[str],
    lines: list[list[int]],
    folder: Path,
    name: str,
    senses: Tensor,
    topics: Tensor,
) -> tuple[Tensor, Tensor]:
    """What frames and dictionary say of every text: [n, 3 · 384] and [n, 384] (0: nothing)."""
    frames = [
        embedded([frame.format(text) for text in texts], folder / f"{name}_{number}.safetensors")
        for number, frame in enumerate(FRAMES)
    ]
    return torch.cat(frames, dim=1), meanings(lines, senses, topics)


def guessed(meant: Tensor, frames: Tensor, known: Tensor) -> Tensor:
    """`meant` [n, D] where `known` [n], else a ridge regression of it from `frames` [n, F]."""
    heard = frames[known]
    ridge = 0.01 * heard.square().sum() / heard.shape[1] * torch.eye(heard.shape[1])
    guess = torch.linalg.solve(heard.T @ heard + ridge, heard.T @ meant[known])
    return torch.where(known[:, None], meant, frames @ guess)


def build(folder: Path, width: int = 128) -> Tensor:
    """The whole recipe: float32 [49408, width], root-mean-square row norm 1."""
    from open_clip.tokenizer import SimpleTokenizer

    bpe = SimpleTokenizer()
    dictionary = Senses(wordnet_folder())
    senses = embedded(dictionary.lines, folder / "senses.safetensors")
    topics = embedded(list(TOPICS), folder / "topics.safetensors")
    closeness = (senses @ topics.T).amax(1)

    # The vocabulary: BPE entries, and words that the BPE cuts, if they are common or about faces.
    entries, common = bpe_texts(), {*whole_words(), *SHORT}
    close = {w for w in dictionary.words if closeness[dictionary.of(w)].max() >= CLOSE}
    pieces = {word: bpe.encode(word) for word in sorted(common | close)}
    cut = [word for word, of in pieces.items() if len(of) > 1]
    lines = [dictionary.of(text) for text in entries + cut]
    of_entries, of_cut = (
        in_blocks(texts, lines_, folder, name, senses, topics)
        for texts, lines_, name in (
            (entries, lines[:VOCABULARY], "entries"),
            (cut, lines[VOCABULARY:], "cut"),
        )
    )
    frames = torch.cat((of_entries[0], of_cut[0])) - of_entries[0].mean(0)
    known = torch.tensor([bool(of) for of in lines])
    meant = torch.cat((of_entries[1], of_cut[1]))
    meant = F.normalize(meant - meant[known].mean(0), dim=1)
    meant = guessed(meant, frames, known)
    table = principal(torch.cat((frames, MEANING * meant), dim=1), torch.arange(VOCABULARY), width)

    # Pieces carry whatever they happen to spell; let the regression say what they mean.
    plurals = [w for w in pieces if len(w) > 3 and w[-1] != "s" and w + "s" not in pieces]
    plurals = [w for w in plurals if len(bpe.encode(w + "s")) > 1]
    place = {w: of[0] for w, of in pieces.items() if len(of) == 1}
    is_word = torch.zeros(VOCABULARY, 1, dtype=torch.bool)
    is_word[list(place.values())] = True
    place |= {w: VOCABULARY + i for i, w in enumerate(cut)}
    meant = [place[w] for w in cut + plurals]
    says = torch.tensor([max([0.0, *closeness[of].tolist()]) for of in lines])
    weight = (SHARP * (says - CLOSE)).exp()  # 1 for a word that just counts as being about faces
    start = table[:VOCABULARY] * frequency_weights(VOCABULARY)[:, None]
    fitted = fit_pieces(
        torch.where(is_word, start, 0.3 * start),
        [pieces[w] for w in cut] + [bpe.encode(w + "s") for w in plurals],
        table[meant],
        weight[meant],
        torch.where(is_word, HELD * weight[:VOCABULARY, None].clamp(min=1), FREE),
    )
    generator = torch.Generator().manual_seed(0)  # the two marks mean nothing in English
    marks = torch.randn(SPECIAL, width, generator=generator)
    fitted[-SPECIAL:] = F.normalize(marks, dim=1) * fitted.norm(dim=1).mean()
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
