# SPDX-License-Identifier: Apache-2.0
"""What the machine itself can do, measured in the same go: the ceilings of every figure."""
import os
import pathlib
import platform
import statistics
import subprocess
import sys

import measure
from table import header, progress, row, section

ONEDNN = os.environ.get("LPLR_SPEED_ONEDNN", "")
PRODUCTS = pathlib.Path(__file__).resolve().parent / "products.py"
ALONE = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def processor():
    for line in subprocess.run(["lscpu"], capture_output=True, text=True).stdout.splitlines():
        if line.startswith("Model name:"):
            return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} processors"
    return platform.processor()


def together(command, processes):
    """The lines that so many processes print, started at once; None if one fails."""
    children = [subprocess.Popen(list(map(str, command)), env=ALONE, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                for _ in range(processes)]
    lines = [child.communicate()[0].strip() for child in children]
    return lines if all(child.returncode == 0 for child in children) else None


def ceilings(path, ranks, repeat):
    section("Machine", f"{processor()}; {path.name} of {os.path.getsize(path) / 1e9:.2f} GB; "
            f"medians of {repeat}. Two processes share one file. Cold: {measure.how_cold()}.")
    header("read by pieces of 8 MiB, GB/s", "1 process", "2 processes")
    for state in ("cold", "warm"):
        row(state, *(f"{reading(path, processes, state, repeat):.2f}" for processes in (1, 2)))
    progress("read the file")
    print()
    header("memory copied, GB/s of each process", "1 process", "2 processes")
    row("512 MiB to 512 MiB", *(f"{copying(processes):.2f}" for processes in (1, 2)))
    products(ranks)


def reading(path, processes, state, repeat):
    times = []
    for _ in range(repeat):
        if state == "cold":
            measure.chill(path, warm_up=lambda: None)
        else:
            measure.warm(path)
        times.append(measure.read(path, processes))
    return os.path.getsize(path) / 1e9 / statistics.median(times)


def copying(processes):
    return statistics.mean(map(float, together([sys.executable, PRODUCTS, "copy"], processes)))


def products(ranks):
    rows, columns = 1024, 40000
    print(f"\nGFLOP/s of one thread in each of 1 and 2 processes, for a slab A of {rows} x "
          f"{columns}.\n")
    header("library and kernels", "width", "A S, 1", "A S, 2", "Q^T A, 1", "Q^T A, 2")
    commands = [[sys.executable, PRODUCTS, "numpy"], [sys.executable, PRODUCTS, "system"]]
    commands += [[ONEDNN, kind] for kind in ("f32", "bf16")] if ONEDNN else []
    for command in commands:
        for width in sorted({w for rank in ranks for w in (rank + 10, 2 * rank)}):
            found = [together([*command, width, rows, columns], n) for n in (1, 2)]
            if None in found:
                row(" ".join(map(str, command[1:])).replace(str(PRODUCTS), "").strip(), width,
                    *["none"] * 4)
                continue
            parts = [[line.split("|") for line in lines] for lines in found]
            rates = [[statistics.mean(float(part[i]) for part in each) for each in parts]
                     for i in (1, 2)]
            row(parts[0][0][0], width, *(f"{rate:.0f}" for pair in rates for rate in pair))
            progress(f"products, {parts[0][0][0]}, width {width}")
    if not ONEDNN:
        print("\noneDNN left out: no library with headers (Debian: libdnnl-dev).")
