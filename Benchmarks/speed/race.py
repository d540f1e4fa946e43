# SPDX-License-Identifier: Apache-2.0
"""Contestants in turns: every program meets the same machine, whatever else it does meanwhile."""
import math
import statistics
import subprocess

import measure
from table import progress


class Race:
    """Contestants in turns on one matrix, at one rank: runs by name and state, and errors."""

    def __init__(self, bench, path, rank, field, states, errors=False):
        self.runs = {(c.name, state): [] for c in field for state in states}
        self.failures, self.errors = {}, {}
        for repetition in range(bench.repeat):
            for state in states:
                for contestant in field:
                    if contestant.name in self.failures:
                        continue
                    try:
                        run = bench.run(contestant, path, rank, state)
                    except measure.Failed as failure:
                        self.failures[contestant.name] = str(failure)
                        progress(f"{contestant.name}: {failure}")
                        continue
                    self.runs[contestant.name, state].append(run)
                    if errors and contestant.name not in self.errors:
                        self.errors[contestant.name] = self.measure_errors(
                            contestant, path, bench.output(contestant), rank)
                    progress(f"{path.name}, rank {rank}, {contestant.name}, {state}, "
                             f"{repetition + 1} of {bench.repeat}: {run.seconds:.2f} s")

    @staticmethod
    def measure_errors(contestant, path, output, rank):
        """Of the factors and of the basis; nan where they cannot be read."""
        try:
            return contestant.errors(path, output, rank)
        except (OSError, KeyError, ValueError, subprocess.CalledProcessError) as error:
            progress(f"{contestant.name}: no error measured: {error!r}")
            return math.nan, math.nan

    def seconds(self, name, state):
        """The median, nan if the contestant has failed."""
        if name in self.failures:
            return math.nan
        return statistics.median(run.seconds for run in self.runs[name, state])

    def cells(self, name, state):
        """Seconds with range, CPU seconds, MiB of the largest process, GB read, GB from disk."""
        if name in self.failures:
            return [f"failed: {self.failures[name]}", "", "", "", ""]
        runs = self.runs[name, state]
        times = [run.seconds for run in runs]
        middle = {field: statistics.median(getattr(run, field) for run in runs)
                  for field in ("cpu", "peak", "read", "storage")}
        return [f"**{statistics.median(times):.2f}** ({min(times):.2f} to {max(times):.2f})",
                f"{middle['cpu']:.1f}", f"{middle['peak']:.0f}", f"{middle['read']:.2f}",
                f"{middle['storage']:.2f}"]
