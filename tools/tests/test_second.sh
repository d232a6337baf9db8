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

# submission NAME WHOSE-SECOND WHOSE-AVERAGE: a folder with these files; "": none.
submission() {
    mkdir -p "$1"
    if [ -n "$2" ]; then mkdir "$1/second" && cp "$2/second/"*.c "$1/second/"; fi
    if [ -n "$3" ]; then mkdir "$1/example" && cp "$3/example/average.c" "$1/example/"; fi
}

# grade_with_course SUBMISSION WHY: full marks, because the course's files stand in for what is wrong.
grade_with_course() { # SUBMISSION WHY
    submission=$1
    kit_make grade SUBMISSION="$submission"
    tr -s ' \n' ' ' <words >flat
    check "the course's files stand in for what is $1" says "second: $1: 1.00 of 1.00 points"
    check "the report says so of what is $1" grep -qF "The course's own files of \`example\` stand in" flat
    check "and why: $1" grep -qF -- "$2" flat
    check "in the check that needs them alone: $1" [ "$(grep -c 'judged with the course' words)" = 1 ]
}

tools/make_skeleton >"$work/words" 2>&1
check "the skeleton is cut out of the solutions" [ -f skeleton/second/spread.c ]

# ---- whose files go into the program -----------------------------------------------------------------

kit_make grade SUBMISSION=solutions
check "the solutions get full marks" says 'PASS             0.60 of 0.60'
check "what is needed is looked at first" grep -q '^\[1/1\] example, .*: 1 PASS$' words
check "the student's own file is used" [ -z "$(grep 'stand in' "$work/words")" ]

submission own solutions solutions
(cd own/example && git apply ../../assignments/example/mutants/not-divided.patch)
submission alone solutions ''
submission unwritten solutions skeleton
submission broken solutions solutions
echo 'int x = ;' >broken/example/average.c
submission clashing solutions solutions
for file in second/spread.c example/average.c; do echo 'int helper(void) { return 1; }' >>clashing/$file; done
grade_with_course own "with its own, \`example/average\` does not pass (rank 0 got"
check "the result says it where it is shown" grep -q 'stand in' build/grades/own/second/results.json
check "and names the runs that decided it" grep -q "^| \`example/average\` | 4 |" build/grades/own/second/report.md
grade_with_course alone 'does not pass (example/average.c is missing)'
check "nothing is said to be wrong with the files that are there" [ -z "$(grep 'does not link' words)" ]
grade_with_course unwritten 'does not pass (example/average.c:14 is still to be written)'
grade_with_course broken 'does not pass (average.c does not compile)'
grade_with_course clashing "\`example/average.c\` does not link with the rest of the program"

kit_make grade SUBMISSION=own CHECK=extent
check "a check that needs only own files asks nobody else" [ -z "$(grep 'example' words)" ]

kit_make grade SUBMISSION=skeleton
check "the skeleton's own TODO is found first" says 'second/spread.c:13 is still to be written'
check "a beginner is told where to begin" says "Begin with skeleton/second/extent.c"
submission begun skeleton solutions
kit_make grade SUBMISSION=begun
check "whether or not the other assignment is solved" says "Begin with begun/second/extent.c"
submission unbegun skeleton ''
kit_make grade SUBMISSION=unbegun
check "or there at all" says "Begin with unbegun/second/extent.c"

# ---- faults of the hybrid ------------------------------------------------------------------------------

submission crashing solutions solutions
sed -i 's/    double sum;/    double sum; if (mine == 4) __builtin_trap();/' crashing/example/average.c
kit_make grade SUBMISSION=crashing
check "what passes its own check is used" [ -z "$(grep 'stand in' words)" ]
tr -s ' \n' ' ' <words >flat
check "where it crashes it is told with its assignment" grep -qF 'example/average.c:9 (average)' flat
check "and what to do next says the same" says 'mend this cause, at example/average.c:9.'
kit_make grade SUBMISSION=crashing CHECK=spread SIMULATOR_CC=
tr -s ' \n' ' ' <words >flat
check "what could not be judged leaves it open" \
    grep -qF "whether \`example/average\` passes with its own could not be judged" flat
check "and is not paid for" says 'judged with the course'

# ---- what a report prints to repeat a run --------------------------------------------------------------

mkdir evidence
for submission in own alone unwritten; do
    kit_make train SUBMISSION=$submission NP=3 ARGS="--probe extent --evidence $work/evidence"
    check "make train with the files of $submission" [ $? -eq 0 ]
done
submission wrong solutions skeleton
sed -i 's/distance \* distance/distance/' wrong/second/spread.c
sed -i 's/largest - smallest/largest/' wrong/second/extent.c
sed -i 's/MPI_DOUBLE, MPI_MAX/MPI_DOUBLE, MPI_SUM/' wrong/second/extent.c
kit_make grade SUBMISSION=wrong
grep -oE 'make grade [^`]*SEED=[0-9]+' build/grades/wrong/second/report.md >words
check "it says how the finding is had again" says 'make grade ASSIGNMENT=second SUBMISSION=wrong CHECK=spread SEED='
repeat=$(grep -m 1 'CHECK=spread' words)
grep -o 'the variance is .*' build/grades/wrong/second/report.md | sort -u >found
bash -c "${repeat:-false}" >words 2>&1
check "the printed command runs, with the course's files where the grade had them" says "The course's own files"
check "and there was something to find" [ -s found ]
kit_make train SUBMISSION=wrong COURSE=example NP=3 ARGS="--probe spread --seed 1 --evidence $work/evidence"
check "by hand COURSE says whose files to take" [ $? -eq 0 ]
kit_make submission SUBMISSION=own
check "the files are packed" grep -q 'spread' build/submissions/own/second/submission.md
mkdir unpacked
tar -xzf build/submissions/own/second/second.tar.gz -C unpacked
kit_make grade SUBMISSION=unpacked
check "the archive is graded with the student's file of the other assignment, too" grep -q \
    '^\[1/1\] example, .*: 1 FAIL$' words
kit_make submission SUBMISSION=alone
check "files of the other assignment may be missing" [ $? -eq 0 ]

# ---- an assignment that names files of the other, and needs none of its checks -------------------------------

cp assignments/second/rubric.cfg rubric.before
sed -i '/needs = /d; s|files = ( "spread.c" )|files = ( "example/average.c", "spread.c" )|' assignments/second/rubric.cfg
kit_make grade SUBMISSION=own
check "a wrong file of the other assignment is used, too" says 'rank 2 got 42, and the variance is 2.888888889'
for submission in alone unwritten broken; do
    kit_make grade SUBMISSION=$submission
    check "the course's files stand in for those that can't be used: $submission" says 'PASS             0.60 of 0.60'
    check "the report says so: $submission" says "The course's own files of \`example\` stand in"
done
mv rubric.before assignments/second/rubric.cfg

# ---- mutants -------------------------------------------------------------------------------------------------

kit_make mutants
check "mutants of an assignment that uses another one are caught" says 'caught: 2 of 2 wrong ones'
check "a mutant may change the other's files" says 'rejected: 0 of 1 right ones'

# ---- the house ---------------------------------------------------------------------------------------------

cp assignments/second/rubric.cfg rubric.before
sed -i 's/^uses = ("example");/  uses =\n    ( "example",   # a remark\n      "another" );/' assignments/second/rubric.cfg
check "rubrics are read in any spelling" [ "$(tools/rubrics uses second)" = $'example\nanother' ]
kit_make house
tools/levels >"$work/words" 2>&1
check "it may include the other's headers" [ $? -eq 0 ]
sed -i '/uses =/,/);/d' assignments/second/rubric.cfg
tools/levels >"$work/words" 2>&1
check "only because its rubric says so" says \
    'assignments/second/second.h includes assignments/example/example.h: it is another assignment'

mv rubric.before assignments/second/rubric.cfg

# ---- a student's kit, without solutions ------------------------------------------------------------------------

cp -r solutions right
rm -r solutions build/solutions build/simulator/solutions
for submission in own alone skeleton; do
    kit_make grade SUBMISSION=$submission
    tr -s ' \n' ' ' <words >flat
    check "the student is told what comes first: $submission" grep -q \
        'needs your example first: make grade ASSIGNMENT=example .*CHECK=average' flat
    check "it costs nothing: $submission" grep -q -- '- of 0\.60 Every rank gets the variance' flat
    check "that is nobody's fault: $submission" [ -z "$(grep 'could not be judged' words)" ]
done
check "the rest is judged" says 'second/extent.c:12 is still to be written'
kit_make grade SUBMISSION=own
check "why it was not judged is told" says 'rank 0 got'
kit_make grade SUBMISSION=right
check "with the other assignment solved it is judged" says 'second: right: 1.00 of 1.00 points'
for submission in alone own; do
    kit_make train SUBMISSION=$submission NP=3 ARGS="--probe extent --evidence $work/evidence"
    check "make train without the course's files: $submission" [ $? -eq 0 ]
done
kit_make train SUBMISSION=own COURSE=example NP=3
check "the course's can't be asked for there" says "the course's files are not in this kit"

summary
