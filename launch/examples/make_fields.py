#!/usr/bin/env python3
"""Makes fields to learn from, as a simulation would have written them; needs numpy and h5py.

    make_fields.py flow      data/flow.h5: a quantity carried by itself in two dimensions (Burgers)
    make_fields.py universe  data/universe.h5: random volumes whose statistics are to be told

flow.h5 has groups train and test: x [N, 64, 64, 1] a field, y the one a moment later; and walk, whose y
has the next ten of them side by side. universe.h5 has x [N, 32, 32, 32, 4], y [N, 4].
"""
import pathlib
import sys

import h5py
import numpy

SIDE, FRAMES, STEP = 64, 11, 0.02
VISCOSITY = 1e-2  # so that fronts are wider than a pixel: with less the fields ring, and no network learns that


def waves(side):
    k = numpy.fft.fftfreq(side, 1 / side)
    return 2j * numpy.pi * k[:, None], 2j * numpy.pi * k[None, :]


def smooth(draw, side):
    """A random periodic field of large waves."""
    kx, ky = waves(side)
    size = numpy.abs(kx) ** 2 + numpy.abs(ky) ** 2
    field = numpy.fft.ifft2(numpy.fft.fft2(draw.normal(size=(side, side))) * numpy.exp(-size / 400)).real
    return field / field.std()


def walk(u, frames):
    """u_t + u (u_x + u_y) = v Δu on a torus, by Fourier modes (a third of them cut) and Runge-Kutta."""
    kx, ky = waves(SIDE)
    keep = (numpy.abs(kx) < 2 * numpy.pi * SIDE / 3) & (numpy.abs(ky) < 2 * numpy.pi * SIDE / 3)

    def slope(h):
        u = numpy.fft.ifft2(h).real
        return keep * (-(kx + ky) * numpy.fft.fft2(u * u / 2) + VISCOSITY * (kx ** 2 + ky ** 2) * h)
    h, out, parts = numpy.fft.fft2(u), [u], 20
    for _ in range(frames - 1):
        for _ in range(parts):
            dt = STEP / parts
            a = slope(h)
            b = slope(h + dt / 2 * a)
            c = slope(h + dt / 2 * b)
            h = h + dt / 6 * (a + 2 * b + 2 * c + slope(h + dt * c))
        out.append(numpy.fft.ifft2(h).real)
    return numpy.stack(out, -1).astype("f4")  # [SIDE, SIDE, frames]


def flow(path):
    draw = numpy.random.default_rng(1)
    walks = numpy.stack([walk(smooth(draw, SIDE), FRAMES) for _ in range(72)])
    with h5py.File(path, "w") as file:
        for group, part in (("train", walks[:64]), ("test", walks[64:])):
            pairs = numpy.moveaxis(part, -1, 1)[..., None]  # [walks, frames, side, side, 1]
            file[f"{group}/x"] = pairs[:, :-1].reshape(-1, SIDE, SIDE, 1)
            file[f"{group}/y"] = pairs[:, 1:].reshape(-1, SIDE, SIDE, 1)
        file["walk/x"], file["walk/y"] = walks[64:, ..., :1], walks[64:, ..., 1:]


def universe(path, samples=96, side=32):
    """Four fields of one spectrum: its slope, the size of the waves, a skew, and how they go together."""
    draw = numpy.random.default_rng(2)
    k = numpy.fft.fftfreq(side, 1 / side)
    size = numpy.sqrt(sum(axis ** 2 for axis in numpy.meshgrid(k, k, k, indexing="ij"))) + 1
    y = draw.uniform(-1, 1, (samples, 4)).astype("f4")
    x = numpy.empty((samples, side, side, side, 4), "f4")
    for i, (slope, amplitude, skew, common) in enumerate(y):
        first = draw.normal(size=(side,) * 3)
        for j in range(4):
            noise = first if j == 0 else (1 + common) / 2 * first + draw.normal(size=first.shape) / 2
            field = numpy.fft.ifftn(numpy.fft.fftn(noise) * size ** (-1.5 - slope)).real
            field *= numpy.exp(amplitude / 2) / field.std()
            x[i, ..., j] = field + skew / 2 * field ** 2
    with h5py.File(path, "w") as file:
        for group, part in (("train", slice(0, -16)), ("test", slice(-16, None))):
            file[f"{group}/x"], file[f"{group}/y"] = x[part], y[part]


if __name__ == "__main__":
    made = {"flow": flow, "universe": universe}
    if len(sys.argv) != 2 or sys.argv[1] not in made:
        sys.exit(__doc__)
    pathlib.Path("data").mkdir(exist_ok=True)
    made[sys.argv[1]](f"data/{sys.argv[1]}.h5")
