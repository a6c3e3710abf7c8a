"""Reference cases on grids; channels last outside, first within torch."""
import torch
import torch.nn.functional as F

from case import Case


def first(x):
    """Channels from the last axis but the batch to the first."""
    return x.movedim(-1, 1)


def conv(axes, x, p, name, **settings):
    """torch's convolution with Gyre's parameters."""
    apply = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[axes]
    return apply(x, first(p[f"{name}/weight"]), p.get(f"{name}/bias"), **settings)


def out(h, p):
    return F.linear(h, p["out/weight"], p["out/bias"])


def volume_case():
    def forward(x, p):
        h = torch.tanh(conv(3, first(x), p, "first", padding=1))
        h = F.silu(conv(3, h, p, "second", stride=(1, 2, 1), dilation=(2, 1, 1), groups=2))
        most = F.max_pool3d(h, (1, 2, 2), (1, 1, 2))
        mean = F.avg_pool3d(h, (2, 2, 3), (2, 1, 2), padding=(1, 0, 1), count_include_pad=False)
        return out(torch.cat([most.movedim(1, -1).flatten(1), mean.movedim(1, -1).flatten(1)], 1), p)
    layers = [{"conv3d": {"filters": 4, "kernel": 3, "activation": "tanh", "name": "first"}},
              {"conv3d": {"filters": 4, "kernel": "2x3x2", "stride": "1x2x1", "dilation": "2x1x1",
                          "groups": 2, "padding": "valid", "activation": "silu", "name": "second"}},
              {"parallel": {"merge": "concat", "branches": [
                  [{"max_pool3d": {"size": "1x2x2", "stride": "1x1x2"}}, "flatten"],
                  [{"avg_pool3d": {"size": "2x2x3", "stride": "2x1x2", "padding": "1x0x1"}}, "flatten"]]}},
              {"dense": {"units": 3, "name": "out"}}]
    return Case("volume", [4, 7, 6, 2], layers, forward,
                {"first/weight": (4, 3, 3, 3, 2), "first/bias": (4,), "second/weight": (4, 2, 3, 2, 2),
                 "second/bias": (4,), "out/weight": (3, 80), "out/bias": (3,)})


def cases():
    return [volume_case()]
