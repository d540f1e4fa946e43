# SPDX-License-Identifier: Apache-2.0
"""The questions of the benchmark, each with its table."""
import math
import os
import pathlib
import subprocess
import sys

import contestants
import machine
import matrices
import measure
from contestants import Ours
from race import Race
from table import header, row, section

SAME_FACTORS = contestants.HERE.parent.parent / "Tests/EndToEndTests/Python/same_factors.py"
CHUNK = 1024, 1024
SHAPES = {"std": (20000, 40000), "big": (60000, 60000), "middle": (16000, 16000), "base": 8000}
QUICK = {"std": (2048, 4096), "big": (4096, 4096), "middle": (2048, 2048), "base": 1024}


class Bench:
    """The settings, and every section by its name."""

    def __init__(self, options, scratch):
        self.repeat, self.ranks = options.repeat, options.ranks
        self.peer, self.scratch = options.peer, pathlib.Path(scratch)
        self.shapes = QUICK if options.quick else SHAPES
        self.store = matrices.Store(options.directory, contestants.BINARY,
                                    "quick-" if options.quick else "")
        self.most_ranks = 8 if options.quick else 64

    def output(self, contestant):
        return self.scratch / "".join(c if c.isalnum() else "-" for c in contestant.name)

    def run(self, contestant, path, rank, state):
        if state == "cold":
            measure.chill(path, lambda: self.warm_up(contestant))
        else:
            measure.warm(path)
        return contestant.run(path, self.output(contestant), rank)

    def warm_up(self, contestant):
        try:
            contestant.run(self.store.get("tiny", (4096, 2048)), self.scratch / "tiny", 16)
        except measure.Failed:
            pass  # the run that counts will say why

    def standard(self, chunked=False):
        return self.store.get("std-chunked" if chunked else "std", self.shapes["std"],
                              CHUNK if chunked else None)

    # Sections

    def machine(self):
        machine.ceilings(self.standard(), self.ranks, self.repeat)

    def peers(self):
        n, d = self.shapes["std"]
        section("Peers", f"{n} x {d}, float32; medians of {self.repeat} (and their range), from "
                "the start of the program to its end, factors written. Cold: "
                f"{measure.how_cold()}. Error: of the factors against the matrix. Truncation: "
                "without what quantization adds. Optimum: of any factors of that rank.")
        small = 1024, 2048
        for rank in self.ranks:
            exact = matrices.exact_optimum(self.store.get("small", small), rank)
            print(f"- The optimum of {small[0]} x {small[1]} at rank {rank}: {exact:.4e} by its "
                  f"singular values, {matrices.optimum(small, rank):.4e} as computed here.")
        for chunked in (False, True):
            field = [c for c in contestants.everyone(chunked)
                     if isinstance(c, Ours) or self.peer in c.name]
            for rank in self.ranks:
                self.compare(field, chunked, rank)

    def compare(self, field, chunked, rank):
        best = matrices.optimum(self.shapes["std"], rank)
        print(f"\n{'Chunks of 1024 x 1024' if chunked else 'Contiguous'}, rank {rank}, optimum "
              f"{best:.4e}:\n")
        race = Race(self, self.standard(chunked), rank, field, ("cold", "warm"), errors=True)
        header("program", "cache", "seconds", "CPU s", "peak MiB", "GB read", "GB from disk",
               "lplr-dist / this", "error", "truncation / optimum")
        for contestant in field:
            for state in ("cold", "warm"):
                name = contestant.name
                error = race.errors.get(name, (math.nan, math.nan))
                ratio = race.seconds("lplr-dist", state) / race.seconds(name, state)
                row(name, state, *race.cells(name, state), f"{ratio:.2f}", f"{error[0]:.4e}",
                    f"{error[1] / best:.3f}")

    def memory(self):
        section("Memory", "With memory to keep the matrix, and with little, which takes more reads "
                "of the file; against a plain read of the file by two processes at once.")
        path = self.standard()
        n, d = self.shapes["std"]
        header("rank and memory", "cache", "seconds", "CPU s", "peak MiB", "GB read",
               "GB from disk", "x plain read")
        plain = {}
        for state in ("cold", "warm"):
            speed = machine.reading(path, 2, state, self.repeat)
            plain[state] = os.path.getsize(path) / 1e9 / speed
            row("plain read", state, f"{plain[state]:.2f}", "", "", "", "", "1.00")
        seconds = {}
        for rank in self.ranks:
            width = rank * 5 // 4
            little = 14 * (n + d) * width + 96 * width**2 + (96 << 20)
            field = [Ours("kept", options=("--memory", little + 4 * n * d)),
                     Ours("little", options=("--memory", little))]
            race = Race(self, path, rank, field, ("cold", "warm"))
            for contestant in field:
                for state in ("cold", "warm"):
                    seconds[contestant.name, state, rank] = race.seconds(contestant.name, state)
                    row(f"{rank}, {contestant.name} ({contestant.options[1] >> 20} MiB)", state,
                        *race.cells(contestant.name, state),
                        f"{seconds[contestant.name, state, rank] / plain[state]:.2f}")
        print()
        for (name, state, rank), time in seconds.items():
            if rank != self.ranks[0]:
                before = seconds[name, state, self.ranks[0]]
                print(f"- {name}, {state}: rank {rank} takes {time / before:.2f} times what rank "
                      f"{self.ranks[0]} takes")

    def scaling(self):
        section("Ranks", "One rank and two, warm.")
        header("program", "rank", "1, seconds", "2, seconds", "times as fast")
        for rank in self.ranks:
            field = [Ours("lplr-dist 1", ranks=1), Ours("lplr-dist 2", ranks=2)]
            field += [*contestants.by_hand(1, suffix=" 1")[:2],
                      *contestants.by_hand(2, suffix=" 2")[:2]]
            race = Race(self, self.standard(), rank, field, ("warm",))
            for name in dict.fromkeys(c.name[:-2] for c in field):
                one, two = (race.seconds(f"{name} {ranks}", "warm") for ranks in (1, 2))
                row(name, rank, f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}")

    def layout(self):
        section("Layout", f"What the ranks divide, and how the file is stored; rank "
                f"{self.ranks[0]}.")
        header("file", "--block-axis", "cache", "seconds", "CPU s", "peak MiB", "GB read",
               "GB from disk")
        for chunked in (False, True):
            field = [Ours(axis, options=("--block-axis", axis))
                     for axis in ("columns", "rows", "auto")]
            race = Race(self, self.standard(chunked), self.ranks[0], field, ("cold", "warm"))
            for contestant in field:
                for state in ("cold", "warm"):
                    row("chunks" if chunked else "contiguous", contestant.name, state,
                        *race.cells(contestant.name, state))

    def crowd(self):
        counts = [2**i for i in range(1, 7) if 2**i <= self.most_ranks]
        section("Crowd", f"More ranks than the {os.cpu_count()} processors have room for: what a "
                f"rank costs that adds no processor. Rank {self.ranks[0]}, warm.")
        field = [Ours(str(count), ranks=count) for count in counts]
        race = Race(self, self.standard(), self.ranks[0], field, ("warm",))
        header("ranks", "seconds", "CPU s", "peak MiB", "GB read", "GB from disk", "times 2 ranks")
        for c in field:
            ratio = race.seconds(c.name, "warm") / race.seconds("2", "warm")
            row(c.name, *race.cells(c.name, "warm"), f"{ratio:.2f}")

    def size(self):
        rank = max(self.ranks)
        section("Size", f"Time by entry as the matrix outgrows the memory of the ranks; rank "
                f"{rank}, `--memory 512M`, cold.")
        header("shape", "GB", "seconds", "CPU s", "peak MiB", "GB read", "GB from disk",
               "ns by entry")
        for name in ("middle", "std", "big"):
            n, d = self.shapes[name]
            race = Race(self, self.store.get(name, (n, d)), rank,
                        [Ours(options=("--memory", "512M"))], ("cold",))
            row(f"{n} x {d}", f"{4e-9 * n * d:.1f}", *race.cells("lplr-dist", "cold"),
                f"{race.seconds('lplr-dist', 'cold') / n / d * 1e9:.2f}")

    def growth(self):
        base, middle = self.shapes["base"], self.ranks[0]
        section("Growth", "Seconds as rows, columns and rank double, warm. Power: of what doubles, "
                "from the line above.")
        header("varied", "shape", "rank", "seconds", "power", "ns by entry and component")
        series = {"rows": [(base * f // 2, 2 * base, middle) for f in (1, 2, 4)],
                  "columns": [(base, base * f, middle) for f in (1, 2, 4)],
                  "rank": [(base, 2 * base, middle * f // 2) for f in (1, 2, 4)]}
        for varied, cases in series.items():
            before = math.nan
            for n, d, rank in cases:
                race = Race(self, self.store.get(f"{n}x{d}", (n, d)), rank, [Ours()], ("warm",))
                time = race.seconds("lplr-dist", "warm")
                row(varied, f"{n} x {d}", rank, f"{time:.2f}", "" if math.isnan(before) else
                    f"{math.log2(time / before):.2f}",
                    f"{time / n / d / rank * 1e9:.4f}")
                before = time

    def equal(self):
        base = self.shapes["base"]
        path, rank = self.store.get(f"{base}x{2 * base}", (base, 2 * base)), self.ranks[0]
        field = [Ours(f"equal {count}", ranks=count) for count in (1, 2, 3, 7)]
        race = Race(self, path, rank, field, ("warm",))
        section("Equal bytes", f"Factors of {base} x {2 * base} at rank {rank} on 1, 2, 3 and 7 "
                "ranks, byte by byte.")
        for name, failure in race.failures.items():
            print(f"- {name}: failed: {failure}")
        if race.failures:
            return
        files = [f"{self.output(c)}.h5" for c in field]
        done = subprocess.run([sys.executable, "-B", SAME_FACTORS, *files], text=True,
                              capture_output=True)
        print("The same." if done.returncode == 0 else f"DIFFERENT: {done.stderr.strip()}")


SECTIONS = {"machine": Bench.machine, "peers": Bench.peers, "memory": Bench.memory,
            "ranks": Bench.scaling, "layout": Bench.layout, "crowd": Bench.crowd,
            "size": Bench.size, "growth": Bench.growth, "equal": Bench.equal}
