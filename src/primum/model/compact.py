"""Training with only the rows of the word embedding that the cohort uses.

A clinical cohort uses a few thousand of a vocabulary's thirty thousand tokens, but the whole table's gradient is
allocated, cleared and stepped on at every batch. Here the used rows are cut out for the training and put back after
it. Rows of tokens that never occur stay exactly as they were pretrained, without weight decay.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from primum.model.encoders import TextEncoder
from primum.model.net import Net

_WORTH = 0.5
"""A cohort that uses more than this share of the rows trains the table as it is."""


class CompactEmbedding(nn.Module):
    """Some rows of a word embedding, found by the token's id in the whole table."""

    place: torch.Tensor

    def __init__(self, whole: nn.Embedding, used: npt.NDArray[np.int64]) -> None:
        """Cut the rows `used`, unique ids in ascending order that include the padding token, out of `whole`."""
        super().__init__()
        self.whole = [whole]  # in a list, so that its weights are none of this module's
        self.used = torch.from_numpy(used)
        place = torch.full((whole.num_embeddings,), -1, dtype=torch.int64)
        place[self.used] = torch.arange(len(used))
        self.register_buffer("place", place, persistent=False)
        self.rows = nn.Parameter(whole.weight.detach()[self.used].clone())
        self.padding = None if whole.padding_idx is None else int(place[whole.padding_idx])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of `ids`, shape (..., width)."""
        return functional.embedding(self.place[ids], self.rows, self.padding)

    @torch.no_grad()
    def restored(self) -> nn.Embedding:
        """Return the whole embedding with these rows as they are now."""
        whole = self.whole[0]
        whole.weight[self.used] = self.rows.detach().to(whole.weight)
        return whole


def compact_embedding(net: Net, ids: npt.NDArray[np.int32]) -> bool:
    """Cut a net's word embedding down to the tokens in `ids` and return True, or leave it and return False.

    It is left where there is none to train, or where most of its rows are used.
    """
    encoder = net.encoders["text"] if "text" in net.encoders else None
    if not isinstance(encoder, TextEncoder):
        return False
    whole = encoder.backbone.get_input_embeddings()  # type: ignore[operator]
    if type(whole) is not nn.Embedding or not whole.weight.requires_grad:
        return False
    used = np.unique(ids).astype(np.int64)
    if whole.padding_idx is not None:
        used = np.union1d(used, [whole.padding_idx])
    if len(used) > _WORTH * whole.num_embeddings:
        return False
    encoder.backbone.set_input_embeddings(CompactEmbedding(whole, used))  # type: ignore[operator]
    return True


def restore_embedding(net: Net) -> None:
    """Put the whole word embedding back, its used rows as they were trained."""
    encoder = net.encoders["text"] if "text" in net.encoders else None
    if not isinstance(encoder, TextEncoder):
        return
    embedding = encoder.backbone.get_input_embeddings()  # type: ignore[operator]
    if isinstance(embedding, CompactEmbedding):
        encoder.backbone.set_input_embeddings(embedding.restored())  # type: ignore[operator]
