#!/bin/sh
# Runs a command with the oracle that counts (COVER=1 ./build.sh builds it), and prints which share of
# the statements of the controllers its requests reached: for each function, then for each file.
#
#     tests/oracle/coverage.sh python -m pytest tests/conformance/test_oracle.py
set -eu
build=$(cd "$(dirname "$0")/../.." && pwd)/build/oracle
[ -x "$build/oracle-cover" ] || { echo "there is no $build/oracle-cover: \`make oracle-cover\` builds it" >&2; exit 2; }
[ $# -gt 0 ] || { echo "usage: coverage.sh COMMAND [ARGUMENT…]" >&2; exit 2; }

counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT
mkdir "$counts/raw"
GOCOVERDIR=$counts/raw SEATRIAL_ORACLE=$build/oracle-cover "$@"

# What the controllers' packages are; the rest of pkg/controller is shared by many.
packages='/pkg/controller/(deployment|replicaset|statefulset|job)(/util)?/[a-z_]*\.go'
go tool covdata textfmt -i="$counts/raw" -o "$counts/profile"
go tool covdata func -i="$counts/raw" | grep -E "$packages" | sed 's|.*/pkg/controller/||' |
	awk '{ printf "%-42s %-42s %s\n", $1, $2, $3 }'
echo
grep -E "$packages" "$counts/profile" | awk '
	{ split($1, place, ":"); sub(".*/pkg/controller/", "", place[1])
	  block = $1; if (!(block in statements)) { statements[block] = $2; file[block] = place[1] }
	  if ($3 > 0) reached[block] = 1 }
	END { for (b in statements) { all[file[b]] += statements[b]; if (b in reached) hit[file[b]] += statements[b] }
	      for (f in all) printf "%-42s %4d of %4d statements  %5.1f%%\n", f, hit[f], all[f], 100 * hit[f] / all[f] }' | sort
