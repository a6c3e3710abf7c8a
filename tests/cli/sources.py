#!/usr/bin/env python3
"""Users' own files as samples: what `gyre data convert` makes of them is what numpy makes of them.

    sources.py GYRE
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

try:
    import netCDF4
except ImportError:  # then what it would have made is not looked at
    netCDF4 = None

GYRE = os.path.abspath(sys.argv[1])
failed = 0


def converted(source):
    """x, y, w of a source, None where it has none."""
    done = subprocess.run([GYRE, "data", "convert", source, "-o", "out.h5"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        return done.stderr
    with h5py.File("out.h5") as file:
        return [file[name][:] if name in file else None for name in "xyw"]


def expect(source, x, y=None, w=None):
    global failed
    got = converted(source)
    wrong = got if isinstance(got, str) else ""
    for name, have, want in zip("xyw", got, (x, y, w)):
        if wrong:
            break
        if (have is None) != (want is None):
            wrong = f"{name} is {'missing' if have is None else 'there'}"
        elif want is not None and have.shape != np.shape(want):
            wrong = f"{name} is {have.shape}, not {np.shape(want)}"
        elif want is not None and not np.array_equal(have, np.float32(want), equal_nan=True):
            wrong = f"values of {name}"
    if wrong:
        failed += 1
        print(f"{source}: {wrong}")


def refuse(source, *words):
    """One line that has the words."""
    global failed
    got = converted(source)
    if not isinstance(got, str) or got.count("\n") != 1 or any(w not in got for w in words):
        failed += 1
        print(f"{source}: not refused by {words}: {got}")


def last(array):
    return np.moveaxis(array, 1, -1)


def parts(draw):
    """A field a file, with and without channels, in three files of one run."""
    made = {}
    for number, n in ((1, 5), (2, 4), (10, 3)):
        fields = {"a": draw.integers(0, 256, (n, 3, 4)).astype("u1"),
                  "b": draw.normal(size=(n, 2, 3, 4)).astype("f4"),
                  "c": draw.normal(size=(n, 1)).astype(">f8"),
                  "label": draw.integers(0, 4, n).astype("i2"),
                  "share": draw.uniform(size=n).astype("f8")}
        with h5py.File(f"part-{number}.h5", "w") as file:
            for name, values in fields.items():
                file.create_dataset(f"deep/er/{name}", data=values,
                                    **({"chunks": True, "compression": 4} if name == "b" else {}))
        made[number] = fields
    return {name: np.concatenate([made[k][name] for k in (1, 10, 2)]) for name in made[1]}


def named(draw):
    f = parts(draw)
    every = "part-*.h5:/deep/er"
    expect(f"{every}?x=b&y=c&layout=channels_first", last(f["b"]), f["c"])
    expect(f"{every}?x=b", f["b"])
    expect(f"{every}?x=a,b&y=label&weight=share&layout=channels_first",
           np.concatenate([f["a"][..., None], last(f["b"])], -1), f["label"], f["share"])
    expect(f"{every}?x=a&y=a&rows=2:11", f["a"][2:11], f["a"][2:11])
    expect(f"{every}?x=a&y=label&rows=9:", f["a"][9:], f["label"][9:])
    expect("part-1.h5,part-2.h5:/?x=deep/er/a&y=deep/er/c",
           np.concatenate([f["a"][:5], f["a"][8:]]), np.concatenate([f["c"][:5], f["c"][8:]]))


def trajectories(draw):
    runs = []
    for name, n, times in (("early.h5", 2, 9), ("late.h5", 3, 7)):
        with h5py.File(name, "w") as file:
            u, p = draw.normal(size=(n, times, 6, 1)), draw.normal(size=(n, times, 6)).astype("f4")
            w = draw.uniform(size=n)
            file.create_dataset("u", data=u, chunks=(2, 4, 6, 1), compression=1)
            file.create_dataset("p", data=p, chunks=(1, 3, 6), compression=1, shuffle=True)
            file["w"] = w
        runs += [(np.concatenate([u[i], p[i][..., None]], -1), w[i]) for i in range(n)]

    def samples(runs, window, horizon, step):
        x, y, w = [], [], []
        for frames, weight in runs:
            for a in range(len(frames) - (window + horizon - 1) * step):
                at = [frames[a + i * step] for i in range(window + horizon)]
                x.append(np.concatenate(at[:window], -1))
                y.append(np.concatenate(at[window:], -1))
                w.append(weight)
        return np.array(x), np.array(y), np.array(w)
    both = "early.h5,late.h5?x=u,p"
    x, y, w = samples(runs, 2, 2, 2)
    expect(f"{both}&window=2&horizon=2&step=2", x, y)
    expect(f"{both}&window=2&horizon=2&step=2&weight=w", x, y, w)
    x, y, w = samples(runs[1:4], 3, 1, 1)
    expect(f"{both}&window=3&rows=1:4&y=u", x, y[..., :1])


def files_of_one(draw):
    frames = draw.normal(size=(70, 3, 4))  # more than are kept open at once
    films = draw.normal(size=(3, 5, 4))
    for i, frame in enumerate(frames):
        with h5py.File(f"frame-{i:03}.h5", "w") as file:
            file["x"], file["y"] = frame, np.float32(i)
    for i, film in enumerate(films):
        with h5py.File(f"film-{i}.h5", "w") as file:
            file["x"] = film
    expect("frame-*.h5?each=file", frames, np.arange(70))
    expect("film-*.h5?each=file&window=1",
           np.concatenate([film[:-1] for film in films]),
           np.concatenate([film[1:] for film in films]))


def packed(draw):
    """As NetCDF packs: short integers with a scale, and a number that stands for nothing."""
    raw = draw.integers(-300, 300, (6, 4)).astype("i2")
    y = draw.normal(size=6).astype("f4")
    y[2] = 9.96921e36
    with h5py.File("packed.nc", "w") as file:
        x = file.create_dataset("x", data=raw)
        x.attrs["scale_factor"], x.attrs["add_offset"] = np.array([0.01]), 273.15
        file["y"], file["w"] = y, np.array([1, 2, 0, 4, 5, 6], "f4")
        file["y"].attrs["_FillValue"] = np.array([9.96921e36], "f4")
    expect("packed.nc?weight=w", raw * 0.01 + 273.15,
           [np.nan if i == 2 else v for i, v in enumerate(y)], [1, 2, 0, 4, 5, 6])


def arrays(draw):
    """NumPy's own files: any type and order, archives plain and packed."""
    global failed
    x, y = draw.normal(size=(9, 2, 3, 4)), draw.integers(0, 5, 9)
    for kind in ("<f4", ">f8", "<f2", "|u1", "<i2", ">i4", "<u8", "|b1"):
        values = np.abs(x * 20).astype(kind)
        np.save("x.npy", values)
        expect("x.npy", values)
    np.save("x.npy", x)
    np.save("y.npy", y)
    np.save("w.npy", draw.uniform(size=9).astype("f4"))
    expect("x.npy,y.npy?weight=w.npy&rows=2:7", x[2:7], y[2:7], np.load("w.npy")[2:7])
    expect("x.npy,x.npy?layout=channels_first", last(x), last(x))
    for save in (np.savez, np.savez_compressed):
        save("set.npz", images=x, labels=y, y=x[:, 0])
        expect("set.npz?x=images&y=labels", x, y)
        expect("set.npz?x=images&rows=:3", x[:3], x[:3, 0])
        refuse("set.npz?x=image", "no image", "there are images, labels, y")
    told = json.loads(subprocess.run([GYRE, "data", "info", "x.npy,y.npy?weight=w.npy", "--json"],
                                     capture_output=True, check=True).stdout)
    weights = np.load("w.npy")
    np.save("w.npy", weights * 0)
    nothing = subprocess.run([GYRE, "data", "info", "x.npy,y.npy?weight=w.npy", "--json"], capture_output=True, check=True)
    if (told["class_counts"] != np.bincount(y).tolist() or told["classes"] != y.max() + 1
            or told["weight_maximum"] != weights.max() or "y_minimum" in json.loads(nothing.stdout)):
        print(f"data info of weighted classes: {told}")
        failed += 1


def empty_files(draw):
    """Files of no samples, and of trajectories without times, among others."""
    x, films = draw.normal(size=(3, 2)), draw.integers(0, 3, (2, 4, 1))
    for name, values, frames in (("none-1.h5", x[:0], films[:, :0]), ("none-2.h5", x, films)):
        with h5py.File(name, "w") as file:
            file["x"], file["y"], file["film"] = values, np.arange(len(values)), frames
    expect("none-*.h5", x, np.arange(3))
    expect("none-*.h5?x=film&window=3", np.moveaxis(films[:, :3], 1, 2), films[:, 3])


def simulations(draw):
    """Layouts that simulations are handed around in: nobody converts them first."""
    # the Well: trajectories, scalar fields and vector fields in groups of their own
    t0, t1 = draw.normal(size=(2, 6, 5, 4)).astype("f4"), draw.normal(size=(2, 6, 5, 4, 2)).astype("f4")
    with h5py.File("well.hdf5", "w") as file:
        file.attrs["n_trajectories"] = 2
        file.create_dataset("t0_fields/density", data=t0, chunks=(1, 1, 5, 4), compression=4)
        file["t1_fields/velocity"] = t1
        file["dimensions/time"] = np.arange(6.0)
    both = np.concatenate([t0[..., None], t1], -1)
    expect("well.hdf5?x=t0_fields/density,t1_fields/velocity&window=1",
           both[:, :-1].reshape(10, 5, 4, 3), both[:, 1:].reshape(10, 5, 4, 3))
    # CosmoFlow and DeepCAM: a sample a file
    cosmo = draw.integers(0, 900, (3, 4, 4, 4, 2)).astype("i2")
    unit = draw.uniform(-1, 1, (3, 4)).astype("f4")
    air, masks = draw.normal(size=(2, 6, 8, 3)).astype("f4"), draw.integers(0, 3, (2, 6, 8))
    for i in range(3):
        with h5py.File(f"univ_{i}.hdf5", "w") as file:
            file["full"], file["unitPar"] = cosmo[i], unit[i]
    for i in range(2):
        with h5py.File(f"data-{i}.h5", "w") as file:
            file["climate/data"], file["climate/labels_0"] = air[i], masks[i]
    expect("univ_*.hdf5?x=full&y=unitPar&each=file", cosmo, unit)
    expect("data-*.h5:/climate?x=data&y=labels_0&each=file", air, masks)
    # PDEBench: [N, T, X] in one data set; the steps beside it
    tensor = draw.normal(size=(3, 7, 8)).astype("f4")
    with h5py.File("burgers.hdf5", "w") as file:
        file["tensor"], file["x-coordinate"] = tensor, np.arange(8.0)
    frames = np.stack([tensor[:, a:a + 3] for a in range(4)], 1).reshape(12, 3, 8)
    expect("burgers.hdf5?x=tensor&window=3", np.moveaxis(frames, 1, -1), tensor[:, 3:].reshape(12, 8))


def climate(draw):
    """A file that the netCDF library wrote: times without end, packed, with gaps, and its chunks."""
    if netCDF4 is None:
        print("python3-netcdf4 is not here: its files are not looked at")
        return
    t, u = draw.normal(280, 9, (9, 4, 6)), draw.normal(size=(9, 4, 6)).astype("f4")
    with netCDF4.Dataset("era.nc", "w") as file:
        for name, n in (("time", None), ("lat", 4), ("lon", 6)):
            file.createDimension(name, n)
        axes = ("time", "lat", "lon")
        packed = file.createVariable("t2m", "i2", axes, zlib=True, shuffle=True, fill_value=-32767)
        packed.scale_factor, packed.add_offset = 0.01, 280.0
        packed[:] = t
        file.createVariable("u10", ">f4", axes, zlib=True, chunksizes=(4, 4, 3),
                            endian="big")[:] = u
        wet = file.createGroup("sea").createVariable("wet", "f4", axes, fill_value=-1.0)
        wet[:] = np.ma.masked_less(u, 0)
        file["sea"].createVariable("weight", "f8", axes)[:] = u >= 0
    with netCDF4.Dataset("era.nc") as file:
        seen = file["t2m"][:].filled(np.nan), file["u10"][:], file["sea/wet"][:].filled(np.nan)
    x = np.stack(seen[:2], -1)
    expect("era.nc?x=t2m,u10&y=sea/wet&weight=sea/weight", x, seen[2], u >= 0)
    expect("era.nc?x=t2m,u10&window=2&each=file", np.concatenate([x[:-2], x[1:-1]], -1), x[2:])
    expect("era.nc,era.nc?x=u10", np.concatenate([u, u]))


def virtual(draw):
    """Data sets that are made of parts of other files: boxes, strides, axes turned, gaps, and again."""
    os.makedirs("parts/deep", exist_ok=True)
    u = draw.normal(size=(6, 5, 4)).astype("f4")
    for i, part in enumerate(u):
        with h5py.File(f"parts/deep/{i}.h5", "w") as file:
            file.create_dataset("run/u", data=part[None], chunks=(1, 2, 4), compression=1)
    with h5py.File("parts/labels.h5", "w") as file:
        file["label"] = np.arange(12, dtype="i8").reshape(2, 6) % 3
    layouts = {}
    layouts["x"] = h5py.VirtualLayout((6, 5, 4), "f4")
    for i in range(6):
        layouts["x"][i] = h5py.VirtualSource(f"deep/{i}.h5", "run/u", (1, 5, 4))[0]
    layouts["y"] = h5py.VirtualLayout((6,), "i4")
    for row in range(2):
        layouts["y"][row::2] = h5py.VirtualSource("labels.h5", "label", (2, 6))[row, ::2]
    layouts["gaps"] = h5py.VirtualLayout((6, 5, 2), "f8")
    for i in (1, 4):
        layouts["gaps"][i, 1:4] = h5py.VirtualSource(
            os.path.abspath(f"parts/deep/{i}.h5"), "run/u", (1, 5, 4))[0, 2:, 1::2]
    layouts["again"] = h5py.VirtualLayout((12, 5, 4), "f4")
    layouts["again"][3:9] = h5py.VirtualSource(".", "x", (6, 5, 4))
    with h5py.File("parts/all.h5", "w") as file:
        for name, layout in layouts.items():
            file.create_virtual_dataset(name, layout, fillvalue=7 if name != "y" else None)
    with h5py.File("parts/all.h5") as file:
        seen = {name: file[name][...] for name in file}
    assert np.array_equal(seen["x"], u) and (seen["again"][4] == u[1]).all()
    expect("parts/all.h5", u, seen["y"])
    expect("parts/all.h5?x=gaps&y=x&rows=1:5", seen["gaps"][1:5], u[1:5])
    expect("parts/all.h5?x=again&y=again", seen["again"], seen["again"])
    os.rename("parts", "moved")  # where they were is no more
    expect("moved/all.h5", u, seen["y"])
    refuse("moved/all.h5?x=gaps", "/gaps", "parts/deep/1.h5", "No such file")
    os.remove("moved/deep/3.h5")
    refuse("moved/all.h5", "moved/deep/3.h5", "No such file")
    with h5py.File("moved/far.h5", "w") as file:
        for name, path in (("up", "../early.h5"), ("root", os.path.abspath("early.h5"))):
            layout = h5py.VirtualLayout((2, 9, 6, 1), "f4")
            layout[:] = h5py.VirtualSource(path, "u", (2, 9, 6, 1))
            file.create_virtual_dataset(name, layout)
        layout = h5py.VirtualLayout((4, 6), "f4", maxshape=(None, 6))
        layout[:h5py.h5s.UNLIMITED] = h5py.VirtualSource(
            "early.h5", "u", (4, 6), maxshape=(None, 6))[:h5py.h5s.UNLIMITED]
        file.create_virtual_dataset("grows", layout)
        layout = h5py.VirtualLayout((3, 2), "f4")
        layout[:] = h5py.VirtualSource("far.h5", "turns", (3, 2))
        file.create_virtual_dataset("turns", layout)
        layout = h5py.VirtualLayout((3, 2), "f4")
        layout[:] = h5py.VirtualSource("labels.h5", "label", (3, 2))
        file.create_virtual_dataset("short", layout)
        file["link"] = h5py.ExternalLink("labels.h5", "/label")
        file.create_dataset("raw", (3,), "f4", external=[("raw.bin", 0, 12)])
    for name, words in (("up", "../early.h5"), ("root", "early.h5"), ("grows", "grows"),
                        ("turns", "turns"), ("short", "labels.h5:label"),
                        ("link", "link to another file"), ("raw", "raw")):
        refuse(f"moved/far.h5?x={name}", name, words)


def main():
    draw = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        for case in (named, trajectories, files_of_one, packed, arrays, empty_files, virtual,
                     simulations, climate):
            case(draw)
        os.chdir(pathlib.Path(__file__).parent)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
