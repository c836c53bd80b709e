#!/usr/bin/env bash
# Whole processes side by side over the same files: CPU seconds (user and system), wall seconds and the largest
# resident set, the median of RUNS runs each, and how many times ours the others need.
#
#   benches/peers.sh [FOLDER]        manifests; target/corpus/manifests-open by default
#
# checkov takes minutes for what others take seconds for: it is measured on a sample of SAMPLE files (300 by
# default, evenly spread), once, and seaworthy on the same files beside it.
#
# Measures `target/release/seaworthy` (SEAWORTHY=… for another) and each of kube-linter, kube-score, kubeconform,
# polaris, checkov that is on PATH. Needs GNU time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=${1:-target/corpus/manifests-open}
ours=${SEAWORTHY:-target/release/seaworthy}
runs=${RUNS:-5}
clock=$(type -P gtime || type -P time) || { echo "GNU time is not installed" >&2; exit 2; }
[ -x "$ours" ] || { echo "$ours is not there: cargo build --release" >&2; exit 2; }
[ -d "$folder" ] || { echo "$folder is no folder" >&2; exit 2; }

figures=$(mktemp)
trap 'rm -f "$figures" "$figures.all"' EXIT

median() { sort -n | awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }'; }

# measure NAME COMMAND…: one line of medians. Exit codes say that there are findings, not that it failed.
measure() {
    local name=$1; shift
    : > "$figures.all"
    for _ in $(seq "$runs"); do
        "$clock" -f '%U %S %e %M' -o "$figures" "$@" > /dev/null 2>&1 || true
        tail -n 1 "$figures" >> "$figures.all"
    done
    local cpu wall memory
    cpu=$(awk '{ print $1 + $2 }' "$figures.all" | median)
    wall=$(awk '{ print $3 }' "$figures.all" | median)
    memory=$(awk '{ print $4 / 1024 }' "$figures.all" | median)
    base=${base:-$cpu}
    awk -v name="$name" -v cpu="$cpu" -v wall="$wall" -v memory="$memory" -v base="$base" \
        'BEGIN { printf "%-12s %8.2f s CPU %8.2f s %7.0f MiB %8.1f times\n", name, cpu, wall, memory, cpu / base }'
}

measure seaworthy "$ours" check --isolated --no-ignores -q "$folder"
# The same without its report: nothing but the exit code.
measure '  exit code' "$ours" check --isolated --no-ignores -qq "$folder"
if command -v kube-linter > /dev/null; then measure kube-linter kube-linter lint "$folder"; fi
# Schemas would come from the network: without them it parses, and nothing else.
if command -v kubeconform > /dev/null; then measure kubeconform kubeconform -ignore-missing-schemas -schema-location 'none/{{ .ResourceKind }}.json' "$folder"; fi
# It stops at the first file that it can not read, without output: not comparable where there is one.
if command -v kube-score > /dev/null; then
    find "$folder" -name '*.y*ml' -print0 > "$figures.files"
    measure kube-score xargs -0 -a "$figures.files" kube-score score
    rm -f "$figures.files"
fi
if command -v polaris > /dev/null; then measure polaris polaris audit --audit-path "$folder"; fi
if command -v checkov > /dev/null; then
    sample=$(mktemp -d)
    trap 'rm -rf "$figures" "$figures.all" "$sample"' EXIT
    find "$folder" -name '*.y*ml' | sort > "$figures.files"
    step=$(( ($(wc -l < "$figures.files") + ${SAMPLE:-300} - 1) / ${SAMPLE:-300} ))
    awk -v step="$step" 'NR % step == 1 || step == 1' "$figures.files" > "$figures.all"
    while read -r file; do cp "$file" "$sample/$(echo "$file" | tr / _)"; done < "$figures.all"
    rm -f "$figures.files"
    echo "a sample of $(ls "$sample" | wc -l) files:"
    base=
    measure seaworthy "$ours" check --isolated --no-ignores -q "$sample"
    runs=1
    measure checkov checkov --framework kubernetes --quiet --compact -d "$sample"
fi
