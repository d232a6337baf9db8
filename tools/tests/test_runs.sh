#!/usr/bin/env -S bash -p
# Runs that can't be: what can be known before a rank is started is said before, and nothing that was there is
# taken away for a successor that never comes. Runs that can: where their pictures are.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

copy_kit
cd "$work" || exit 1
kit_make() { timeout 300 make --no-print-directory SUBMISSION=solutions "$@" >"$work/words" 2>&1 </dev/null; }

# An mpirun that tells that it was started, and starts nothing.
started=$work/started
mkdir bin
printf '#!/bin/bash\ncase " $* " in *" --version "*) echo "mpirun (Open MPI) 4.1.4"; exit 0 ;; esac\ntouch %q\n' "$started" >bin/mpirun
chmod +x bin/mpirun
cp -p build/config.mk config.kept
not_started() { [ ! -e "$started" ]; }

# ---- refused before a rank is started -------------------------------------------------------------------

# Each assignment names its own, NP, ARGS and what is said.
sed -i "s,^MPIRUN .*,MPIRUN := $work/bin/mpirun," build/config.mk
touch -r config.kept build/config.mk # all that is built depends on it
while IFS='|' read -r assignment ranks arguments sentence; do
    rm -f "$started"
    kit_make train ASSIGNMENT="$assignment" NP="$ranks" ARGS="$arguments"
    check "make train ASSIGNMENT=$assignment NP=$ranks ARGS=$arguments: is refused" [ $? -eq 2 ]
    check "make train ASSIGNMENT=$assignment NP=$ranks ARGS=$arguments: $sentence" says "$sentence"
    check "make train ASSIGNMENT=$assignment NP=$ranks ARGS=$arguments: no rank was started" not_started
done < <(grep -hv '^#' /dev/null assignments/*/tests/refused_runs.txt --with-filename | sed -n 's,^assignments/\([^/]*\)/[^:]*:,\1|,p')
rm -f "$started"
drawn=$(basename "$(dirname assignments/*/timeline)") # the assignment that draws timelines
kit_make train ASSIGNMENT="$drawn" NP=4 ARGS='--micro-batches 8'
check "what is possible is started" [ -e "$started" ]
cp -p config.kept build/config.mk

# Only a program's own refusal counts. What a student's function does beside, or instead, keeps nobody from seeing it
# where the ranks do it: it is said once, as the run says it. One a line: what is done when asked, and what of it is said.
while IFS='|' read -r done_first seen; do
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\nint main(void) { if (getenv("ASKED_FOR_RANKS")) { %s } puts("ranks"); return 5; }\n' \
        "$done_first" | gcc -w -x c - -o program
    timeout 60 tools/launch --ask-first 1 ./program >words 2>&1 </dev/null
    status=$?
    if [ "$seen" = ranks ]; then expected=5; else expected=2; fi
    check "tools/launch --ask-first, asking one that does $done_first" [ $status -eq $expected ]
    check "and says: $seen" [ "$(tr '\n' ' ' <words)" = "$seen " ]
done <<'ASKED'
for (;;) {}|ranks
*(volatile int *)0 = 1;|ranks
abort();|ranks
exit(2);|ranks
fprintf(stderr, "bye\n"); exit(2);|ranks
fprintf(stderr, "program: no\n"); exit(1);|ranks
for (;;) printf("program: refused: no\n");|ranks
if (fork() == 0) { sleep(20); exit(0); } exit(0);|ranks
if (fork() == 0) { sleep(20); exit(0); } fprintf(stderr, "program: refused: no\n"); exit(2);|program: refused: no
fprintf(stderr, "looking\nprogram: refused: no\n"); exit(2);|looking program: refused: no
getchar(); printf("looking\n"); fflush(stdout); fprintf(stderr, "program: refused: no\n"); exit(2);|looking program: refused: no
ASKED

# ---- nothing goes before its successor is whole ------------------------------------------------------------

kit_make timeline ASSIGNMENT="$drawn" NP=2 OUT="$work/a folder" ARGS='--micro-batches 4'
check "make timeline OUT=folder" [ $? -eq 0 ]
check "it says where" says "$work/a folder/timeline.svg"
check "the picture is there" [ -s 'a folder/timeline.svg' ]
check "and the trace" [ -s 'a folder/trace.json' ]
find 'a folder' -type f -exec cksum {} + | sort >before
while IFS='|' read -r ranks arguments; do
    kit_make timeline ASSIGNMENT="$drawn" NP="$ranks" OUT="$work/a folder" ARGS="$arguments"
    check "make timeline NP=$ranks ARGS=$arguments fails" [ $? -ne 0 ]
    find 'a folder' -type f -exec cksum {} + | sort >after
    diff before after >difference.words
    check "make timeline NP=$ranks ARGS=$arguments leaves the picture" cmp -s before after
done <<'FAILED'
0|
200|
abc|
2|--no-such-option
2|--micro-batches 7
2|--model foo
FAILED
# No gnuplot: the run can't be drawn.
mkdir nothing && printf '#!/bin/sh\nexit 1\n' >nothing/gnuplot && chmod +x nothing/gnuplot
PATH=$work/nothing:$PATH kit_make timeline ASSIGNMENT="$drawn" NP=2 OUT="$work/a folder"
check "make timeline without gnuplot fails" [ $? -ne 0 ]
check "and says that all stays" says 'stays as it was'
find 'a folder' -type f -exec cksum {} + | sort >after
check "and it does" cmp -s before after
touch 'a folder/mine.txt' 'a folder/memory.svg'
kit_make timeline ASSIGNMENT="$drawn" NP=1 OUT="$work/a folder" ARGS='--micro-batches 2'
cksum 'a folder/timeline.svg' >after
check "a whole one takes its place" [ -z "$(comm -12 before after)" ]
check "nothing of the run before is left" [ ! -e 'a folder/rank-1.log' -a ! -e 'a folder/memory.svg' ]
check "what is another's stays" [ -e 'a folder/mine.txt' ]
check "nothing is left behind" [ -z "$(find build/timelines 'a folder' -name '.new*')" ]

for number in 2 4; do
    kit_make timeline ASSIGNMENT="$drawn" NP=2 ARGS="--micro-batches $number"
    grep -o 'build/timelines/[^ ]*/timeline.svg' words >>pictures
done
cp pictures words
check "two runs have two pictures" [ "$(sort -u pictures | wc -l)" -eq 2 ]
check "named after them" says '/ranks-2-micro-batches-4/timeline.svg'
for a in '--a b' '--a "b"' '--a \b' '--a ä' '--a ö' '--A b' "$(printf 'x%.0s' {1..150})y" "$(printf 'x%.0s' {1..150})z" '../../a' ''; do
    tools/run_name 4 free "$a"
done | sort | uniq -d >words
check "two ARGS have two folders" [ ! -s words ]

odd="a blank ü '\"\$#%: x"
mkdir "$odd" && cp -r "solutions/$drawn" "$odd/"
for arguments in 'simulate' 'timeline' 'timeline MACHINE=real'; do
    read -ra arguments <<<"$arguments"
    kit_make "${arguments[@]}" ASSIGNMENT="$drawn" SUBMISSION="$odd" NP=2 ARGS='--steps 1'
    check "make ${arguments[*]} of the folder $odd" [ $? -eq 0 ]
done

# A disk that is full, in a namespace of its own: each command makes its files, then can't make them again.
on_a_full_disk() {
    local folder commands=() number=0
    mkdir -p full build/curves build/submissions && mount -t tmpfs -o size=2m tmpfs full || return
    for folder in curves submissions; do mkdir full/$folder && mount --bind full/$folder build/$folder || return; done
    commands=("train NP=1 CURVE=mine ARGS=--steps 2" "plot" "submission" "timeline MACHINE=real NP=2 OUT=full/drawn"
        "plan MODEL=mlp RANKS=2 SIMULATOR_CC= OUT=full/plan" "grade OUT=full/grade")
    while [ $number -lt 2 ]; do
        for command in "${commands[@]}"; do
            read -ra arguments <<<"${command%% ARGS=*}"
            if [ "$command" != "${command%% ARGS=*}" ]; then arguments+=("ARGS=${command##* ARGS=}"); fi
            # a small one, for to grade takes long
            if [ "${arguments[0]}" = grade ]; then arguments+=(ASSIGNMENT=example); else arguments+=(ASSIGNMENT="$drawn"); fi
            kit_make "${arguments[@]}"
            echo "$number make $command|$?" >>tried
        done
        find full -type f -not -name fill -not -name '*.new' -size +0 -exec cksum {} + | sort >full.$number
        head -c 4000000 /dev/zero >full/fill 2>/dev/null
        number=$((number + 1))
    done
}
# (Only root's: in a user's own one, root is alone, and no submission may run as root.)
if [ "$EUID" = 0 ] && unshare -m mount -t tmpfs tmpfs /mnt 2>/dev/null; then
    declare -f on_a_full_disk kit_make >full.sh
    printf 'drawn=%q work=%q\non_a_full_disk\n' "$drawn" "$work" >>full.sh
    unshare -m bash -p full.sh >full.words 2>&1
    while IFS='|' read -r command status; do
        check "${command#* } on a disk with$([ "${command%% *}" = 0 ] || echo out) room" [ $((status != 0)) -eq "${command%% *}" ]
    done <tried
    check "each was tried twice" [ "$(wc -l <tried)" -eq 12 ]
    diff full.0 full.1 >difference.words 2>&1
    check "what was there before stays" cmp -s full.0 full.1
    check "and there was something: reports, pictures, a curve, an archive" [ "$(wc -l <full.0)" -ge 12 ]
fi

# ---- words ---------------------------------------------------------------------------------------------------

kit_make nosuch
check "a goal that is none" says "make help"
kit_make simulate ASSIGNMENT="$drawn" NP=2 ARGS='--micro-batches 7'
check "the simulator's own last line is left out" [ -z "$(grep 'Execution failed' words)" ]
check "what the program says is not" says "can't be cut into 7 micro-batches"
mkdir 'a folder/for a while'
TMPDIR="$work/a folder/for a while" kit_make simulate ASSIGNMENT="$drawn" NP=2 ARGS='--micro-batches 4 --steps 1 --data synthetic'
check "make simulate where TMPDIR has blanks" [ $? -eq 0 ]
summary
