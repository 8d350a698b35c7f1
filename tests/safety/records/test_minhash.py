"""MinHash against sets of shingles counted one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from primum.cohort import TextList
from primum.safety.records import minhash

NOTHING = np.zeros(1 << 22, dtype=bool)
WORDS = "fever cough chest pain since monday no rash arm swollen patient walks well sleeps badly 发热 咳嗽 三天".split()


def _texts(rng, n):
    return [" ".join(rng.choice(WORDS, rng.integers(0, 30))) for _ in range(n)]


def _shingles(text, k):
    padded = text + "\x01" * (k - 1)
    return {padded[i : i + k] for i in range(len(text))}


@pytest.mark.parametrize("k", [3, 5])
def test_overlap_is_that_of_sets(rng, k):
    left, right = [*_texts(rng, 40), "", "a"], [*_texts(rng, 40), "", "a"]
    jaccard, contained = minhash.overlap(left, right, k, NOTHING)
    for a, b, found, held in zip(left, right, jaccard, contained, strict=True):
        one, two = _shingles(a, k), _shingles(b, k)
        assert found == pytest.approx(len(one & two) / max(len(one | two), 1))
        assert held == pytest.approx(len(one & two) / max(min(len(one), len(two)), 1))


def test_agreement_of_signatures_estimates_the_similarity(rng):
    base = _texts(rng, 60)
    changed = [" ".join(word if rng.random() > 0.2 else "other" for word in text.split()) for text in base]
    jaccard, _ = minhash.overlap(base, changed, 5, NOTHING)
    a, b = (minhash.signatures(texts, 5, NOTHING)[0] for texts in (base, changed))
    long = np.array([len(text) > 60 for text in base])
    error = ((a == b).mean(axis=1) - jaccard)[long]
    assert abs(error.mean()) < 0.04 and error.std() < 0.12


def test_signatures_do_not_depend_on_the_company(rng):
    texts = _texts(rng, 20)
    together, enough = minhash.signatures(texts, 5, NOTHING)
    alone = np.concatenate([minhash.signatures([text], 5, NOTHING)[0] for text in texts])
    assert (together == alone).all()
    assert enough.tolist() == [len(text) >= 15 for text in texts]


def test_near_duplicates_are_those_of_all_pairs(rng):
    base = [" ".join(rng.permutation([f"w{i}" for i in rng.integers(0, 900, 25)])) for _ in range(150)]
    copies = [text + " seen again" for text in base[:30]] + [text.replace("w1", "v1") for text in base[30:50]]
    texts = [minhash.plain(text) for text in base + copies]
    signature, _ = minhash.signatures(texts, 5, NOTHING)
    pairs = minhash.candidate_pairs(signature)
    found = {tuple(pair) for pair in pairs[minhash.verified(TextList(texts), pairs, 5, NOTHING)].tolist()}
    true = set()
    for a, b in itertools.combinations(range(len(texts)), 2):
        one, two = _shingles(texts[a], 5), _shingles(texts[b], 5)
        if len(one & two) / len(one | two) >= minhash.SIMILAR:
            true.add((a, b))
    assert len(true) >= 40 and true <= found
    assert len(found) <= len(true) + 5  # copies into a longer text count too


def test_a_template_is_no_copy(rng):
    said = (
        "Resting ECG is normal. No pain on exertion. Laboratory: fasting sugar not above 120 mg/dL, pressure {} mmHg."
    )
    texts = [minhash.plain(said.format(one)) for one in rng.integers(80, 200, 300)]
    common = minhash.boilerplate(texts, 5)
    assert not minhash.signatures(texts, 5, common)[1].any()


def test_pairs_grow_with_texts_and_not_with_their_square(rng):
    texts = ["the same short note of nobody in particular, copied and copied"] * 2_000
    pairs = minhash.candidate_pairs(minhash.signatures(texts, 5, NOTHING)[0])
    assert len(pairs) <= 3 * len(texts)
    assert len(np.unique(minhash.grouped(len(texts), pairs))) == 1
