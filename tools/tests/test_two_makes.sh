#!/usr/bin/env -S bash -p
# Two makes at once in one checkout: neither spoils what the other builds, nor a verdict.
# They run in a copy of the kit whose objects are there and whose archives and programs are not.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

copy_kit
find "$work/build" -name '*.a' -delete
rm -f "$work/build/grade"
kit_make() { make -C "$work" ASSIGNMENT=example SUBMISSION=solutions "$@"; }

# full_marks WORDS-OF-A-GRADE
full_marks() { grep -q 'PASS *1.00 of 1.00' "$1" && ! grep -qE 'FAIL|not judged' "$1"; }
report_is_whole() {
    local report=$work/build/grades/solutions/example
    grep -q '"score"' "$report/results.json" && grep -q '</html>' "$report/report.html"
}

# ---- two grades, both of which find nothing built ---------------------------------------------------

kit_make grade SEED=1 >"$work/first.words" 2>&1 &
first=$!
kit_make grade SEED=2 >"$work/second.words" 2>&1
check "the second of two grades" [ $? -eq 0 ]
wait "$first"
check "the first of two grades" [ $? -eq 0 ]
check "full marks for the first" full_marks "$work/first.words"
check "full marks for the second" full_marks "$work/second.words"
check "one whole report" report_is_whole

# ---- a grade and a train, when what both need has changed -------------------------------------------

touch "$work/common/base/fatal.c" "$work/grader/main.c" "$work/solutions/example/average.c"
kit_make grade >"$work/first.words" 2>&1 &
first=$!
mkdir "$work/evidence"
kit_make train NP=3 ARGS="--probe average --evidence $work/evidence" >"$work/second.words" 2>&1
check "a train beside a grade" [ $? -eq 0 ]
wait "$first"
check "a grade beside a train" [ $? -eq 0 ]
check "what the train wrote" [ -s "$work/evidence/average-2.json" ]
check "full marks beside a train" full_marks "$work/first.words"

summary
