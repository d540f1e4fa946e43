# SPDX-License-Identifier: Apache-2.0
"""Error at equal size: lplr-dist, the published methods, theory. Prints Markdown; see run.sh."""
import argparse
import dataclasses
import os
import platform
import subprocess
import sys
import tempfile
import time

import numpy as np

import matrices
import program
import published
import theory

BUDGETS = (0.5, 1, 2, 4)
MORE_BUDGETS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8)
SEEDS = (0, 1, 2)
SEEDED = ("phantom", "synthetic", "exponential:50", "polynomial:0.5", "photograph", "digits")

# The figures that the program has to reach.
MOST_ERROR = {
    "phantom": {1: 0.0846, 2: 0.0370, 4: 0.0128},
    "synthetic": {1: 0.0575, 2: 0.0369, 4: 0.0278},
}
MOST_RATIO_AT_ONE_BIT = 1.25
MOST_RATIO_KINDS = ("exponential", "polynomial")


class Findings:
    """What is wrong (a promise of the program is broken) and what is short of a goal."""

    most_listed = 8

    def __init__(self):
        self.checked, self.failed, self.promises, self.notes = {}, {}, set(), []

    def require(self, promise, holds, text):
        """Notes that something promised does or does not hold."""
        self.promises.add(promise)
        self.expect(promise, holds, text)

    def expect(self, goal, holds, text):
        """Notes that something wished for does or does not hold."""
        self.checked[goal] = self.checked.get(goal, 0) + 1
        if not holds:
            self.failed.setdefault(goal, []).append(text)

    def broken(self):
        return any(promise in self.failed for promise in self.promises)

    def examine(self, where, result):
        """The promises that every factor file makes."""
        size, budget = result.own_bytes + result.shared_bytes, result.budget
        self.require("datasets of left and right fit the budget", result.own_bytes <= budget,
                     f"{where}: {result.own_bytes} bytes of {budget}")
        self.require("with the shared codebooks in use, too", size <= budget,
                     f"{where}: {size} bytes of {budget}, {result.shared_bytes} of them "
                     f"codebooks ({size / budget - 1:+.1%})")
        self.expect("99 % of the budget used", size >= 0.99 * budget,
                    f"{where}: {size / budget:.1%}")
        self.examine_error(where, result)

    def examine_error(self, where, result):
        error, certified = figure(result.error), figure(result.certified)
        off = result.error / result.certified - 1
        allowed = {"exact": 1e-3, "estimate": 1e-2}
        if result.kind in allowed:
            self.require(f"{result.kind} error within {allowed[result.kind]:.1%}",
                         abs(off) <= allowed[result.kind],
                         f"{where}: measured {error}, certified {certified} ({off:+.2%})")
        self.require("error within the bound", result.error <= result.bound * (1 + 1e-6),
                     f"{where}: measured {error}, {result.error / result.bound - 1:.1e} above "
                     f"({result.kind})")

    def non_increasing(self, where, error, before):
        self.require("no larger error in a larger budget", error <= before * (1 + 1e-6),
                     f"{where}: {figure(error)}, and {figure(before)} in a smaller one")

    def print(self):
        print("\n## Checks\n")
        header("check", "cases", "failed")
        for name, count in self.checked.items():
            row(name if name in self.promises else f"{name} (a goal)", count,
                len(self.failed.get(name, [])))
        for name, texts in [*self.failed.items(), ("To know", self.notes)]:
            print(f"\n{name}:\n")
            for text in texts if name == "To know" else texts[: self.most_listed]:
                print(f"- {text}")
            if name != "To know" and len(texts) > self.most_listed:
                print(f"- and {len(texts) - self.most_listed} more")


def figure(x):
    return f"{x:.4f}" if x >= 0.01 else f"{x:.3e}"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def header(*cells):
    row(*cells)
    row(*["---"] + ["---:"] * (len(cells) - 1))


@dataclasses.dataclass
class Case:
    """A matrix, its file, and what every budget needs of it."""
    name: str
    a: np.ndarray
    path: str

    def __post_init__(self):
        program.write(self.path, self.a)
        self.norm = np.linalg.norm(self.a.astype(float))

    def error(self, left, right):
        return np.linalg.norm(self.a - left.astype(float) @ right) / self.norm

    def best_lplr(self, bits_per_entry, seed=0):
        method = {"LPLR": lambda *plan: published.lplr(self.a, *plan, seed)}
        return published.best(self.a.shape, method, bits_per_entry, self.error)

    def best_svd(self, svd, bits_per_entry):
        methods = {"direct": lambda *plan: published.direct_svd(svd, *plan),
                   "LSVD0": lambda *plan: published.lplr_svd(self.a, svd, *plan)}
        return published.best(self.a.shape, methods, bits_per_entry, self.error)


def main_table(cases, findings):
    print("\n## Error at equal size\n")
    header("matrix", "bits per entry", "published LPLR", "published SVD", "lplr-dist", "rank",
           "certified", "reference", "ratio", "plain")
    largest = (0, "")
    for case in cases:
        u, s, vt = np.linalg.svd(case.a.astype(float), full_matrices=False)
        svd = u.astype(np.float32), s.astype(np.float32), vt.astype(np.float32)
        before = np.inf
        for bits in BUDGETS:
            where = f"{case.name}, {bits} bits per entry"
            start = time.monotonic()
            lplr, _, lplr_plan = case.best_lplr(bits)
            direct, direct_name, direct_plan = case.best_svd(svd, bits)
            reference = theory.reference_error(s, case.a.shape, bits)
            plain = theory.plain_error(case.a, bits) if bits == int(bits) else None
            ours = program.compress(case.path, case.a, bits)
            ratio = ours.error / reference
            n, d = case.a.shape
            row(f"{case.name} {n}x{d}", bits, f"{figure(lplr)} ({lplr_plan[1]},{lplr_plan[2]})",
                f"{figure(direct)} ({direct_name} {direct_plan[1]},{direct_plan[2]})",
                f"**{figure(ours.error)}**", ours.rank, f"{figure(ours.certified)} {ours.kind}",
                figure(reference), f"{ratio:.3f}", "" if plain is None else figure(plain))
            progress(where, time.monotonic() - start, ours.seconds)

            findings.examine(where, ours)
            findings.non_increasing(where, ours.error, before)
            before = ours.error
            findings.expect("better than the published methods", ours.error <= min(lplr, direct),
                            f"{where}: {figure(ours.error)} against {figure(min(lplr, direct))}")
            if bits in MOST_ERROR.get(case.name, {}):
                goal = MOST_ERROR[case.name][bits]
                findings.expect("error at most the best known", ours.error <= goal,
                                f"{where}: {figure(ours.error)}, goal {goal}")
            if bits == 1 and case.name.startswith(MOST_RATIO_KINDS):
                findings.expect(f"within {MOST_RATIO_AT_ONE_BIT} of the reference",
                                ratio <= MOST_RATIO_AT_ONE_BIT, f"{where}: {ratio:.3f}")
            if plain is not None and plain < ours.error:
                said = "says so" if ours.plain < ours.error else "does not say so"
                findings.notes.append(
                    f"{where}: plain quantization is better, {figure(plain)} against "
                    f"{figure(ours.error)}; the program {said} (its figure: {figure(ours.plain)})")
            largest = max(largest, (ours.file_bytes / ours.budget, where))
    findings.notes.append("whole file, with HDF5's own data, the spectrum and the prefix errors: "
                          f"at most {largest[0]:.2f} times the budget ({largest[1]})")


def budget_table(cases, findings):
    print("\n## More budgets\n\nError of lplr-dist, and in parentheses its ratio to the "
          "reference.\n")
    header("bits per entry", *(case.name for case in cases))
    spectra = [np.linalg.svd(case.a.astype(float), compute_uv=False) for case in cases]
    before = [np.inf] * len(cases)
    for bits in MORE_BUDGETS:
        cells = []
        for i, (case, s) in enumerate(zip(cases, spectra)):
            where = f"{case.name}, {bits} bits per entry"
            try:
                ours = program.compress(case.path, case.a, bits)
            except program.Refused as refusal:
                findings.notes.append(f"{where}: refused ({refusal})")
                cells.append("refused")
                continue
            cells.append(f"{figure(ours.error)} "
                         f"({ours.error / theory.reference_error(s, case.a.shape, bits):.2f})")
            if bits not in BUDGETS:
                findings.examine(where, ours)
            findings.non_increasing(where, ours.error, before[i])
            before[i] = ours.error
        row(bits, *cells)


def seed_table(cases, findings):
    print(f"\n## Seeds\n\nMean error at one bit per entry over seeds {SEEDS[0]} to {SEEDS[-1]}, "
          "and in parentheses how far apart the largest and the smallest are.\n")
    header("matrix", "published LPLR", "lplr-dist --basis sketch", "lplr-dist")
    for case in cases:
        plan = case.best_lplr(1)[2]
        lplr, sketch, ours = [], [], []
        for seed in SEEDS:
            lplr.append(case.error(*published.lplr(case.a, *plan, seed)))
            options = "--seed", str(seed)
            sketch.append(program.compress(case.path, case.a, 1, "--basis", "sketch", *options))
            ours.append(program.compress(case.path, case.a, 1, *options))
            where = f"{case.name}, 1 bit per entry, seed {seed}"
            findings.examine_error(where, ours[-1])
            findings.examine_error(f"{where}, --basis sketch", sketch[-1])
        row(case.name, spread(lplr), spread([x.error for x in sketch]),
            spread([x.error for x in ours]))


def spread(errors):
    mean = np.mean(errors)
    return f"{figure(mean)} ({(max(errors) - min(errors)) / mean:.1%})"


def cross_check(case, findings):
    """The program's published method against ours in NumPy: same rank and bits, other numbers."""
    rank = published.rank_for(case.a.shape, 2, 8, 8)
    numpy_errors = [case.error(*published.lplr(case.a, rank, 8, 8, seed)) for seed in SEEDS]
    options = ("--basis", "sketch", "--quantizer", "minmax", "--sketch", "gaussian",
               "--rank", str(rank), "--bits", "8")
    results = [program.run(case.path, case.a, *options, "--seed", str(seed)) for seed in SEEDS]
    ours, numpy = np.mean([x.error for x in results]), np.mean(numpy_errors)
    text = (f"published LPLR, {case.name}, rank {rank}, 8 bits, mean of {len(SEEDS)} seeds: "
            f"program {figure(ours)}, NumPy {figure(numpy)} ({ours / numpy - 1:+.2%})")
    findings.require("published LPLR as in NumPy, within 1 %", abs(ours / numpy - 1) <= 0.01, text)
    print(f"\nCross-check of the {text}.")


def progress(where, total, ours):
    print(f"{where}: {total:.1f} s, of which lplr-dist {ours:.1f} s", file=sys.stderr, flush=True)


def machine():
    try:
        for line in subprocess.run(["lscpu"], capture_output=True, text=True).stdout.splitlines():
            if line.startswith("Model name:"):
                return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} processors"
    except FileNotFoundError:
        pass
    return platform.processor()


def preamble(missing):
    print("# Accuracy\n")
    print(f"lplr-dist {program.version()}, commit {os.environ.get('LPLR_COMMIT', 'unknown')}; "
          f"{machine()}; Python {platform.python_version()}, NumPy {np.__version__}.")
    for name, hint in missing.items():
        print(f"\nLeft out: {name} (needs `{hint}`).")


def load(names, directory):
    """The matrices that can be had; of the others, what they need."""
    cases, missing = [], {}
    for name in names:
        try:
            path = os.path.join(directory, name.replace(":", "_").replace(", ", "_") + ".h5")
            cases.append(Case(name, matrices.matrix(name), path.replace(" ", "_")))
        except matrices.Unavailable as error:
            missing[name] = error
            print(f"accuracy: {name} is left out; to have it: {error}", file=sys.stderr)
    return cases, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four small matrices only")
    quick = parser.parse_args().quick
    findings, start = Findings(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lplr-accuracy.") as directory:
        cases, missing = load(matrices.QUICK if quick else matrices.MATRICES, directory)
        named = {case.name: case for case in cases}
        preamble(missing)
        main_table(cases, findings)
        cross_check(named.get("synthetic", named["phantom"]), findings)
        small = [named[name] for name in matrices.QUICK if name in named]
        budget_table(small, findings)
        seed_table([named[name] for name in SEEDED if name in named], findings)
    findings.print()
    print(f"\nMeasured in {time.monotonic() - start:.0f} s.")
    sys.exit(1 if findings.broken() else 0)


if __name__ == "__main__":
    main()
