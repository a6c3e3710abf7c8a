#!/usr/bin/env python3
"""Text from models trained on a little text, held against what `predict` gives for whole windows.

    generate.py GYRE MPIRUN_SH MPIEXEC
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py

WINDOW = 24
TEXT = ("the quick brown fox jumps over the lazy dog .\n"
        "öl läuft über die straße , und 東京 ist weit .\n") * 40

CONFIG = """
name: {name}
run_dir: {name}
threads: 1
data: {{train: text.txt, validation: text.txt, tokens: {tokens}, sequence: %d}}
model:
  input: [%d]
  layers:
    - embedding: {{name: emb, vocabulary: {vocabulary}, units: 24}}
{layers}
loss: cross_entropy
optimizer: {{kind: adamw, learning_rate: 0.01}}
train: {{steps: {steps}, batch_size: 8}}
checkpoint: {{keep: 1}}
""" % (WINDOW, WINDOW)

GPT = """
    - position_embedding: {}
    - transformer_block: {heads: 2, causal: true}
    - layer_norm
    - output_embedding: {share: emb}
"""
ROTARY = """
    - transformer_block: {heads: 4, causal: true, key_value_heads: 2, norm: rms_norm, position: rotary}
    - output_embedding: {share: emb}
"""
LSTM = """
    - lstm: {units: 32}
    - dense: {units: %d}
"""
CONV = """
    - residual: {layers: [conv1d: {filters: 24, kernel: 2, padding: causal, activation: gelu}]}
    - batch_norm
    - conv1d: {filters: 32, kernel: 3, padding: causal, dilation: 2, activation: relu}
    - dense: {units: %d}
"""


def main(gyre, mpirun, mpiexec):
    environment = dict(os.environ, OMPI_MCA_mpi_yield_when_idle="1")
    os.chdir(tempfile.mkdtemp(prefix="gyre-generate-"))
    pathlib.Path("text.txt").write_text(TEXT)

    def run(*arguments, ranks=1, code=0):
        command = [gyre, *arguments]
        if ranks > 1:
            command = [mpirun, mpiexec, str(ranks), *command]
        done = subprocess.run(command, capture_output=True, env=environment, timeout=200)
        assert done.returncode == code, (command, done.returncode, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()  # which must be UTF-8

    def train(name, tokens, layers, vocabulary, steps):
        config = CONFIG.format(name=name, tokens=tokens, vocabulary=vocabulary, steps=steps,
                               layers=layers)
        pathlib.Path(name + ".yaml").write_text(config)
        run("train", name + ".yaml", "--quiet")

    def generate(name, prompt, *options, **more):
        text, _ = run("generate", name, "--prompt", prompt, *options, **more)
        assert text.endswith("\n")
        return text[:-1]

    def cut(text, tokens):
        if tokens == "bytes":
            return list(text.encode())
        known = sorted(set(TEXT if tokens == "chars" else TEXT.replace("\n", " \n ").split(" ")),
                       key=lambda token: token.encode())
        known = ["<unknown>"] * (tokens == "words") + [token for token in known if token != ""]
        parts = list(text) if tokens == "chars" else text.replace("\n", " \n ").split(" ")
        return [known.index(token) for token in parts if token != ""]

    def as_whole_windows_have_it(name, tokens, prompt, length):
        """The likeliest tokens, one by one, are those of the whole window passed at once."""
        text = generate(name, prompt, "--temperature", "0", "--length", str(length))
        assert text.startswith(prompt), (name, text)
        # a text of just more than a window, so that it is one sample
        pathlib.Path("window.txt").write_text(text + " ." * WINDOW)
        run("predict", name, "--data", "window.txt", "-o", "out.h5")
        with h5py.File("out.h5") as out:
            best = out["outputs"][0].argmax(-1)
        got, given = cut(text, tokens), len(cut(prompt, tokens))
        assert len(got) == given + length <= WINDOW
        assert list(best[given - 1:len(got) - 1]) == got[given:], (name, text)

    words = len(set(TEXT.split())) + 2
    for name, tokens, layers, vocabulary, steps, prompt, length in (
            ("chars", "chars", GPT, len(set(TEXT)), 60, "the qu", 17),
            ("words", "words", GPT, words, 60, "the quick", 21),
            ("rotary", "bytes", ROTARY, 256, 5, "the", 20),
            ("conv", "chars", CONV % len(set(TEXT)), len(set(TEXT)), 60, "the quic", 16),
            # more outputs than there are characters
            ("lstm", "chars", LSTM % (len(set(TEXT)) + 9), len(set(TEXT)), 60, "öl läuf", 16)):
        train(name, tokens, layers, vocabulary, steps)
        if name != "rotary":  # whose bytes make no text yet
            as_whole_windows_have_it(name, tokens, prompt, length)

    # the same seed gives the same text, on any number of ranks; another seed another
    one = generate("rotary", "ö", "--length", "100", "--seed", "3")
    assert one == generate("rotary", "ö", "--length", "100", "--seed", "3", ranks=2)
    assert one != generate("rotary", "ö", "--length", "100", "--seed", "4")
    assert "\ufffd" in one  # bytes that make no character

    # far beyond the window, and prompts that are longer than it
    for name in ("chars", "words", "conv", "lstm"):
        text = generate(name, TEXT[:200], "--length", "90", "--temperature", "0.01", "--top-k", "3")
        assert text.startswith(TEXT[:40]), text
    assert generate("words", "the zebra jumps", "--length", "0") == "the <unknown> jumps"
    said = json.loads(run("generate", "words", "--prompt", "the", "--length", "7", "--json")[0])
    assert said["tokens"] == 7 and said["prompt_tokens"] == 1 and said["text"].startswith("the ")

    # what cannot be: a clear line, code 2
    def refused(name, prompt, *words):
        _, error = run("generate", name, "--prompt", prompt, code=2)
        assert error.startswith("gyre: error: ") and error.count("\n") == 1, error
        assert all(word in error for word in words), error

    refused("chars", "the Zebra", "--prompt, byte 4", "'Z'")
    refused("chars", "", "--prompt")
    train("ahead", "chars", "    - conv1d: {filters: %d, kernel: 3, name: look}\n"
          % len(set(TEXT)), len(set(TEXT)), 2)
    refused("ahead", "the", "layer look", "pieces")
    train("sees", "chars", GPT.replace("true", "false"), len(set(TEXT)), 2)
    refused("sees", "the", "attention", "causal: true")
    pathlib.Path("numbers.yaml").write_text(
        "name: numbers\nrun_dir: numbers\n"
        "data: {train: 'synthetic:sequence?n=16&length=24&vocabulary=9'}\n"
        "model: {input: [24], layers: [embedding: {vocabulary: 9, units: 4}, dense: {units: 9}]}\n"
        "loss: cross_entropy\ntrain: {steps: 1, batch_size: 4}\n")
    run("train", "numbers.yaml", "--quiet")
    refused("numbers", "the", "vocabulary", "not trained on a text")


if __name__ == "__main__":
    main(*sys.argv[1:])
