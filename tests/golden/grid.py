"""Reference cases on grids; channels last outside, first within torch."""
import torch
import torch.nn.functional as F

from case import SAMPLES, Case


def first(x):
    """Channels from the last axis but the batch to the first."""
    return x.movedim(-1, 1)


def conv(axes, x, p, name, **settings):
    """torch's convolution with Gyre's parameters."""
    apply = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[axes]
    return apply(x, first(p[f"{name}/weight"]), p.get(f"{name}/bias"), **settings)


def values(*shape):
    return torch.randn(SAMPLES, *shape, generator=torch.Generator().manual_seed(5)).float()


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


def border_case():
    def forward(x, p):
        h = F.pad(first(x), (1, 1, 1, 1), mode="circular")
        h = torch.tanh(conv(2, h, p, "wrap"))
        h = F.silu(conv(2, F.pad(h, (1, 2, 0, 1), mode="reflect"), p, "mirror"))
        h = conv(2, F.pad(h, (2, 2, 2, 2), mode="replicate"), p, "edge", stride=2, groups=2)
        return h.movedim(1, -1)
    layers = [{"conv2d": {"filters": 4, "kernel": 3, "border": "circular", "activation": "tanh",
                          "name": "wrap"}},
              {"conv2d": {"filters": 4, "kernel": "2x4", "border": "reflect", "activation": "silu",
                          "name": "mirror"}},
              {"conv2d": {"filters": 2, "kernel": 3, "padding": 2, "stride": 2, "groups": 2,
                          "border": "replicate", "name": "edge"}}]
    return Case("border", [5, 4, 2], layers, forward,
                {"wrap/weight": (4, 3, 3, 2), "wrap/bias": (4,), "mirror/weight": (4, 2, 4, 4),
                 "mirror/bias": (4,), "edge/weight": (2, 3, 3, 2), "edge/bias": (2,)},
                loss="mse", y=values(4, 3, 2))


def transposed(axes, x, p, name, **settings):
    """torch's transposed convolution, whose weight is [in, out, …]; ours is [out, …, in]."""
    apply = {1: F.conv_transpose1d, 2: F.conv_transpose2d}[axes]
    weight = p[f"{name}/weight"].movedim(-1, 0)
    return apply(x, weight, p.get(f"{name}/bias"), **settings)


def finer_case():
    def forward(x, p):
        h = torch.tanh(transposed(2, first(x), p, "twice", stride=2, padding=1))
        h = F.interpolate(h, scale_factor=(1, 3), mode="bilinear")
        h = F.gelu(transposed(2, h, p, "valid", stride=(1, 2)))
        h = F.interpolate(h, scale_factor=2, mode="nearest")
        return transposed(1, h.flatten(2), p, "line", padding=2).movedim(1, -1)
    layers = [{"conv2d_transposed": {"filters": 4, "kernel": 4, "stride": 2, "activation": "tanh",
                                     "name": "twice"}},
              {"upsample2d": {"factor": "1x3", "mode": "linear"}},
              {"conv2d_transposed": {"filters": 3, "kernel": "2x3", "stride": "1x2", "padding": "valid",
                                     "activation": "gelu", "name": "valid"}},
              {"upsample2d": {"factor": 2}}, {"reshape": {"shape": [-1, 3]}},
              {"conv1d_transposed": {"filters": 2, "kernel": 3, "padding": 2, "bias": False,
                                     "name": "line"}}]
    return Case("finer", [2, 3, 2], layers, forward,
                {"twice/weight": (4, 4, 4, 2), "twice/bias": (4,), "valid/weight": (3, 2, 3, 4),
                 "valid/bias": (3,), "line/weight": (2, 3, 3)}, loss="mse", y=values(10 * 74 - 2, 2))


def spectral_case():
    def line(x, w):
        """[N, T, C]; torch's rfft, of which the first frequencies are kept."""
        h = torch.fft.rfft(x, dim=1)
        kept = torch.einsum("nkc,fkc->nkf", h[:, :w.shape[1]], torch.view_as_complex(w))
        full = torch.zeros(*h.shape[:2], w.shape[0], dtype=kept.dtype)
        full[:, :w.shape[1]] = kept
        return torch.fft.irfft(full, n=x.shape[1], dim=1)

    def image(x, w):
        """[N, H, W, C]"""
        h, rows, columns = torch.fft.rfft2(x, dim=(1, 2)), w.shape[1] // 2, w.shape[2]
        weight = torch.view_as_complex(w)
        full = torch.zeros(*h.shape[:3], w.shape[0], dtype=weight.dtype)
        for part, chosen in ((slice(0, rows), weight[:, :rows]), (slice(-rows, None), weight[:, rows:])):
            full[:, part, :columns] = torch.einsum("nhwc,fhwc->nhwf", h[:, part, :columns], chosen)
        return torch.fft.irfft2(full, s=x.shape[1:3], dim=(1, 2))

    def forward(x, p):
        h = torch.tanh(image(x, p["image/weight"]) + p["image/bias"])
        return line(h.flatten(1, 2), p["line/weight"])
    layers = [{"spectral2d": {"filters": 3, "modes": "2x3", "bias": True, "name": "image"}},
              {"activation": {"kind": "tanh"}}, {"reshape": {"shape": [-1, 3]}},
              {"spectral1d": {"filters": 2, "modes": 5, "name": "line"}}]
    return Case("spectral", [5, 6, 2], layers, forward,
                {"image/weight": (3, 4, 3, 2, 2), "image/bias": (3,), "line/weight": (2, 5, 3, 2)},
                loss="mse", y=values(30, 2))


def rollout_case():
    """Two frames in, three out: each of them made of those before it."""
    def step(x, p):
        h = torch.tanh(conv(1, F.pad(first(x), (1, 1), mode="circular"), p, "first"))
        return conv(1, F.pad(h, (1, 1), mode="circular"), p, "next").movedim(1, -1)

    def forward(x, p):
        frames = []
        for _ in range(3):
            frames.append(step(x, p))
            x = torch.cat([x[..., 2:], frames[-1]], -1)
        return torch.cat(frames, -1)
    layers = [{"conv1d": {"filters": 3, "kernel": 3, "border": "circular", "activation": "tanh",
                          "name": "first"}},
              {"conv1d": {"filters": 2, "kernel": 3, "border": "circular", "name": "next"}}]
    return Case("rollout", [6, 4], layers, forward,
                {"first/weight": (3, 3, 4), "first/bias": (3,), "next/weight": (2, 3, 3),
                 "next/bias": (2,)}, loss="mse", y=values(6, 6), train={"rollout": 3})


def cases():
    return [volume_case(), border_case(), finer_case(), spectral_case(), rollout_case()]
