#!/usr/bin/env bash
# Makes the pages of documentation from articles and comments: jobs/docs.sh
# They are in .build/documentation afterwards, for any web server. Fails if one of them has a warning,
# as for a link that leads nowhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v docc >/dev/null; then
  echo "docs: docc is missing; it comes with the toolchains of swift.org" >&2
  exit 69
fi
jobs/setup.sh

swift package --quiet dump-symbol-graph --minimum-access-level internal --skip-synthesized-members \
  >/dev/null
# Of all modules; the articles belong to one.
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
cp "$(swift build --show-bin-path)"/../symbolgraph/LPLR*.symbols.json "$graphs"
docc convert Sources/LPLR/LPLR.docc --additional-symbol-graph-dir "$graphs" \
  --fallback-display-name LPLR --fallback-bundle-identifier lplr-dist.LPLR \
  --warnings-as-errors --output-path .build/documentation
echo "docs: in .build/documentation"
