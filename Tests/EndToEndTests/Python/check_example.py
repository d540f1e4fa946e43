# SPDX-License-Identifier: Apache-2.0
"""EXAMPLE FACTORS REBUILT: what examples/use_factors.py computes and prints is what the rebuilt matrix
says."""
import importlib.util
import subprocess
import sys

import numpy as np

from lplr_reader import factors, matrix

spec = importlib.util.spec_from_file_location("use_factors", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
a = matrix(sys.argv[3])[1].astype("f8")
norm = np.linalg.norm(a)

opened = example.Factors(sys.argv[2])
assert opened.shape == a.shape
left, right = opened.left(), opened.right()
for mine, expected in zip((left, right), factors(sys.argv[2])):
    assert mine.tobytes() == expected.tobytes()
assert (opened.left(slice(7, 9)) == left[7:9]).all() and (opened.right(slice(3, 4)) == right[3:4]).all()

row = 17
assert np.allclose(example.row_of(opened, row), a[row], atol=1e-5 * np.abs(a).max())
x = np.random.default_rng(1).standard_normal((a.shape[1], 3))
assert np.linalg.norm(example.product(left, right, x) - a @ x) < 1e-5 * norm * np.linalg.norm(x)

points = example.embedding(left, right)
assert points.shape == left.shape
assert np.abs(points @ points.T - a @ a.T).max() < 1e-5 * np.abs(a @ a.T).max()

# The same neighbours in the same order, but for ties.
cosines = a @ a[row] / np.linalg.norm(a, axis=1) / np.linalg.norm(a[row])
cosines[row] = -1
best, found = example.nearest(points, row, 10)
assert row not in best and np.allclose(found, np.sort(cosines)[::-1][:10], atol=1e-5), (best, found)
assert np.allclose(cosines[best], found, atol=1e-5)

printed = subprocess.run([sys.executable, sys.argv[1], sys.argv[2], "--row", str(row)],
                         check=True, capture_output=True, text=True).stdout.splitlines()
assert len(printed) == 7, printed
assert np.allclose([float(v) for v in printed[0].split()[2:8]], a[row, :6], atol=1e-4 * np.abs(a).max())
assert np.isclose(float(printed[1].split()[-1]), a[row].sum(), atol=1e-4 * np.abs(a[row]).sum())
assert [int(line.split()[1].rstrip(",")) for line in printed[2:]] == list(best[:5]), printed
refused = subprocess.run([sys.executable, sys.argv[1], sys.argv[2], "--row", str(len(a))],
                         capture_output=True, text=True)
assert refused.returncode == 1 and "expected 0 to" in refused.stderr, refused
