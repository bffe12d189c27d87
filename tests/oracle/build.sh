#!/bin/sh
# Builds the oracle into build/oracle of the repository: for the release of Kubernetes that go.mod
# pins, or for the one named (without the v, such as 1.34.4), whose module list is then worked out
# anew. COVER=1 counts which statements of the controllers run, see coverage.sh.
set -eu
cd "$(dirname "$0")"
build=$PWD/../../build/oracle
mkdir -p "$build"
build=$(cd "$build" && pwd)

command -v go >/dev/null || {
	echo "the oracle needs Go 1.26 or later, and there is no \`go\` here: see https://go.dev/dl" >&2
	exit 2
}

# Nothing else may stand between go.mod and what is built.
export GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=0
version=${1:-}
target=$build/oracle${version:+-v$version}${COVER:+-cover}
cover=${COVER:+-cover -coverpkg=seatrial/oracle,k8s.io/kubernetes/pkg/controller,k8s.io/kubernetes/pkg/controller/deployment/...,k8s.io/kubernetes/pkg/controller/replicaset/...,k8s.io/kubernetes/pkg/controller/statefulset/...,k8s.io/kubernetes/pkg/controller/job/...,k8s.io/kubernetes/pkg/controller/util/consistency}

tags=
if [ -n "$version" ]; then
	minor=${version#*.}
	# since137.go and until136.go hold what a release has under another name.
	[ "${minor%%.*}" -lt 37 ] || tags=-tags=kubernetes1_37
	sources=$build/src-v$version
	mkdir -p "$sources"
	rm -f "$sources"/*.go
	cp ./*.go linkname.s "$sources"
	cd "$sources"
	# Staging modules of Kubernetes 1.x.y are released as v0.x.y; its own go.mod says which there are.
	modfile=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)",.*/\1/p')
	[ -n "$modfile" ] || { echo "no module k8s.io/kubernetes v$version" >&2; exit 2; }
	{
		printf 'module seatrial/oracle\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
		awk -v staging="v0${version#1}" '$2 == "=>" && $3 ~ /^\.\/staging/ { print "\t" $1 " => " $1 " " staging }' "$modfile"
		echo ')'
	} >go.mod
	go mod tidy -e >tidy.log 2>&1 || { cat tidy.log >&2; exit 1; }
fi

# shellcheck disable=SC2086
go build $cover $tags -o "$target" .
echo "built $target: $("$target" --version)"
