# SPDX-License-Identifier: Apache-2.0
"""FOLDER < DUMP: writes manual pages, lplr-dist.1 and one for each subcommand, from what
`lplr-dist --experimental-dump-help` prints.

The plug-in of swift-argument-parser for this builds the package once more, and runs examples of
several lines together into one paragraph.
"""
import json
import os
import re
import sys


def escaped(text):
    """Text that troff takes for text."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def spellings(argument):
    """-o, --output <output>"""
    value = f" <{argument['valueName']}>" if argument["kind"] == "option" else ""
    if argument["kind"] == "positional":
        return f"<{argument['valueName']}>"
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    return ", ".join(sorted(names, key=len)) + value


def synopsis(words, arguments):
    parts = [f".B {escaped(words)}"]
    for argument in arguments:
        text = spellings(argument)
        if argument["kind"] != "positional":
            text = text.split(", ")[-1]
        parts.append(escaped(f"[{text}]" if argument["isOptional"] else text))
    return "\n".join(parts)


def discussion(text):
    """Paragraphs, then sections: a heading in capitals, its lines indented and kept as they are."""
    for block in text.split("\n\n"):
        lines = block.split("\n")
        if re.fullmatch(r"[A-Z ]+", lines[0]) and all(line.startswith("  ") for line in lines[1:]):
            yield f".SH {lines[0]}\n.nf\n" + escaped("\n".join(line[2:] for line in lines[1:])) + "\n.fi"
        else:
            yield ".PP\n" + escaped(block)


def page(command, version, root):
    words = " ".join(command.get("superCommands", []) + [command["commandName"]])
    arguments = [a for a in command.get("arguments", []) if a["shouldDisplay"]]
    paragraphs = list(discussion(command.get("discussion", "")))
    sections = [n for n, text in enumerate(paragraphs) if text.startswith(".SH")] + [len(paragraphs)]
    yield f".TH {escaped(words.replace(' ', '-').upper())} 1 \"\" \"lplr\\-dist {version}\""
    yield f".SH NAME\n{escaped(words.replace(' ', '-'))} \\- {escaped(command['abstract'].rstrip('.'))}"
    yield ".SH SYNOPSIS\n" + synopsis(words, arguments)
    yield ".SH DESCRIPTION"
    yield from paragraphs[:sections[0]]
    if arguments:
        yield ".SH OPTIONS"
        for argument in arguments:
            default = f" (default: {argument['defaultValue']})" if "defaultValue" in argument else ""
            words = escaped(argument.get("abstract", "") + default)
            yield f".TP\n.B {escaped(spellings(argument))}\n{words}"
    subcommands = pages(root) if command is root else []
    if subcommands:
        yield ".SH SUBCOMMANDS"
        for other in subcommands:
            yield f".TP\n.BR {escaped('lplr-dist-' + other['commandName'])} (1)\n{escaped(other['abstract'])}"
    yield from paragraphs[sections[0]:]
    if command is not root:
        yield ".SH SEE ALSO\n.BR lplr\\-dist (1)"


def pages(root):
    """The subcommands that have a page."""
    return [c for c in root["subcommands"] if c["shouldDisplay"] and c["commandName"] != "help"]


def main():
    folder, version = sys.argv[1:]
    root = json.load(sys.stdin)["command"]
    for command in [root] + pages(root):
        name = "-".join(command.get("superCommands", []) + [command["commandName"]])
        with open(os.path.join(folder, f"{name}.1"), "w", encoding="utf-8") as file:
            file.write("\n".join(page(command, version, root)) + "\n")


main()
