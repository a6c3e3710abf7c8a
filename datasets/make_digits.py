#!/usr/bin/env python3
"""Makes digits.h5 from the UCI optical digits.

    make_digits.py digits.csv[.gz] digits.h5

The CSV has no header: 64 pixels of 0 ... 16, row by row, then the digit. (optdigits.tes of the UCI
archive, or the digits.csv.gz of scikit-learn, which holds the same 1,797 rows.) Every fifth row is
for testing. Needs h5py.
"""
import csv
import gzip
import json
import sys

import h5py
import numpy as np

SOURCE = ("E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
          "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49")


def read(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt") as f:
        rows = np.array([[int(float(v)) for v in row] for row in csv.reader(f) if row])
    if rows.shape != (1797, 65) or rows.min() < 0 or rows[:, :64].max() > 16 or rows[:, 64].max() > 9:
        sys.exit(f"{path}: not the 1797 optical digits, but {rows.shape}")
    return rows.astype(np.uint8)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    rows = read(sys.argv[1])
    test = np.arange(len(rows)) % 5 == 4
    names = json.dumps([str(d) for d in range(10)])
    with h5py.File(sys.argv[2], "w") as f:
        f.attrs["title"] = "Optical recognition of handwritten digits"
        f.attrs["source"] = SOURCE
        f.attrs["licence"] = "CC BY 4.0"
        for group, chosen in (("train", ~test), ("test", test)):
            g = f.create_group(group)
            g.attrs["class_names"] = names
            g.create_dataset("x", data=rows[chosen, :64].reshape(-1, 8, 8, 1), track_times=False)
            g.create_dataset("y", data=rows[chosen, 64], track_times=False)


if __name__ == "__main__":
    main()
