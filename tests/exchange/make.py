#!/usr/bin/env python3
"""Files of other programs, made by those programs, and what they compute of some samples.

    make.py [CASE…]     writes CASE.yaml, CASE.ENDING and CASE-data.h5 (x, expect) beside itself

Needs torch, onnx, onnxruntime, safetensors, keras (3), transformers, tokenizers, h5py, numpy; the tests that read what it
wrote do not. Of GPT-2 a folder is written, and the tokens of PAGE.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

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
        return self.flat(x.flatten(1))


class Signal(nn.Module):
    """Windows over time, whose channels come first, made flat."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.norm = nn.BatchNorm1d(4)
        self.out = nn.Linear(4 * 3, 3)

    def forward(self, x):
        return self.out(torch.max_pool1d(torch.relu(self.norm(self.conv(x))), 2).flatten(1))


class Graph(nn.Module):
    """What its exporter calls by numbers: gates, and products of positions."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(8, 5, batch_first=True)
        self.norm = nn.LayerNorm(5)
        self.each = nn.Linear(5, 4)
        self.out = nn.Linear(6 * 4, 3)

    def forward(self, x):
        x = torch.relu(self.each(self.norm(self.gru(self.lstm(x)[0])[0])))
        return self.out(x.flatten(1))


def torch_signal():
    x = torch.randn(4, 2, 8, generator=torch.Generator().manual_seed(7))
    torch_case("torch_signal", Signal(), """
model:
  input: [8, 2]
  layers:
    - conv1d: {filters: 4, kernel: 3, padding: valid, name: conv}
    - batch_norm: {name: norm}
    - activation: {kind: relu}
    - max_pool1d: {size: 2}
    - flatten
    - dense: {units: 3, name: out}
loss: mse
train: {batch_size: 4}
""", x, last)


def onnx_case(case, module, yaml, x, first=lambda x: x):
    torch.manual_seed(8)
    shake(module)
    module.eval()
    torch.onnx.export(module, x, HERE / f"{case}.onnx", dynamo=False, opset_version=17,
                      dynamic_axes={"x": {0: "n"}}, input_names=["x"])
    with torch.no_grad():
        keep(case, yaml, first(x), module(x))


def onnx_graph():
    x = torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(9))
    onnx_case("onnx_graph", Graph(), """
model:
  input: [6, 3]
  layers:
    - lstm: {units: 4, bidirectional: true}
    - gru: {units: 5}
    - layer_norm
    - dense: {units: 4, activation: relu}
    - flatten
    - dense: {units: 3}
loss: mse
train: {batch_size: 4}
""", x)


def onnx_images():
    x = torch.randn(4, 2, 6, 6, generator=torch.Generator().manual_seed(10))
    module = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.AvgPool2d(2),
                           nn.ConvTranspose2d(4, 3, 2, stride=2), nn.Tanh(), nn.Flatten(),
                           nn.Linear(48, 5), nn.Sigmoid(), nn.Linear(5, 3))
    onnx_case("onnx_images", module, """
model:
  input: [6, 6, 2]
  layers:
    - conv2d: {filters: 4, kernel: 3, padding: valid, activation: relu}
    - batch_norm
    - avg_pool2d: {size: 2}
    - conv2d_transposed: {filters: 3, kernel: 2, stride: 2, activation: tanh}
    - flatten
    - dense: {units: 5, activation: sigmoid}
    - dense: {units: 3}
loss: mse
train: {batch_size: 4}
""", x, last)


OURS = {"ours_images": ("synthetic:images?n=4&shape=9x8x3&classes=4", "[9, 8, 3]", """
    - conv2d: {filters: 4, kernel: 3x2, stride: 2, border: reflect, activation: gelu_tanh}
    - rms_norm
    - upsample2d: {factor: 2, mode: linear}
    - upsample2d: {factor: 1x3, mode: nearest}
    - max_pool2d: {size: 3, stride: 2, padding: same}
    - avg_pool2d: {size: 3x2, stride: 1, padding: 1x1}
    - residual:
        projection: true
        layers: [conv2d: {filters: 6, kernel: 3, stride: 2, border: circular, activation: silu}]
    - conv2d_transposed: {filters: 4, kernel: 2, stride: 3, activation: elu}
    - conv2d_transposed: {filters: 4, kernel: 5, stride: 2, padding: 1, activation: softplus}
    - parallel:
        merge: concat
        branches:
          - [dense: {units: 3, activation: leaky_relu}]
          - [conv2d: {filters: 2, kernel: 3, border: replicate, groups: 2}]
    - parallel:
        merge: multiply
        branches:
          - [dense: {units: 3, rank: 2, activation: sigmoid}]
          - [dense: {units: 3, activation: gelu}]
    - batch_norm
    - layer_norm
    - dropout: {rate: 0.1}
    - global_max_pool
    - dense: {units: 12, activation: softmax}
    - reshape: {shape: [6, 2]}
    - conv1d: {filters: 3, kernel: 3, padding: causal, dilation: 2}
    - max_pool1d: {size: 2}
    - avg_pool1d: {size: 2, stride: 1}
    - upsample1d: {factor: 2, mode: linear}
    - lstm: {units: 4, bidirectional: true}
    - position_embedding: {kind: sinusoidal}
    - attention: {heads: 4, key_value_heads: 2, units: 8, causal: true}
    - gru: {units: 3, return: last, bidirectional: true}
    - dense: {units: 4}
"""), "ours_volumes": ("synthetic:images?n=4&shape=6x5x4&classes=4", "[6, 5, 4]", """
    - reshape: {shape: [6, 5, 4, 1]}
    - conv3d: {filters: 3, kernel: 3x2x3, activation: tanh}
    - max_pool3d: {size: 2}
    - conv3d_transposed: {filters: 2, kernel: 3, stride: 2, activation: relu}
    - avg_pool3d: {size: 2, padding: same}
    - upsample3d: {factor: 2}
    - global_avg_pool
    - dense: {units: 4}
""")}


def ours(case):
    """Of every layer that ONNX can say, what onnxruntime makes of what GYRE (environment) writes."""
    import onnx
    import onnxruntime
    data, shape, layers = OURS[case]
    with tempfile.TemporaryDirectory() as place:
        def gyre(*words):
            subprocess.run([os.environ["GYRE"], *words], cwd=place, check=True)
        pathlib.Path(place, "net.yaml").write_text(
            f'name: {case}\ndata: {{train: "{data}"}}\nmodel:\n  input: {shape}\n  layers:{layers}'
            "loss: cross_entropy\ntrain: {steps: 3, batch_size: 4}\n")
        gyre("train", "net.yaml", "--run-dir", "run", "--quiet")
        gyre("export", "run", "-o", str(HERE / f"{case}.onnx"))
        gyre("data", "convert", data, "-o", "x.h5")
        with h5py.File(pathlib.Path(place, "x.h5")) as file:
            x = file["x"][()].astype("f4")
    onnx.checker.check_model(HERE / f"{case}.onnx", full_check=True)
    session = onnxruntime.InferenceSession(HERE / f"{case}.onnx", providers=["CPUExecutionProvider"])
    with h5py.File(HERE / f"{case}-data.h5", "w", libver="latest") as file:
        file["x"], file["expect"] = x, session.run(None, {"x": x})[0]


def ours_images():
    ours("ours_images")


def ours_volumes():
    ours("ours_volumes")


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
    for made in sys.argv[1:] or ["torch_images", "torch_sequences", "torch_signal",
                                 "onnx_graph", "onnx_images", "ours_images", "ours_volumes", "keras_images",
                                 "keras_sequences", "tiny_gpt2"]:
        globals()[made]()
