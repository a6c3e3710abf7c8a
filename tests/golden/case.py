"""A reference case: a network computed by PyTorch, in double precision, and written for check.py.

CASE.h5 holds the data (/train), the start values (/params), and what PyTorch makes of them:
/expect/loss and /expect/gradient_norm of every step, /expect/params and /expect/buffers after the
last. The parameters are leaves under Gyre's names; the arithmetic is torch.nn's own.
"""
import math
import pathlib

import h5py
import torch
import torch.nn.functional as F
import yaml

HERE = pathlib.Path(__file__).parent
STEPS, SAMPLES, BATCH = 3, 10, 7  # the last batch of an epoch is smaller
torch.set_default_dtype(torch.float64)


class Case:
    """A network: its layers as Gyre's configuration, its parameters, and `forward(x, p)`."""

    def __init__(self, name, input, layers, forward, params, *, loss="cross_entropy", x=None, y=None,
                 optimizer=("sgd", {"learning_rate": 0.5}), extra=None, buffers=None, weight=None,
                 losses=None, data=None, train=None):
        self.name, self.input, self.layers, self.forward = name, input, layers, forward
        self.loss, self.optimizer, self.extra = loss, optimizer, extra or {}
        draw = torch.Generator().manual_seed(sum(name.encode()))
        self.x = torch.randn(SAMPLES, *input, generator=draw).float() if x is None else x
        self.y = torch.arange(SAMPLES) % 3 if y is None else y
        self.start = {key: start(key, shape, draw) for key, shape in params.items()}
        self.buffers = buffers or {}
        self.weight, self.losses, self.data, self.train = weight, losses, data or {}, train or {}


def start(name, shape, draw):
    """Values that are float32 numbers: norms near 1, the others of about unit output variance."""
    value = torch.randn(*shape, generator=draw) / math.sqrt(math.prod(shape[1:]) or 1)
    return (1 + value / 10 if name.endswith("gamma") else value).float()


def loss_of(case, out, y, weight=None):
    if case.losses:  # (losses, weights) of each thing that is weighted
        each, w = case.losses(out, y, None if weight is None else weight.double())
        return (torch.where(w > 0, each, 0) * w).sum() / w.sum() if w.sum() > 0 else 0 * out.sum()
    if case.loss == "cross_entropy":
        return F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1),
                               label_smoothing=case.extra.get("label_smoothing", 0.0))
    pair = (out, y.double())
    return {"mse": lambda: F.mse_loss(*pair), "mae": lambda: F.l1_loss(*pair),
            "huber": lambda: F.huber_loss(*pair, delta=case.extra.get("huber_delta", 1.0)),
            "binary_cross_entropy": lambda: F.binary_cross_entropy_with_logits(*pair)}[case.loss]()


def optimizer_of(case, params):
    kind, s = case.optimizer
    lr, decay = s["learning_rate"], s.get("weight_decay", 0.0)
    names = {id(p): n for n, p in params.items()}
    biases = [p for p in params.values() if names[id(p)].split("/")[-1] in
              ("bias", "recurrent_bias", "gamma", "beta")]  # these do not decay
    groups = [{"params": [p for p in params.values() if all(p is not b for b in biases)],
               "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}]
    make = {"sgd": lambda: torch.optim.SGD(groups, lr, momentum=s.get("momentum", 0.0),
                                           nesterov=s.get("nesterov", False)),
            "adam": lambda: torch.optim.Adam(groups, lr), "adamw": lambda: torch.optim.AdamW(groups, lr),
            "rmsprop": lambda: torch.optim.RMSprop(groups, lr, alpha=0.99),
            "adagrad": lambda: torch.optim.Adagrad(groups, lr),
            "adafactor": lambda: torch.optim.Adafactor(groups, lr, eps=(1.1920929e-7, 1e-3))}
    return make[kind]()


def run(case):
    """Trains. @return losses, gradient norms, parameters"""
    params = {key: value.double().requires_grad_() for key, value in case.start.items()}
    step_of, losses, norms = optimizer_of(case, params), [], []
    batches = [slice(0, BATCH), slice(BATCH, SAMPLES)]
    for step in range(STEPS):
        part = batches[step % 2]
        x = case.x[part] if case.x.dtype == torch.int64 else case.x[part].double()
        loss = loss_of(case, case.forward(x, params), case.y[part],
                       None if case.weight is None else case.weight[part])
        step_of.zero_grad()
        loss.backward()
        losses.append(loss.item())
        norms.append(math.sqrt(sum((p.grad ** 2).sum().item() for p in params.values())))
        if case.weight is None or case.weight[part].sum() > 0:  # of nothing there is no update
            step_of.step()
    return losses, norms, params


def write(case):
    config = {"name": case.name, "seed": 1, "threads": 1,
              "data": {"train": f"{case.name}.h5:/train", "shuffle": False, **case.data},
              "model": {"input": case.input, "layers": case.layers}, "loss": case.loss, **case.extra,
              "optimizer": {"kind": case.optimizer[0], **case.optimizer[1]},
              "train": {"steps": STEPS, "batch_size": BATCH, **case.train},
              "checkpoint": {"every_steps": STEPS}, "log": {"every_steps": 1}}
    text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=100)
    (HERE / f"{case.name}.yaml").write_text(f"# made by make.py\n{text}")
    losses, norms, params = run(case)
    with h5py.File(HERE / f"{case.name}.h5", "w", libver="latest") as file:
        file["train/x"] = case.x.numpy() if case.x.dtype != torch.int64 else case.x.numpy().astype("u1")
        file["train/y"] = case.y.numpy().astype("f4" if case.y.is_floating_point() else "u1" if case.losses is None else "i2")
        if case.weight is not None:
            file["train/weight"] = case.weight.numpy()
        for key in params:
            file[f"params/{key}"] = case.start[key].numpy()
            file[f"expect/params/{key}"] = params[key].detach().numpy()
        for key, value in case.buffers.items():
            file[f"expect/buffers/{key}"] = value.numpy()
        file["expect/loss"], file["expect/gradient_norm"] = losses, norms
