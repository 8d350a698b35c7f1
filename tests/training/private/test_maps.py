"""Records' clipped gradients of convolutions and of groups' norms: one pass for all against one pass a record."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from primum.model.lite import LiteNet, SameConv
from primum.training.private import PerRecord

RECORDS, CLIP = 4, 0.5


class Twice(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x):
        return self.conv(torch.relu(self.conv(x)))


NETS = {
    "plain": lambda: nn.Conv2d(3, 5, 3, padding=1),
    "pointwise": lambda: nn.Conv2d(3, 5, 1),
    "pointwise, every second": lambda: nn.Conv2d(3, 5, 1, stride=2, bias=False),
    "strided, dilated, oblong": lambda: nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)),
    "depthwise": lambda: nn.Conv2d(3, 3, 3, padding=1, groups=3),
    "groups": lambda: nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 4, 3, stride=2, groups=2)),
    "odd pixel at the end": lambda: SameConv(3, 5, 3, 2),
    "twice": lambda: Twice(nn.Conv2d(3, 3, 3, padding=1)),
    "depthwise, twice": lambda: Twice(nn.Conv2d(3, 3, 3, padding=1, groups=3)),
    "weight alone": lambda: _without_bias(nn.Conv2d(3, 3, 3, groups=3)),
    "groups' norm": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.GroupNorm(2, 6), nn.ReLU(), nn.Conv2d(6, 2, 3)),
    "another padding": lambda: nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.ReLU()),
}


def _without_bias(conv):
    conv.bias.requires_grad_(False)
    return conv


def _losses(pixels, weights):
    return lambda call: call(pixels).flatten(2).square().mean(2).sum(1) * weights


def _one_at_a_time(net, pixels, weights):
    parameters = [p for p in net.parameters() if p.requires_grad]
    found = []
    for i in range(len(pixels)):
        loss = _losses(pixels[i : i + 1], weights[i : i + 1])(net).sum()
        found.append(torch.autograd.grad(loss, parameters))
    return [float(sum(g.square().sum() for g in one)) ** 0.5 for one in found], found


def _compared(net, pixels):
    """Return the largest difference of norms and of the clipped sum, relative to the largest true value."""
    exact, doubled = copy.deepcopy(net).double(), pixels.double()
    ones = torch.ones(len(pixels), dtype=torch.float64)
    # Some records are clipped and some are not.
    weights = (
        CLIP * torch.tensor([0.3, 0.9, 2.0, 5.0])[: len(pixels)] / torch.tensor(_one_at_a_time(exact, doubled, ones)[0])
    )
    norms = PerRecord(net).add_clipped(_losses(pixels, weights), records=len(pixels), clip=CLIP)
    true, gradients = _one_at_a_time(exact, doubled, weights.double())
    sums = [
        sum(g * min(1.0, CLIP / n) for g, n in zip(each, true, strict=True)) for each in zip(*gradients, strict=True)
    ]
    assert min(true) < CLIP < max(true)
    scale = max(float(s.abs().max()) for s in sums)
    found = [p.grad.double() for p in net.parameters() if p.requires_grad]
    worst = max(float((f - s).abs().max()) / scale for f, s in zip(found, sums, strict=True))
    return max(worst, float(np.max(np.abs(norms.numpy() - true) / np.array(true))))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", [name for name in NETS if name != "another padding"])
def test_convolutions_are_told_apart(name, layout):
    torch.manual_seed(5)
    net = NETS[name]()
    pixels = torch.randn(RECORDS, 3, 9, 8).contiguous(memory_format=layout)
    assert _compared(net, pixels) <= 1e-5


def test_the_whole_built_in_network_is_told_apart():
    torch.manual_seed(6)
    net = nn.Sequential(LiteNet(), nn.Linear(1280, 3), nn.Unflatten(1, (3, 1)))
    for p in net.parameters():
        if p.ndim == 4:
            nn.init.kaiming_normal_(p, mode="fan_out")  # or nothing is left of a signal after 16 blocks
    pixels = torch.randn(3, 3, 64, 64)
    assert _compared(net, pixels) <= 1e-5


def test_a_padding_without_a_formula_is_no_silent_error():
    net, pixels = NETS["another padding"](), torch.randn(RECORDS, 3, 9, 8)
    with pytest.raises(RuntimeError):
        PerRecord(net).norms(_losses(pixels, torch.zeros(RECORDS)), records=RECORDS)
