#!/usr/bin/env python3
"""Makes fields to learn from, as a simulation would have written them; needs numpy and h5py.

    make_fields.py flow      data/flow.h5: a quantity carried by itself in two dimensions (Burgers)
    make_fields.py universe  data/universe.h5: random volumes whose statistics are to be told
    make_fields.py weather   data/weather.h5: air over land and sea, and the sea's warmth where a ship was

flow.h5 has groups train and test: x [N, 64, 64, 1] a field, y the one a moment later; and walk, whose y
has the next ten of them side by side. universe.h5 has x [N, 32, 32, 32, 4], y [N, 4]. weather.h5 has air,
pressure, land, sea, weight [time, latitude, longitude] as NetCDF packs them, in compressed chunks; sea is
missing on land and where nobody looked, and weight is 0 there, else the area.
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


def pack(group, name, values, scale, offset):
    """Whole numbers of two bytes, a number for what is missing: as NetCDF has them."""
    whole = numpy.where(numpy.isnan(values), -32767, numpy.round((values - offset) / scale))
    packed = group.create_dataset(name, data=whole.astype("i2"), compression=4, shuffle=True,
                                  chunks=(16,) + values.shape[1:])
    for key, value in (("scale_factor", scale), ("add_offset", offset)):
        packed.attrs[key] = value
    packed.attrs["_FillValue"] = numpy.int16(-32767)


def weather(path, times=640, height=32, width=64):
    draw = numpy.random.default_rng(3)
    latitude = numpy.linspace(-1.45, 1.45, height)[:, None]
    climate = 273 + 28 * numpy.cos(latitude) ** 2 + numpy.zeros((1, width))
    hills, warm, low = (smooth(draw, width)[:height] for _ in range(3))
    land, sea = hills > 0.4, numpy.zeros((height, width))
    days = {name: numpy.empty((times, height, width))
            for name in ("air", "pressure", "land", "sea", "weight")}
    for day in range(times):
        warm = 0.9 * numpy.roll(warm, 1, 1) + 0.45 * smooth(draw, width)[:height]  # goes east
        low = 0.8 * numpy.roll(low, 2, 1) + 0.6 * smooth(draw, width)[:height]
        sea = 0.8 * sea + 0.6 * warm - 0.3 * low * numpy.abs(low)  # the wind stirs it
        seen = ~land & (draw.uniform(size=land.shape) < 0.3)
        days["air"][day] = climate + 4 * warm
        days["pressure"][day], days["land"][day] = 1013 - 9 * low, land
        days["sea"][day] = numpy.where(seen, climate + 2 + sea, numpy.nan)
        days["weight"][day] = seen * numpy.cos(latitude)
    with h5py.File(path, "w") as file:
        for name, part in (("train", slice(0, -128)), ("test", slice(-128, None))):
            group = file.create_group(name)
            for field, scale, offset in (("air", 0.01, 273), ("pressure", 0.01, 1000), ("sea", 0.01, 273)):
                pack(group, field, days[field][part], scale, offset)
            for field in ("land", "weight"):
                group.create_dataset(field, data=days[field][part].astype("f4"), compression=4,
                                     chunks=(16, height, width))


if __name__ == "__main__":
    made = {"flow": flow, "universe": universe, "weather": weather}
    if len(sys.argv) != 2 or sys.argv[1] not in made:
        sys.exit(__doc__)
    pathlib.Path("data").mkdir(exist_ok=True)
    made[sys.argv[1]](f"data/{sys.argv[1]}.h5")
