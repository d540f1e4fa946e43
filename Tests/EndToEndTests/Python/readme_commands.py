# SPDX-License-Identifier: Apache-2.0
"""README ROOT: runs the commands of the README's blocks, in their order and in one shell, in an empty
folder that has the jobs and the program of ROOT; then its Python. Fails with the first command that
fails, or that does not print what the README says it prints (numbers may differ).

The matrix is a smaller one. A command that cannot run here is skipped with a reason; each is printed."""
import os
import re
import subprocess
import sys
import tempfile

# What a command looks like, and why it does not run here.
SKIPPED = {
    r"^apt-get ": "installs packages; jobs/setup.sh does, and is part of the tests",
    r"^swift build ": "builds what is being tested",
    r"^jobs/(demo|test|install)\.sh": "builds and runs everything; these are tests of their own",
    r"^(sbatch|qsub) |\bbsub ": "needs a batch system (jobs/test.sh --slurm)",
    r"--hostfile ": "needs other hosts (jobs/test.sh --hosts)",
}


def blocks(text):
    """Language and text of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(language, text):
    """The commands of a block, each with the lines that follow it as its output."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if language == "console" and not line.startswith("$ "):
            found[-1][1].append(line)
        elif line.strip() and not line.startswith("#"):
            command = line.removeprefix("$ ").split("  #")[0]
            found.append((re.sub(r"\s+", " ", command).strip(), []))
    return found


def reason_to_skip(command):
    return next((why for pattern, why in SKIPPED.items() if re.search(pattern, command)), None)


def label(line):
    """What a line is about: its words before the first number or path."""
    return re.split(r"  |\d|/", line)[0].strip()


def check(command, expected, printed):
    labels = {label(line) for line in printed}
    for line in expected:
        if not line.startswith("[") and label(line) not in labels:
            sys.exit(f"{command}: the README shows {line!r}; printed was\n" + "\n".join(printed))


readme, root = sys.argv[1:]
with open(readme, encoding="utf-8") as file:
    text = file.read()
found, python = [], []
for language, block in blocks(text):
    if language == "python":
        python.append(block)
    elif language in ("sh", "console"):
        found += commands(language, block)

script = ["set -e"]
run = []
for command, expected in found:
    why = reason_to_skip(command)
    print(f"{'skipped' if why else 'runs'}: {command}{f' ({why})' if why else ''}", flush=True)
    if not why:
        command = command.replace("--shape 4000x3000", "--shape 1600x1200")
        script += [f"echo '=== {len(run)}'", command]
        run.append((command, expected))
assert len(run) >= 5 and python, "the README has lost its commands"

with tempfile.TemporaryDirectory() as folder:
    for name in ("jobs", ".build"):
        os.symlink(os.path.join(root, name), os.path.join(folder, name))
    shell = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
    parts = re.split(r"^=== \d+\n", shell.stdout, flags=re.MULTILINE)[1:]
    if shell.returncode:
        sys.exit(f"{run[len(parts) - 1][0]}: status {shell.returncode}\n{parts[-1]}")
    for (command, expected), part in zip(run, parts, strict=True):
        check(command, expected, part.splitlines())
    for block in python:
        subprocess.run([sys.executable, "-c", block], cwd=folder, check=True)
