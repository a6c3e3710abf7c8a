"""A workload's network in PyTorch, as whoever wants speed writes it: what compare_torch.py times.

Covers the layers of tests/bench/workloads/. Samples have their channels first, as PyTorch wants it.
"""
import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS = {"none": nn.Identity, "relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh,
               "gelu_tanh": lambda: nn.GELU(approximate="tanh")}
CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAXIMA = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class Residual(nn.Module):
    def __init__(self, inner, shortcut):
        super().__init__()
        self.inner, self.shortcut = inner, shortcut

    def forward(self, x):
        return self.inner(x) + self.shortcut(x)


class Parallel(nn.Module):
    def __init__(self, branches, add):
        super().__init__()
        self.branches, self.add = nn.ModuleList(branches), add

    def forward(self, x):
        y = [branch(x) for branch in self.branches]
        return sum(y[1:], y[0]) if self.add else torch.cat(y, 1)


class Spectral2d(nn.Module):
    """As in the authors' own code of the Fourier neural operator: low frequencies above and below."""

    def __init__(self, channels, filters, modes):
        super().__init__()
        self.modes = modes
        self.filters = filters
        self.weight = nn.Parameter(  # real, so that Adam can be fused
            torch.rand(2, channels, filters, *modes, 2) / (channels * filters))

    def forward(self, x):
        rows, columns = self.modes
        there = torch.fft.rfft2(x)
        out = torch.zeros(x.shape[0], self.filters, *there.shape[2:], dtype=torch.cfloat)
        low, high = torch.view_as_complex(self.weight)
        for weight, part in ((low, slice(0, rows)), (high, slice(-rows, None))):
            out[:, :, part, :columns] = torch.einsum("bixy,ioxy->boxy", there[:, :, part, :columns],
                                                     weight)
        return torch.fft.irfft2(out, s=x.shape[2:])


class Attention(nn.Module):
    """One product for query, key and value."""

    def __init__(self, units, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv, self.out = nn.Linear(units, 3 * units), nn.Linear(units, units)

    def forward(self, x):
        b, t, n = x.shape
        q, k, v = (p.view(b, t, self.heads, n // self.heads).transpose(1, 2)
                   for p in self.qkv(x).split(n, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(y.transpose(1, 2).reshape(b, t, n))


class Block(nn.Module):
    def __init__(self, units, heads, causal, activation):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(units), nn.LayerNorm(units)
        self.attention = Attention(units, heads, causal)
        self.mlp = nn.Sequential(nn.Linear(units, 4 * units), ACTIVATIONS[activation](),
                                 nn.Linear(4 * units, units))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Recurrent(nn.Module):
    def __init__(self, kind, units_in, units):
        super().__init__()
        self.cell = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](units_in, units, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0]


class Position(nn.Module):
    def __init__(self, length, units):
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(length, units))

    def forward(self, x):
        return x + self.weight[: x.shape[1]]


class Tied(nn.Module):
    def __init__(self, embedding):
        super().__init__()
        self.embedding = [embedding]  # not a parameter twice

    def forward(self, x):
        return F.linear(x, self.embedding[0].weight)


def sizes(v, axes):
    """3 or 3x5: one number an axis."""
    parts = [int(p) for p in str(v).split("x")]
    return parts * axes if len(parts) == 1 else parts


class Builder:
    """
    Layers one after the other. `shape` is that of a sample, channels last as in gyre; `named` has the
    modules by the names that gyre gives them.
    """

    def __init__(self, shape):
        self.shape, self.named, self.folder = list(shape), {}, ""

    def sequence(self, entries, folder=None):
        outer, layers, counts = self.folder, [], {}
        self.folder = outer if folder is None else f"{outer}{folder}/"
        for entry in entries:
            kind, s = next(iter(entry.items())) if isinstance(entry, dict) else (entry, None)
            s = dict(s or {})
            s.setdefault("name", f"{kind}_{counts.get(kind, 0)}")
            counts[kind] = counts.get(kind, 0) + 1
            layers.append(getattr(self, kind)(s))
            self.named[self.folder + s["name"]] = layers[-1]
        self.folder = outer
        return nn.Sequential(*layers)

    def axes(self):
        return len(self.shape) - 1

    def activated(self, layer, s):
        a = s.get("activation", "none")
        return layer if a == "none" else nn.Sequential(layer, ACTIVATIONS[a]())

    def dense(self, s):
        """Over a grid: a convolution of size 1, which needs no other order of the axes."""
        bias, channels = s.get("bias", True), self.shape[-1]
        if self.axes() in (2, 3):
            layer = CONVOLUTIONS[self.axes()](channels, s["units"], 1, bias=bias)
        else:
            layer = nn.Linear(channels, s["units"], bias=bias)
        self.shape[-1] = s["units"]
        return self.activated(layer, s)

    def convolution(self, s):
        kernel, stride = sizes(s["kernel"], self.axes()), s.get("stride", 1)
        assert s.get("padding", "same") == "same" and all(k % 2 == 1 for k in kernel)
        layer = CONVOLUTIONS[self.axes()](self.shape[-1], s["filters"], kernel, stride,
                                          [k // 2 for k in kernel], bias=s.get("bias", True))
        self.shape = [-(-n // stride) for n in self.shape[:-1]] + [s["filters"]]
        return self.activated(layer, s)

    conv2d = conv3d = convolution

    def transposed(self, s):
        kernel, stride = s["kernel"], s["stride"]
        assert (kernel - stride) % 2 == 0
        layer = TRANSPOSED[self.axes()](self.shape[-1], s["filters"], kernel, stride,
                                        (kernel - stride) // 2, bias=s.get("bias", True))
        self.shape = [n * stride for n in self.shape[:-1]] + [s["filters"]]
        return self.activated(layer, s)

    conv2d_transposed = conv3d_transposed = transposed

    def upsample(self, s):
        linear = s.get("mode", "nearest") == "linear"
        mode = {"mode": LINEAR[self.axes()], "align_corners": False} if linear else {}
        self.shape = [n * s["factor"] for n in self.shape[:-1]] + self.shape[-1:]
        return nn.Upsample(scale_factor=s["factor"], **mode)

    upsample2d = upsample3d = upsample

    def spectral2d(self, s):
        layer = Spectral2d(self.shape[-1], s["filters"], sizes(s["modes"], 2))
        self.shape[-1] = s["filters"]
        return layer

    def max_pool(self, s):
        layer = MAXIMA[self.axes()](s["size"])
        self.shape = [n // s["size"] for n in self.shape[:-1]] + self.shape[-1:]
        return layer

    max_pool2d = max_pool3d = max_pool

    def global_avg_pool(self, s):
        self.shape = [self.shape[-1]]
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def flatten(self, s):
        count = 1
        for n in self.shape:
            count *= n
        self.shape = [count]
        return nn.Flatten()

    def batch_norm(self, s):
        return nn.BatchNorm2d(self.shape[-1]) if len(self.shape) == 3 else nn.BatchNorm1d(self.shape[-1])

    def layer_norm(self, s):
        return nn.LayerNorm(self.shape[-1])

    def activation(self, s):
        return ACTIVATIONS[s["kind"]]()

    def residual(self, s):
        before = list(self.shape)
        inner = self.sequence(s["layers"], s["name"])
        shortcut = nn.Identity()
        if s.get("projection") and before != self.shape:
            stride = before[0] // self.shape[0]
            shortcut = nn.Conv2d(before[-1], self.shape[-1], 1, stride, bias=False)
        return Residual(inner, shortcut)

    def parallel(self, s):
        before, branches, channels = list(self.shape), [], 0
        for i, entries in enumerate(s["branches"]):
            self.shape = list(before)
            branches.append(self.sequence(entries, f"{s['name']}/{i}"))
            channels += self.shape[-1]
        add = s["merge"] == "add"
        self.shape[-1] = self.shape[-1] if add else channels
        return Parallel(branches, add)

    def repeat(self, s):
        return nn.Sequential(*[self.sequence(s["layers"], f"{s['name']}/{i}")
                               for i in range(s["times"])])

    def transformer_block(self, s):
        return Block(self.shape[-1], s["heads"], s.get("causal", False), s.get("activation", "gelu"))

    def embedding(self, s):
        self.shape.append(s["units"])
        return nn.Embedding(s["vocabulary"], s["units"])

    def position_embedding(self, s):
        return Position(s["length"], self.shape[-1])

    def output_embedding(self, s):
        embedding = self.named[s["share"]]
        self.shape[-1] = embedding.num_embeddings
        return Tied(embedding)

    def recurrent(self, kind, s):
        layer = Recurrent(kind, self.shape[-1], s["units"])
        self.shape[-1] = s["units"]
        return layer

    def lstm(self, s):
        return self.recurrent("lstm", s)

    def gru(self, s):
        return self.recurrent("gru", s)
