#!/usr/bin/env python3
"""Makes spoken-digits.h5 of the Free Spoken Digit Dataset's recordings.

    datasets/make_spoken_digits.py RECORDINGS data/spoken-digits.h5

RECORDINGS is the folder of {digit}_{speaker}_{index}.wav files (8 kHz, mono, 16 bits). /train and /test
(index 0 to 4, as the set's authors split it) hold x [N, 100, 24], bytes, y [N] and speaker [N]: the last 100
frames of 10 ms in 24 log-mel bands; shorter recordings begin with silence. Needs numpy and h5py.
"""
import pathlib
import sys
import wave

import h5py
import numpy as np

RATE, WINDOW, HOP, FFT, MELS, FRAMES = 8000, 200, 80, 256, 24, 100
LOW, HIGH = -14.0, 8.0  # ln(mel power + 1e-6) that bytes 0 and 255 stand for


def mel_filters():
    """[MELS, FFT / 2 + 1]: triangles between 60 and 4000 Hz, equally spaced on the mel scale."""
    mel = lambda hertz: 2595 * np.log10(1 + hertz / 700)
    edges = 700 * (10 ** (np.linspace(mel(60), mel(4000), MELS + 2) / 2595) - 1)
    hertz = np.arange(FFT // 2 + 1) * RATE / FFT
    rise = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rise, fall))


def features(path, filters):
    """[FRAMES, MELS] bytes."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    sound = np.pad(sound, (0, max(0, WINDOW - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2
    level = np.log(power @ filters.T + 1e-6)
    values = np.clip(np.rint((level - LOW) / (HIGH - LOW) * 255), 0, 255).astype(np.uint8)[-FRAMES:]
    return np.pad(values, ((FRAMES - len(values), 0), (0, 0)))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    filters = mel_filters()
    parts = {"train": [], "test": []}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*_*_*.wav")):
        digit, speaker, index = path.stem.split("_")
        parts["test" if int(index) < 5 else "train"].append((features(path, filters), int(digit), speaker))
    if not parts["train"] or not parts["test"]:
        sys.exit(f"make_spoken_digits: no recordings in {sys.argv[1]}")
    speakers = sorted({speaker for rows in parts.values() for *_, speaker in rows})
    with h5py.File(sys.argv[2], "w") as out:
        for name, rows in parts.items():
            out[f"{name}/x"] = np.stack([x for x, *_ in rows])
            out[f"{name}/y"] = np.array([y for _, y, _ in rows], np.uint8)
            out[f"{name}/speaker"] = np.array([speakers.index(speaker) for *_, speaker in rows], np.uint8)
            print(f"{name}: {len(rows)} recordings")


if __name__ == "__main__":
    main()
