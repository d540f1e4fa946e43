# SPDX-License-Identifier: Apache-2.0
"""Markdown on standard output, a word on progress on standard error."""
import sys
import time

START = time.monotonic()


def section(title, text):
    print(f"\n## {title}\n\n{text}\n", flush=True)


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def header(*cells):
    row(*cells)
    row(*["---"] + ["---:"] * (len(cells) - 1))


def progress(text):
    print(f"{time.monotonic() - START:6.0f} s  {text}", file=sys.stderr, flush=True)
