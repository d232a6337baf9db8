#!/usr/bin/env -S bash -p
# Tests of class viva: questions from a program's own trace, and whether what replay says of a changed program becomes of it:
# its source is changed in the same way, built, and run.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/similarity/tests/make_class.sh
. "$kit/class/similarity/tests/make_class.sh"
cd "$kit" || exit 1
class=${B:-build}/class/class
out=$work/class

# program NAME SED-COMMAND: the ring, changed.
program() {
    mkdir -p "$work/programs/$1"
    sed "$2" class/viva/tests/ring.c >"$work/programs/$1/average.c"
}
# ask ID: the sheet of a student's viva.
ask() { "$class" viva --out "$out" --id "$1" --build-folder "${B:-build}" --seed 5 >"$work/words" 2>&1; }
# section ID KIND: the first question of a kind, with its answer.
section() { awk -v kind="$2" '/^## /{on = index($0, ". " kind) > 0 && !was; was = was || on} on' "$out/viva/$1.md"; }
# outcome NAME: how the runs of a program end.
outcome() {
    "${B:-build}/grade" --submission="$work/programs/$1" --assignment=example --build-folder="${B:-build}" --quiet \
        --out="$work/grade-$1" >"$work/words" 2>&1
    jq -r '.checks[0].state, .checks[0].runs[].end' "$work/grade-$1/record.json" | paste -sd ' '
}
hangs() { [[ $(outcome "$1") == FAIL*hung* ]]; }
passes() { [[ $(outcome "$1") == "PASS finished"* ]]; }
answers() { section "$1" "$2" | grep -F -A1 '**Answer.**' | grep -qF -- "$3"; }

make_class "$out" example
program ring ''
program received-first '/MPI_Send/{h;d};/MPI_Recv/{G}'
program synchronous 's/MPI_Send/MPI_Ssend/'
program never-ends '/MPI_Send/d'

add_student "$out" ring example "$work/programs/ring" 'Ring <script>alert(1)</script>'
check "a viva of the ring" ask ring
check "has six questions or more" [ "$(grep -c '^## ' "$out/viva/ring.md")" -ge 6 ]
check "of five kinds or more" [ "$(sed -n 's/^## [0-9]*\. \([a-z ]*\).*/\1/p' "$out/viva/ring.md" | sort -u | wc -l)" -ge 5 ]
check "in the page no name is HTML" sh -c "! grep -qF '<script>alert' '$out/viva/ring.html'"
check "the student's lines are shown" grep -q '^> *14  .*MPI_Send' "$out/viva/ring.md"

check "received first: replay says that it hangs" answers ring swap '**Deadlock.**'
check "and so it does" hangs received-first
check "sends that wait: replay says that it hangs" answers ring synchronous '**Deadlock.**'
check "and so it does" hangs synchronous

add_student "$out" hangs example "$work/programs/never-ends"
check "left out: replay says that it hangs" answers ring 'left out' '**Deadlock.**'
check "a viva of a program in which that is left out" ask hangs
check "asks why it hangs" grep -q '^## [0-9]*\. deadlock' "$out/viva/hangs.md"
check "names a rank that waits, and the line" grep -q 'rank [0-9] waits in MPI_Recv at average.c:14' "$out/viva/hangs.md"

check "nobody of that name" sh -c "! '$class' viva --out '$out' --id nobody >'$work/words' 2>&1"
check "a name that is a path is no name" sh -c "! '$class' viva --out '$out' --id ../ring >'$work/words' 2>&1"
if [ "${1:-}" != --all ]; then
    summary
    exit
fi

# ---- make check-viva ------------------------------------------------------------------------------------------

program early 's/MPI_Send(/MPI_Issend(/;s/next, 0, comm)/next, 0, comm, \&request)/;s/int rank, ranks;/int rank, ranks; MPI_Request request;/;s/sum += here;/mpi_check(MPI_Wait(\&request, MPI_STATUS_IGNORE)); sum += here;/'
add_student "$out" early example "$work/programs/early"
check "a viva of sends that are waited for later" ask early
check "they pass" passes early
cp "$out/viva/early.md" "$work/first"
ask early
check "the same files get the same questions" cmp -s "$work/first" "$out/viva/early.md"
check "the ring passes" passes ring

add_student "$out" solved example solutions/example
check "a viva of one collective call" ask solved
check "asks who takes part" grep -q '^## [0-9]*\. collective: average.c' "$out/viva/solved.md"

add_student "$out" broken example "$work/programs/ring"
echo 'this is no C' >"$out/students/broken/submission/example/average.c"
check "a viva of what does not compile" ask broken
check "asks about that" grep -q '^## 1\. failure' "$out/viva/broken.md"

# Of each assignment, where programs compute and talk, too.
for name in $(tools/rubrics all | grep -v '^example$'); do
    make_class "$work/$name" "$name"
    add_student "$work/$name" solved "$name" solutions/"$name"
    "$class" viva --out "$work/$name" --id solved --build-folder "${B:-build}" --seed 5 >"$work/words" 2>&1
    check "$name: a viva of the solution" [ $? -eq 0 ]
    sed -n 's/^## [0-9]*\. \([a-z ]*\).*/\1/p' "$work/$name/viva/solved.md" | sort -u >"$work/words"
    check "$name: six kinds of questions or more" [ "$(wc -l <"$work/words")" -ge 6 ]
done
summary
