"""Reference cases of losses with weights, and of those that have several outputs for a target."""
import torch
import torch.nn.functional as F

from case import SAMPLES, Case


def draw(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).float()


def linear(name, out, **rest):
    return Case(name, [5], [{"dense": {"units": out, "name": "out"}}],
                lambda x, p: F.linear(x, p["out/weight"], p["out/bias"]),
                {"out/weight": (out, 5), "out/bias": (out,)}, **rest)


def weighted_case():
    """Classes of positions: weights of rows of positions, of classes, and what is ignored."""
    by_class = torch.tensor([0.5, 2.0, 0.0, 1.5]).double()
    y = torch.arange(SAMPLES * 6).reshape(SAMPLES, 3, 2) * 7 % 5 % 4
    y[::3, 1] = -1
    weight = (draw(SAMPLES, 3).abs() * 2).round()
    weight[7:] = 0  # the second batch: nothing is learned

    def losses(out, y, weight):
        kept = y.clamp(min=0)
        each = F.cross_entropy(out.reshape(-1, 4), kept.reshape(-1), reduction="none",
                               label_smoothing=0.1).reshape(y.shape)
        return each, weight[..., None] * by_class[kept] * (y >= 0)
    return Case("weighted", [3, 2, 3], [{"conv2d": {"filters": 4, "kernel": 3, "name": "out"}}],
                lambda x, p: F.conv2d(x.permute(0, 3, 1, 2), p["out/weight"].permute(0, 3, 1, 2),
                                      p["out/bias"], padding=1).permute(0, 2, 3, 1),
                {"out/weight": (4, 3, 3, 3), "out/bias": (4,)}, y=y, weight=weight, losses=losses,
                optimizer=("adam", {"learning_rate": 0.02}),
                extra={"label_smoothing": 0.1, "class_weights": by_class.tolist(), "ignore_label": -1})


def balanced_case():
    """Of yes and no: both alike, whatever their number."""
    y = (torch.arange(SAMPLES * 2).reshape(SAMPLES, 2) % 5 == 0).long()
    share = [y.numel() / (2 * (y == k).sum().item()) for k in (0, 1)]

    def losses(out, y, weight):
        each = F.binary_cross_entropy_with_logits(out, y.double(), reduction="none")
        return each, torch.where(y > 0, share[1], share[0]).double()
    return linear("balanced", 2, y=y, losses=losses, loss="binary_cross_entropy",
                  extra={"class_weights": "balanced"})


def values(y, of):
    """Targets as the loss sees them: (t − mean) / deviation over `of`."""
    return (y.double() - of.double().mean(0)) / of.double().std(0, unbiased=False)


def uncertain_case():
    y = 300 + 200 * draw(SAMPLES, 2)

    def losses(out, part, weight):
        return F.gaussian_nll_loss(out[:, :2], values(part, y), out[:, 2:].exp(), reduction="none",
                                   eps=1e-12), weight[:, None].expand(part.shape)
    return linear("uncertain", 4, y=y, losses=losses, loss="gaussian_nll", weight=draw(SAMPLES).abs(),
                  data={"normalize_targets": "per_feature"}, optimizer=("sgd", {"learning_rate": 0.1}))


def quantile_case():
    q = torch.tensor([0.2, 0.5, 0.7]).double()

    def losses(out, y, weight):
        e = y.double()[..., None] - out.reshape(len(y), 2, 3)
        return torch.maximum(q * e, (q - 1) * e).mean(-1), torch.ones(y.shape).double()
    return linear("quantile", 6, y=draw(SAMPLES, 2), losses=losses, loss="quantile",
                  extra={"quantiles": q.tolist()})


def relative_case():
    def losses(out, y, weight):
        y = y.double()
        return (out - y).norm(dim=1) / y.norm(dim=1), weight
    return linear("relative", 3, y=draw(SAMPLES, 3), losses=losses, loss="relative_l2",
                  weight=draw(SAMPLES).abs())


def cases():
    return [weighted_case(), balanced_case(), uncertain_case(), quantile_case(), relative_case()]
