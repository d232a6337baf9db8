#!/usr/bin/env -S bash -p
# An assignment that needs the student's files of another one (uses = ("example")): tests/second/, put
# into a copy of the kit, where no other file is touched.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

copy_kit
cp -R "$kit"/tests/second/*/ "$work"
cd "$work" || exit 1
kit_make() { make --no-print-directory ASSIGNMENT=second "$@" >"$work/words" 2>&1; }

# submission NAME WHOSE-SPREAD WHOSE-AVERAGE: a folder with these files; "": none.
submission() {
    mkdir -p "$1"
    if [ -n "$2" ]; then mkdir "$1/second" && cp "$2/second/spread.c" "$1/second/"; fi
    if [ -n "$3" ]; then mkdir "$1/example" && cp "$3/example/average.c" "$1/example/"; fi
}

tools/make_skeleton >"$work/words" 2>&1
check "the skeleton is cut out of the solutions" [ -f skeleton/second/spread.c ]

# ---- whose files go into the program -----------------------------------------------------------------

kit_make grade SUBMISSION=solutions
check "the solutions get full marks" says 'PASS       1.00 of 1.00'
check "the student's own file is used" [ -z "$(grep 'stand in' "$work/words")" ]

submission own solutions solutions
(cd own/example && git apply ../../assignments/example/mutants/not-divided.patch)
kit_make grade SUBMISSION=own
check "a wrong file of the other assignment is used, too" says 'rank 2 got 42, and the variance is 2.888888889'

submission alone solutions ''
kit_make grade SUBMISSION=alone
check "the course's files stand in for those that are missing" says 'PASS       1.00 of 1.00'
check "the report says so" says "The course's own files of \`example\` stand in"
check "and why" says 'example/average.c is'

submission unwritten solutions skeleton
kit_make grade SUBMISSION=unwritten
check "the course's files stand in for a TODO" says 'PASS       1.00 of 1.00'
check "the report names it" says 'example/average.c still has'

submission broken solutions solutions
echo 'int x = ;' >broken/example/average.c
kit_make grade SUBMISSION=broken
check "the course's files stand in for what does not compile" says 'PASS       1.00 of 1.00'
check "the report says what does not compile" says 'example/average.c does not'

kit_make grade SUBMISSION=skeleton
check "the skeleton's own TODO is found first" says 'second/spread.c:13 is still to be written'
check "a beginner is told where to begin" says "Begin with \`spread.c\`"
submission begun skeleton solutions
kit_make grade SUBMISSION=begun
check "whether or not the other assignment is solved" says "Begin with \`spread.c\`"
submission unbegun skeleton ''
kit_make grade SUBMISSION=unbegun
check "or there at all" says "Begin with \`spread.c\`"

# ---- what a report prints to repeat a run --------------------------------------------------------------

mkdir evidence
for submission in own alone; do
    kit_make train SUBMISSION=$submission NP=3 ARGS="--probe spread --evidence $work/evidence"
    check "make train with the files of $submission" [ $? -eq 0 ]
done
submission wrong solutions skeleton
sed -i 's/distance \* distance/distance/' wrong/second/spread.c
kit_make grade SUBMISSION=wrong
repeat=$(grep -m 1 -o 'make train .*' build/grades/wrong/second/report.md)
echo "$repeat" >words
check "it says whose files to take" says 'SUBMISSION=wrong COURSE="example"'
bash -c "${repeat//\/tmp\/evidence/$work\/evidence}" >words 2>&1
check "the printed command runs, with the course's files where the grade had them" [ $? -eq 0 ]
kit_make submission SUBMISSION=own
check "the files are packed" grep -q 'spread' build/submissions/own/second/submission.md
mkdir unpacked
tar -xzf build/submissions/own/second/second.tar.gz -C unpacked
kit_make grade SUBMISSION=unpacked
check "the archive is graded with the student's file of the other assignment, too" says \
    'rank 2 got 42, and the variance is 2.888888889'
kit_make submission SUBMISSION=alone
check "files of the other assignment may be missing" [ $? -eq 0 ]

# ---- mutants -------------------------------------------------------------------------------------------------

kit_make mutants
check "a mutant of an assignment that uses another one is caught" says 'caught: 1 of 1 wrong ones'

# ---- the house ---------------------------------------------------------------------------------------------

sed -i 's/^uses = ("example");/  uses =\n    ( "example",   # a remark\n      "another" );/' assignments/second/rubric.cfg
check "rubrics are read in any spelling" [ "$(tools/rubrics uses second)" = $'example\nanother' ]
kit_make house
tools/levels >"$work/words" 2>&1
check "it may include the other's headers" [ $? -eq 0 ]
sed -i '/uses =/,/);/d' assignments/second/rubric.cfg
tools/levels >"$work/words" 2>&1
check "only because its rubric says so" says \
    'assignments/second/second.h includes assignments/example/example.h: it is another assignment'

summary
