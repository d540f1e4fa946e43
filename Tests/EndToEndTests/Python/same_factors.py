# SPDX-License-Identifier: Apache-2.0
"""FILE FILE ...: fails unless every dataset is the same in all factor files, byte for byte. The
group of the matrix may have another name."""
import sys

import h5py

from lplr_reader import group_of


def datasets(path):
    with h5py.File(path, "r") as file:
        group = group_of(file)
        found = {}

        def note(name, item):
            if isinstance(item, h5py.Dataset):
                key = ("/" + name).replace(group.name, "MATRIX", 1)
                found[key] = (item.dtype.str, item.shape, item[()].tobytes())

        file.visititems(note)
        return found


first = datasets(sys.argv[1])
expected = {f"MATRIX/{side}/{part}" for side in ("left", "right")
            for part in ("codes", "bits", "scale")}
assert expected <= set(first), sorted(first)
different = []
for path in sys.argv[2:]:
    other = datasets(path)
    assert set(other) == set(first), (path, sorted(other), sorted(first))
    different += [f"{path}: {name}" for name in first if other[name] != first[name]]
if different:
    sys.exit("different from " + sys.argv[1] + ":\n" + "\n".join(different))
