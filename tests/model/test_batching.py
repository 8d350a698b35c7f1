"""Batches: every record once an epoch, similar lengths, stable counts, the same order for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.model.batching import LengthBatches, cut_by_tokens, prediction_batches

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=400).map(lambda x: np.array(x, dtype=np.int64))


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, epoch=st.integers(0, 5), tokens=st.sampled_from([None, 64, 1000]), processes=st.integers(1, 2))
def test_every_epoch_holds_every_record_once_in_the_announced_number_of_batches(lengths, epoch, tokens, processes):
    batches = LengthBatches(
        lengths, records=None if tokens else 7, tokens=tokens, seed=3, processes=min(processes, len(lengths))
    )
    batches.set_epoch(epoch)
    seen = list(batches)
    assert len(seen) == len(batches)
    assert all(seen_batch for seen_batch in seen)
    assert sorted(row for batch in seen for row in batch) == list(range(len(lengths)))


def test_order_depends_on_seed_and_epoch_only():
    lengths = np.random.default_rng(0).integers(5, 200, 500)
    one, same, other = (LengthBatches(lengths, records=16, seed=s) for s in (1, 1, 2))
    one.set_epoch(4)
    same.set_epoch(4)
    other.set_epoch(4)
    assert list(one) == list(same) != list(other)
    first = list(one)
    one.set_epoch(5)
    assert list(one) != first


def test_padding_stays_under_five_per_cent_where_random_batches_more_than_double_the_work():
    lengths = np.clip(np.random.default_rng(1).lognormal(3.5, 0.6, 2000), 5, 300).astype(np.int64)

    def padded(batches):
        return sum(len(b) * lengths[b].max() for b in batches) / lengths.sum()

    ours = LengthBatches(lengths, records=16, seed=0)
    random = np.random.default_rng(2).permutation(2000).reshape(-1, 16)
    assert padded(list(ours)) < 1.05
    assert padded(list(random)) > 2.0


def test_batches_stay_within_the_budget_but_for_a_record_longer_than_it():
    lengths = np.array([1, 2, 3, 50, 500], dtype=np.int64)
    batches = cut_by_tokens(np.arange(5), lengths, 100)
    assert [b.tolist() for b in batches] == [[0, 1, 2], [3], [4]]


def test_prediction_batches_hold_every_record_once():
    lengths = np.random.default_rng(3).integers(1, 300, 777)
    batches = prediction_batches(lengths, 1024)
    assert sorted(np.concatenate(batches).tolist()) == list(range(777))
    assert all(len(b) == 1 or len(b) * lengths[b].max() <= 1024 for b in batches)


def test_a_number_of_processes_gets_a_multiple_of_batches():
    assert len(LengthBatches(np.full(100, 10), records=16, seed=0, processes=2)) % 2 == 0


def test_records_and_tokens_together_are_refused():
    with pytest.raises(ValueError, match="either records or tokens"):
        LengthBatches(np.ones(3, dtype=np.int64), records=1, tokens=1, seed=0)
