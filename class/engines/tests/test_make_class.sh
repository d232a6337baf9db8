#!/usr/bin/env -S bash -p
# class/engines/tests/test_make_class.sh: make class, from what was handed in to the tables, and once more for what has changed.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/engines/tests/small_class.sh
. "$(dirname "${BASH_SOURCE[0]}")/small_class.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS SANITIZE ASSIGNMENTS SUBMISSIONS OUT JOBS ENGINE YEAR POLICY EXTENSIONS ROSTER
cd "$kit" || exit 1
class="$work/the class's folder"
handed_in=$work/handed-in
chmod 755 "$work"
export TMPDIR=$work/tmp
mkdir -m 755 "$TMPDIR"
# Nobody expands it:
# shellcheck disable=SC2016
odd='$(touch oops); "x" & ‮y'
mkdir -p "$handed_in/$odd/example" "$handed_in/late"
cp solutions/example/average.c "$handed_in/$odd/example/"
tar -C skeleton -czf "$handed_in/zoe.tar.gz" example
touch "$handed_in/late/nothing.txt"
make_class() { make -s --no-print-directory class SUBMISSIONS="$handed_in" OUT="$class" ASSIGNMENTS=example "$@" >"$work/words" 2>&1; }
points() { python3 -c 'import csv, sys; print(*sorted(r["state"] + r["final"] for r in csv.DictReader(open(sys.argv[1] + "/grades.csv", newline=""))))' "$class"; }

make_class
check "a class is graded" [ $? -eq 0 ]
check "it says how many" says '2 graded'
check "what was handed in has its points, what can't be graded none" [ "$(points)" = "graded0.00 graded1.00 refused" ]
check "a name is no command" [ ! -e oops ]
grep -rlF "$work" "$class"/students/*/example >"$work/paths.words"
check "no report names a folder of whoever grades" [ "$(grep -vc run.json "$work/paths.words")" = 0 ]
leftovers "$class" "$TMPDIR" | grep -v '/\.intake.lock$' >"$work/left.words"
check "nothing is left" [ ! -s "$work/left.words" ]
rm "$work/paths.words" "$work/left.words"

# What is done is not done again; what is handed in anew is.
find "$class"/students/*/example -name run.json -exec sha256sum {} + >"$work/before"
cp solutions/example/average.c "$work/average.c"
mkdir "$work/example"
cp solutions/example/average.c "$work/example"
echo "// once more" >>"$work/example/average.c"
tar -C "$work" -czf "$handed_in/zoe.tar.gz" example
make_class
check "called again, only what has changed is graded" says 'class: 1 to grade'
check "and counts" [ "$(points)" = "graded1.00 graded1.00 refused" ]
find "$class"/students/*/example -name run.json -exec sha256sum {} + >"$work/after"
check "the other grade stays as it is" [ "$(comm -12 <(sort "$work/before") <(sort "$work/after") | wc -l)" = 1 ]

# ---- what is wrong with the command ------------------------------------------------------------------------------

make_class ENGINE=none
check "an engine that is not there is refused" [ $? -ne 0 ]
check "with those that are" says 'must be local (this computer) or slurm'
make_class OUT=
check "OUT is asked for" says 'OUT=folder'
make_class SUBMISSIONS=
check "and SUBMISSIONS" says 'SUBMISSIONS=folder'
summary
