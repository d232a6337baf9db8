#!/usr/bin/env -S bash -p
# What belongs to a submission is found by its whole path, however that is written, and by the content of its files,
# whatever their dates say: two submissions never share a program, a report, a curve or a hand-in, and no make runs
# a program of files that are gone.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

copy_kit
cd "$work" || exit 1
kit_make() { timeout 300 make --no-print-directory ASSIGNMENT=example "$@" >"$work/words" 2>&1 </dev/null; }
mkdir evidence
probe=(NP=1 "ARGS=--probe average --evidence '$work/evidence'")

# a_submission FOLDER WORD: the solution, whose program says the word.
a_submission() {
    mkdir -p "$1/example"
    sed -e '/^#include/{x;s/^/x/;/^x$/{x;s/^/#include <stdio.h>\n/;b};x}' \
        -e '0,/^{/s/^{/{\n    fprintf(stderr, "I am '"$2"'.\\n");/' solutions/example/average.c >"$1/example/average.c"
}
# runs SUBMISSION WORD [WHAT]: make train and make simulate of it run the program that says the word, and no other.
runs() {
    local goal
    for goal in $goals; do
        kit_make "$goal" SUBMISSION="$1" "${probe[@]}"
        check "${3:-$1}: make $goal runs" [ $? -eq 0 ]
        grep -o 'I am [a-z]*' words | sort -u >said.words
        check "${3:-$1}: make $goal runs $2" [ "$(cat said.words)" = "I am $2" ]
    done
}
goals=train

# ---- pairs of submissions ---------------------------------------------------------------------------------

# One a line: two paths, and whether they are of one submission.
a_submission first/sub one
a_submission second/sub two
a_submission 'third with blanks/sub' three
a_submission sub four
a_submission skeleton/sub five
a_submission simulator/sub six
ln -s first/sub to-first
ln -s "$work/second" to-second
while IFS='|' read -r a b same; do
    [ "$(tools/short_name "$a")" = "$(tools/short_name "$b")" ] && found=same || found=other
    check "$a and $b are $same" [ "$found" = "$same" ]
    for files in a b; do
        make -n train grade submission timeline ASSIGNMENT=example SUBMISSION="${!files}" 2>/dev/null |
            grep -oE "build/[a-z]+/[^ ']*" | sort -u >$files.files
    done
    comm -12 a.files b.files | grep -E "build/(programs|grades|curves|checkpoints|timelines|submissions|handed-in)/" >shared.words
    if [ "$same" = same ]; then
        check "$a and $b have the same places" cmp -s a.files b.files
    else
        check "$a and $b share no place" [ ! -s shared.words ]
    fi
done <<PAIRS
first/sub|second/sub|other
first/sub|sub|other
first/sub|third with blanks/sub|other
skeleton/sub|sub|other
simulator/sub|sub|other
first/sub|./first/sub|same
first/sub|first/sub/|same
first/sub|first//sub|same
first/sub|$work/first/sub|same
first/sub|second/../first/sub|same
first/sub|to-first|same
second/sub|to-second/sub|same
second/sub|to-second/../second/sub/|same
third with blanks/sub|$work/third with blanks/sub/|same
skeleton|./skeleton/|same
skeleton|$work/skeleton|same
PAIRS
for pair in 'first/sub one' 'second/sub two' 'first/sub one' 'sub four' 'skeleton/sub five' 'simulator/sub six' \
    "$work/second/sub two" 'to-first one' 'first/../to-second/sub/ two'; do
    runs "${pair% *}" "${pair##* }"
done
runs 'third with blanks/sub' three

# What is written of each is beside what is written of the other.
for submission in first/sub second/sub; do
    kit_make submission SUBMISSION=$submission
    grep -o 'build/submissions/[^ ]*/example.tar.gz' words >>archives
    kit_make grade SUBMISSION=$submission SEED=1
    grep -o 'build/grades/[^ ]*/report.html' words >>archives
    rm -rf build/grades
    build/grade --submission $submission --assignment example --seed 1 >words 2>&1
    check "the grader alone writes where make does: $submission" [ -s "$(tail -n 1 archives)" ]
done
cp archives words
check "hand-ins and reports are in four places" [ "$(sort -u archives | wc -l)" -eq 4 ]
for submission in first/sub second/sub; do
    name=$(tools/short_name $submission)
    tar xOf "build/submissions/$name/example/example.tar.gz" example/average.c | cmp - $submission/example/average.c >words 2>&1
    check "what was packed of $submission is its own" [ $? -eq 0 ]
done

# ---- older files that are others ---------------------------------------------------------------------------

# (Both machines: each has objects of its own.)
if type -P smpirun >/dev/null; then goals='train simulate'; fi
a_submission newer newer
a_submission older older
touch -d 2001-01-01 older/example/average.c
runs newer newer
cp -p older/example/average.c newer/example/average.c
runs newer older 'a copy with its date'
a_submission newer again
touch -d 2001-01-01 newer/example/average.c
runs newer again 'another with the same date'
rm -r newer && cp -rp older newer && runs newer older 'a whole folder, copied'
a_submission newer newer
runs newer newer
mv newer kept && mv older newer && runs newer older 'a whole folder, moved'
mv newer older && mv kept newer && runs newer newer 'and moved back'
ln -s newer 'a link' && ln -s newer a-link
runs 'a link' newer
runs a-link newer
rm 'a link' a-link && ln -s older 'a link' && ln -s older a-link
runs 'a link' older 'a link that leads elsewhere now'
runs a-link older 'another such link'
for word in newer older; do
    tar czf hand-in.tar.gz -C $word example
    touch -d 2001-02-03 hand-in.tar.gz
    runs hand-in.tar.gz $word "an archive, $word"
done
mkdir 'with blanks' && cp -rp newer/example 'with blanks/'
runs 'with blanks' newer
cp -p older/example/average.c 'with blanks/example/'
runs 'with blanks' older 'a copy with its date in a folder with blanks'
# A file of the library, one of its headers, and one of the student's own: with dates of long ago.
file=common/base/units.c
sed 's/^#include "common\/base\/units.h"/&\nint common_older(void);\nint common_older(void) { return 1; }/' $file >changed
touch -d 2002-02-02 changed && cp -p changed $file
kit_make build/libcommon.a
nm build/libcommon.a >words 2>&1
check "an older file of the library is compiled" says common_older
echo '#define WORD "header"' >newer/example/own.h
sed -i -e 's/"I am newer/"I am " WORD "/' -e '1i #include "own.h"' newer/example/average.c
runs newer header
echo '#define WORD "other"' >newer/example/own.h
touch -d 2002-02-02 newer/example/own.h
runs newer other "an older header beside the student's file"

# Where nothing changed nothing is compiled: a copy of all has new dates, and is, once.
cp -r newer kept && rm -r newer && cp -r kept newer
runs newer other
for goal in $goals; do
    kit_make "$goal" SUBMISSION=newer "${probe[@]}"
    check "make $goal compiles nothing twice" [ -z "$(grep '^  build/' words)" ]
    check "make $goal still runs it" says 'I am other'
done
summary
