#!/usr/bin/env python3
"""Files of other programs, made by those programs, and what they compute of some samples.

    make.py [CASE…]     writes CASE.yaml, CASE.ENDING and CASE-data.h5 (x, expect) beside itself

Needs torch, safetensors, keras (3), transformers, tokenizers, h5py, numpy; the tests that read what it
wrote do not. Of GPT-2 a folder is written, and the tokens of PAGE.
"""
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
import numpy
import torch
from safetensors.torch import save_file
from torch import nn

HERE = pathlib.Path(__file__).parent
PAGE = ("Ünïcödé – naïve café 日本語のテキスト、 русский текст ١٢٣ ½ ² Ⅻ 𝔘𝔫𝔦 👩‍👩‍👧 e\u0301 \u00a0nbsp\u2003em"
        "\u3000ideographic  \n\n\n  tabs\t\tx \r\n it's we'll THEY'RE <|endoftext|> <|endoftext| > x1y2 3.14"
        " --- ... a\u200bb \u2028line\u2029para हिन्दी ไทย 한국어 עברית\nit is, it was; end   ")


def keep(case, yaml, x, y):
    (HERE / f"{case}.yaml").write_text(yaml.lstrip("\n"))
    with h5py.File(HERE / f"{case}-data.h5", "w", libver="latest") as file:
        file["x"], file["expect"] = numpy.asarray(x, "f4"), numpy.asarray(y, "f4")


def last(x):
    """[B, C, …] as [B, …, C]."""
    return x.movedim(1, -1) if x.dim() > 2 else x


def shake(module):
    """No parameter or buffer stays at a start that hides where it went."""
    for value in list(module.parameters()) + list(module.buffers()):
        if value.is_floating_point():
            value.data += 0.1 * torch.rand(value.shape)


def torch_case(case, module, yaml, x, first=lambda x: x):
    torch.manual_seed(1)
    shake(module)
    module.eval()
    with torch.no_grad():
        y = module(x)
    state = {name: value.contiguous() for name, value in module.state_dict().items()}
    save_file(state, HERE / f"{case}.safetensors")
    keep(case, yaml, first(x), y)


class Images(nn.Module):
    """Convolutions of every sort, and a dense layer behind a flatten."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, (3, 2), padding="valid")
        self.norm = nn.BatchNorm2d(6)
        self.grouped = nn.Conv2d(6, 4, 3, padding=1, groups=2)
        self.up = nn.ConvTranspose2d(4, 3, 3, stride=2)
        self.hidden = nn.Linear(3 * 9 * 11, 5)
        self.hidden_norm = nn.BatchNorm1d(5)
        self.out = nn.Linear(5, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        x = torch.tanh(self.up(torch.relu(self.grouped(x))))
        return self.out(torch.relu(self.hidden_norm(self.hidden(x.flatten(1)))))


class Sequences(nn.Module):
    """Recurrent layers in one and two directions, a convolution over time, attention."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 3, padding=1)
        self.lstm = nn.LSTM(4, 5, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(10, 6, batch_first=True, bidirectional=True)
        self.rnn = nn.RNN(12, 4, batch_first=True)
        self.norm = nn.LayerNorm(4)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.flat = nn.Linear(6 * 4, 3)

    def forward(self, x):
        x = torch.relu(self.conv(x.mT).mT)
        x = self.rnn(self.gru(self.lstm(x)[0])[0])[0]
        x = self.norm(x)
        x = self.attention(x, x, x)[0]
        return self.flat(x.mT.flatten(1))  # as a channels-first program makes it flat


def torch_images():
    x = torch.randn(4, 2, 6, 6, generator=torch.Generator().manual_seed(2))
    torch_case("torch_images", Images(), """
model:
  input: [6, 6, 2]
  layers:
    - conv2d: {filters: 6, kernel: 3x2, padding: valid, name: conv}
    - batch_norm: {name: norm}
    - activation: {kind: relu}
    - conv2d: {filters: 4, kernel: 3, padding: 1, groups: 2, activation: relu, name: grouped}
    - conv2d_transposed: {filters: 3, kernel: 3, stride: 2, padding: valid, activation: tanh, name: up}
    - flatten
    - dense: {units: 5, name: hidden}
    - batch_norm: {name: hidden_norm}
    - activation: {kind: relu}
    - dense: {units: 3, name: out}
loss: mse
train: {batch_size: 4}
""", x, last)


def torch_sequences():
    x = torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(3))
    torch_case("torch_sequences", Sequences(), """
model:
  input: [6, 3]
  layers:
    - conv1d: {filters: 4, kernel: 3, activation: relu, name: conv}
    - lstm: {units: 5, bidirectional: true, name: lstm}
    - gru: {units: 6, bidirectional: true, name: gru}
    - rnn: {units: 4, name: rnn}
    - layer_norm: {name: norm}
    - attention: {heads: 2, name: attention}
    - flatten
    - dense: {units: 3, name: flat}
loss: mse
train: {batch_size: 4}
""", x)


def keras_case(case, layers, yaml, shape):
    keras.utils.set_random_seed(4)
    model = keras.Sequential([keras.Input(shape), *layers])
    draw = numpy.random.default_rng(5)
    model.set_weights([w + 0.1 * draw.random(w.shape) for w in model.get_weights()])
    x = draw.normal(size=(4, *shape)).astype("f4")
    model.save(HERE / f"{case}.h5")
    keep(case, yaml, x, model.predict(x, verbose=0))


def keras_images():
    k = keras.layers
    keras_case("keras_images", [
        k.Conv2D(5, (3, 2), strides=2, padding="same", activation="relu"),
        k.BatchNormalization(), k.Conv2DTranspose(4, 3, strides=2, padding="valid"),
        k.MaxPooling2D(2), k.Flatten(), k.Dense(6, activation="tanh"), k.Dense(3)], """
model:
  input: [7, 6, 2]
  layers:
    - conv2d: {filters: 5, kernel: 3x2, stride: 2, activation: relu}
    - batch_norm: {epsilon: 0.001}
    - conv2d_transposed: {filters: 4, kernel: 3, stride: 2, padding: valid}
    - max_pool2d: {size: 2}
    - flatten
    - dense: {units: 6, activation: tanh}
    - dense: {units: 3}
loss: mse
train: {batch_size: 4}
""", (7, 6, 2))


def keras_sequences():
    k = keras.layers
    keras_case("keras_sequences", [
        k.Conv1D(4, 3, padding="causal", activation="relu"),
        k.Bidirectional(k.LSTM(5, return_sequences=True)),
        k.GRU(6, return_sequences=True), k.Bidirectional(k.GRU(3, return_sequences=True)),
        k.LayerNormalization(epsilon=1e-3), k.SimpleRNN(4, return_sequences=True), k.LSTM(3)], """
model:
  input: [6, 3]
  layers:
    - conv1d: {filters: 4, kernel: 3, padding: causal, activation: relu}
    - lstm: {units: 5, bidirectional: true}
    - gru: {units: 6}
    - gru: {units: 3, bidirectional: true}
    - layer_norm: {epsilon: 0.001}
    - rnn: {units: 4}
    - lstm: {units: 3, return: last}
loss: mse
train: {batch_size: 4}
""", (6, 3))


def tiny_gpt2():
    import tokenizers
    import transformers
    folder = HERE / "tiny_gpt2"
    folder.mkdir(exist_ok=True)
    words = "it is what it was: the quick brown fox jumps over the lazy dog, and the dog's fox is quick. "
    bpe = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator([words * 20 + PAGE], vocab_size=320, special_tokens=["<|endoftext|>"])
    bpe.save_model(str(folder))
    torch.manual_seed(6)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=320, n_positions=16, n_embd=16, n_layer=2, n_head=2, n_inner=24,
        bos_token_id=0, eos_token_id=0)).eval()
    shake(model)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    x = torch.randint(0, 320, (3, 16))
    with torch.no_grad(), h5py.File(HERE / "tiny_gpt2-data.h5", "w", libver="latest") as file:
        file["x"], file["expect"] = x.numpy().astype("u2"), model(x).logits.numpy()
        file["tokens"] = numpy.array(bpe.encode(PAGE).ids, "u2")
    (HERE / "tiny_gpt2-page.txt").write_text(PAGE, newline="")


if __name__ == "__main__":
    for made in sys.argv[1:] or ["torch_images", "torch_sequences", "keras_images",
                                 "keras_sequences", "tiny_gpt2"]:
        globals()[made]()
