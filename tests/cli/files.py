"""The files that cases of the command line find in their directory: one good configuration and its
data, and data with one thing wrong each."""
import atexit
import functools
import pathlib
import shutil
import struct
import tempfile

import h5py
import numpy

GOOD = """\
name: good
threads: 1
data: {train: "good.h5:/train"}
model:
  input: [4]
  layers:
    - dense: {units: 5, activation: relu, name: hidden}
    - dense: {units: 3, name: out}
optimizer: {learning_rate: 0.01}
train: {epochs: 1, batch_size: 8}
"""
TABLE = "a,b,c,d,y\n" + "".join(f"{i},{i},2,3,{'uvw'[i % 3]}\n" for i in range(40))


def hdf5(path):
    draw = numpy.random.default_rng(1)
    classes = (numpy.arange(40) % 3).astype("u1")
    x = draw.normal(size=(40, 4)).astype("f4")
    nan, stray = x.copy(), classes.copy()
    nan[17, 2] = numpy.nan
    stray[5] = 9
    groups = {
        "train": (x, classes), "test": (x[:12], classes[:12]), "nan": (nan, classes),
        "stray": (x, stray), "short": (x, classes[:39]), "wide": (numpy.zeros((40, 5)), classes),
        "floats": (x, numpy.linspace(0, 1, 40)), "none": (x[:0], classes[:0]),
        "unlabelled": (x, None),
    }
    with h5py.File(path, "w") as file:
        for name, (values, targets) in groups.items():
            file[f"{name}/x"] = values
            if targets is not None:
                file[f"{name}/y"] = targets
        for name, weights in (("weight", numpy.arange(40)), ("below", numpy.arange(40) - 3),
                              ("nothing", numpy.zeros(40)), ("wide", numpy.ones((40, 2)))):
            file[f"train/{name}"] = weights.astype("f4")
        file["numbers"] = numpy.zeros(3)
        file.create_group("empty")


def odd_hdf5(path):
    """What other programs write: links to other files, names as a list, filters that are plugins."""
    with h5py.File(path, "w") as file:
        for name in ("linked", "named", "packed"):
            file[f"{name}/y"] = numpy.arange(6, dtype="u1") % 3
        file["linked/x"] = h5py.ExternalLink("good.h5", "/train/x")
        file["named/x"] = numpy.zeros((6, 2), "f4")
        file["named"].attrs["class_names"] = ["cat", "dog", "cow"]
        file["turned/x"] = numpy.zeros((6, 3, 20, 20), "u1")  # channels first
        file["turned/y"] = numpy.arange(6, dtype="u1") % 3
        file["worded/x"] = numpy.zeros((6, 2), "u1")
        file["worded"].attrs["vocabulary"] = "a,b"  # which is no list, and cannot be done without
        packed = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        packed.set_chunk((6, 2))
        packed.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 4, 48, 5, 1, 0))
        data = h5py.h5d.create(file["packed"].id, b"x", h5py.h5t.IEEE_F32LE,
                               h5py.h5s.create_simple((6, 2)), packed)
        data.write_direct_chunk((0, 0), b"\0" * 32, 0)


def start_values(path):
    """For the good model: a layer of it, one of another shape, one that it does not have."""
    with h5py.File(path, "w") as file:
        file["params/hidden/weight"] = numpy.ones((5, 4), "f4")
        file["params/hidden/bias"] = numpy.zeros(5, "f8")
        file["params/out/weight"] = numpy.ones((2, 5), "f4")
        file["params/head/weight"] = numpy.ones((2, 2), "f4")


def idx(values):
    return struct.pack(">BBBB", 0, 0, 8, values.ndim) + \
        struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


@functools.cache
def made():
    """The directory with them, made once."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="gyre-files-"))
    atexit.register(shutil.rmtree, place)
    hdf5(place / "good.h5")
    odd_hdf5(place / "odd.h5")
    start_values(place / "start.h5")
    whole = (place / "good.h5").read_bytes()
    (place / "cut.h5").write_bytes(whole[:len(whole) // 2])
    images = idx(numpy.zeros((40, 2, 2), "u1"))
    (place / "images").write_bytes(images)
    (place / "images-cut").write_bytes(images[:-9])
    (place / "labels").write_bytes(idx(numpy.zeros(39, "u1")))
    (place / "table.csv").write_text(TABLE)
    (place / "ragged.csv").write_text("a,b,c,d,y\n1,2,3,4,u\n1,2,3,u\n")
    (place / "good.yaml").write_text(GOOD)
    (place / "directory").mkdir()
    return place
