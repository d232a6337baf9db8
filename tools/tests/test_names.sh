#!/usr/bin/env -S bash -p
# test_names.sh [--all]
# Names that people and attackers give to folders, and whatever else stands on make's command line: nothing of it
# is run, and each command does its job or refuses with a sentence. With --all (make check-names, minutes) every
# command of a submission with every variable, and every kind of name.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

copy_kit
cd "$work" || exit 1
marker=$work/executed
kit_make() { timeout 120 make --no-print-directory "$@" >"$work/words" 2>&1 </dev/null; }
nothing_ran() { [ ! -e "$marker" ] && [ ! -e executed ]; }

# What would run if make, a shell, gnuplot or awk took it for more than text; each leaves the marker.
hostile=(
    "\$(shell touch $marker)"
    "\$(touch $marker)\`touch $marker\`\${x:=\`touch $marker\`}"
    "'; touch $marker; '"
    "\"; touch $marker; \""
    "x; touch $marker #"
    "x | touch $marker & touch $marker"
    "\\'\"\\\$(touch $marker)"
    "a[\$(touch $marker)]"
    "\$\$(touch $marker)\$(eval x:=\$(shell touch $marker))"
    "-e touch $marker * ? [a-z] ~ ! % #"
    $'\xff\xfe$(touch '"$marker)"
    "\$(error nobody should see this)\$(file >$marker,x)"
)
few=("${hostile[@]}")
[ "${1:-}" = --all ] || few=("${hostile[4]}" "${hostile[6]}" "${hostile[10]}")
everything=${hostile[0]}${hostile[1]}${hostile[2]}${hostile[3]}${hostile[6]}

# ---- a wrong value, a wrong name: told at once ----------------------------------------------------------

refuses() { # SENTENCE ARGUMENT …
    kit_make "${@:2}"
    check "make ${*:2}: is refused" [ $? -eq 2 ]
    check "make ${*:2}: $1" says "$1"
}
for name in NP CALIBRATION_SECONDS; do
    refuses "$name=\"4x\": must be a whole number" help $name=4x
done
refuses 'must be a whole number' train "NP=a[\$(touch executed)]"
refuses 'CC="gcc;id": must be a compiler' help 'CC=gcc;id'
refuses 'B="a b": must be a folder' help 'B=a b'
refuses 'ASSIGNMENT="%": must be the name of one folder' grade ASSIGNMENT=%
refuses 'ASSIGNMENT="example example": must be the name of one folder' grade ASSIGNMENT='example example'
refuses 'COURSE="nobody": there is no assignment "nobody"' train COURSE=nobody
refuses 'SUBMISSION is empty' grade SUBMISSION=
refuses 'SUBMISSION has a line break in it' grade SUBMISSION=$'x\n\ttouch executed\n'
refuses 'CURVE=a/b: must be a name for a new file' train ASSIGNMENT=example CURVE=a/b
refuses 'CURVE=.a: must be a name for a new file' train ASSIGNMENT=example CURVE=.a
refuses 'MACHINE=rea: must be simulated or real' timeline ASSIGNMENT=example MACHINE=rea
refuses 'DEVICE="gpu": must be cpu, cuda (a GPU) or emulated' help DEVICE=gpu
for goal in plan table curves calibrate bench-layers; do
    refuses "make $goal knows no GPU: leave DEVICE=emulated out" "$goal" DEVICE=emulated
done
refuses 'make gpu-check takes its device in ARGS="--device emulated": leave DEVICE=emulated out' gpu-check DEVICE=emulated
refuses "ARGS=\"--a 'b\": a quote has no end" train ASSIGNMENT=example SUBMISSION=solutions ARGS="--a 'b"
refuses 'FUZZ="judge": must be loaders, texts, judges, growth or sweep' fuzz FUZZ=judge
for name in SUBMISION GROUPS submission WARNINGS; do
    refuses "there is no variable \"$name\"; make help lists them" help $name=x
done
refuses 'make makes nothing of that name' "x;touch executed" ASSIGNMENT=all
kit_make help GRADER_SECRET=x TEXT_FILE=x OMPI_MCA_btl=self CIFAR10_DIR=x
check "what programs read may be given to make" [ $? -eq 0 ]
sed -n 's/^#: *//p' Makefile tools/*.mk assignments/*/*.mk | grep -oE '\b[A-Z_]+=' | tr -d = | sort -u >documented
while read -r name; do
    grep -qw "$name" tools/command_line.mk assignments/*/assignment.mk
    check "$name, which make help names, is known" [ $? -eq 0 ]
done <documented

# ---- no recipe hands text on but in quotes -------------------------------------------------------------

# What a shell would be given: the text below must stand there as one word in quotes, and nowhere bare.
mkdir -p "Qq'W" && cp -r solutions/example "Qq'W/"
texts=(SUBMISSION OUT ARGS PLATFORM CURVE MODEL DATA CHECK TEST PLATFORMS HOSTS MEMORY)
mapfile -t own < <(sed -n 's/^\([a-z-]*\): .*## .*/\1/p' assignments/*/assignment.mk)
kit_make -nk build grade train simulate timeline plan plot submission bench bench-grade calibrate mutants check \
    "${own[@]}" ASSIGNMENT=example "${texts[@]/%/=Qq\'W}"
check "text is handed on" says "Qq'\\''W"
check "and is in quotes" [ -z "$(grep "Qq'W" words)" ]
for name in $(tools/rubrics all); do
    rules=assignments/$name/assignment.mk own=()
    # shellcheck disable=SC2013 # words
    for variable in $(sed -n 's/^COMMAND_LINE += //p' "$rules" 2>/dev/null); do
        # A file that is read before any recipe runs has to be there.
        if [ "$variable" = CONFIG ]; then continue; fi
        if ! grep -q "made_of.*$variable" "$rules"; then own+=("$variable=Qq'W"); fi
    done
    kit_make -n plan ASSIGNMENT="$name" "${own[@]}"
    check "make plan ASSIGNMENT=$name: text is in quotes" [ -z "$(grep "Qq'W" words)" ]
done

# ---- real names, and others, do their work -------------------------------------------------------------

# The example has one file, so that a grade takes a second.
mkdir hand-ins
works() { # NAME: the folder hand-ins/NAME, with the solution in it
    local submission=hand-ins/$1
    mkdir -p "$submission" && cp -r solutions/example "$submission/"
    kit_make grade ASSIGNMENT=example SUBMISSION="$submission" OUT="out of $1" SEED=7
    check "make grade in $1" says 'PASS             1.00 of 1.00'
    check "its report of $1" [ -s "out of $1/report.html" ]
    if [ $# -gt 1 ]; then return; fi
    kit_make train ASSIGNMENT=example SUBMISSION="$submission" NP=2 ARGS="--probe average --evidence '$work/the evidence'"
    check "make train in $1" [ $? -eq 0 ]
}
mkdir 'the evidence'
works "Jürgen O'Neil (2), \"Käthe\" & Co #1 %d +\$HOME~ = 100%; a:b *?[x] \\ {}"
works "$everything" only-grade
if [ "${1:-}" = --all ]; then
    works '-rf'
    works $'caf\xe9'
    works "$(printf 'x%.0s' {1..240})" # with "out of " and in other folders it must still be a name
    for name in "${hostile[@]//\//|}"; do works "$name"; done
fi
check "nothing of a name is run" nothing_ran

ln -s "hand-ins" 'a link'
submission="$work/a link/../hand-ins/Jürgen O'Neil (2), \"Käthe\" & Co #1 %d +\$HOME~ = 100%; a:b *?[x] \\ {}/"
(cd "$submission/example" && git apply "$work/assignments/example/mutants/not-divided.patch")
kit_make build ASSIGNMENT=example SUBMISSION="$submission"
check "make build of an absolute path over a link" [ $? -eq 0 ]
kit_make submission ASSIGNMENT=example SUBMISSION="$submission"
check "make submission" says example.tar.gz
kit_make grade ASSIGNMENT=example SUBMISSION="$submission" OUT=failed
check "a wrong one in such a folder fails" says 'FAIL             0.00 of 1.00'
repeat=$(grep -m 1 -o 'make grade .* SEED=.*' failed/report.md)
echo "$repeat" >words
check "its report gives the command that repeats it" [ -n "$repeat" ]
bash -c "$repeat" >words 2>&1
check "that can be pasted: $repeat" [ $? -eq 0 ]
check "and finds the same" says 'FAIL             0.00 of 1.00'

# Where a program finds its files, every command does.
mkdir -p 'deep/homework 3' && cp -r solutions/example 'deep/homework 3/'
tar czf deep.tar.gz -C solutions example
for submission in deep deep.tar.gz; do
    kit_make train ASSIGNMENT=example SUBMISSION=$submission NP=2 ARGS="--probe average --evidence '$work/the evidence'"
    check "make train of $submission" [ $? -eq 0 ]
    kit_make submission ASSIGNMENT=example SUBMISSION=$submission
    check "make submission of $submission" says example.tar.gz
done
echo 'int unused;' >solutions/example/'average (1).c'
kit_make train ASSIGNMENT=example SUBMISSION=solutions NP=2 ARGS="--probe average --evidence '$work/the evidence'"
check "a copy beside a file is nobody's business" [ $? -eq 0 ]
mv deep/'homework 3'/example/average.c deep/'homework 3'/example/'average (1).c'
kit_make train ASSIGNMENT=example SUBMISSION=deep NP=2
check "make train says which file looks as if it were meant" says 'average.c is missing'
kit_make train ASSIGNMENT=example SUBMISSION=nowhere
check "make train of what is not there" says 'the submission nowhere can'

# ---- every text at once, on make's command line and in the environment --------------------------------

targets=(grade train timeline plan plot)
if [ "${1:-}" = --all ]; then targets+=(build simulate submission); fi
attack() { # NAME VARIABLE …
    local name=$1 target assignments=() status
    for variable in "${@:2}"; do assignments+=("$variable=$name"); done
    for target in "${targets[@]}"; do
        kit_make "$target" ASSIGNMENT=example "${assignments[@]}"
        status=$?
        check "make $target ${assignments[*]}: nothing is run" nothing_ran
        check "make $target ${assignments[*]}: it ends by itself with words" [ $status -eq 0 -o -s words ] && [ $status -ne 124 ]
        rm -f "$marker" executed
    done
}
attack "$everything" "${texts[@]}"
kit_make check "TEST=$everything"
check "make check: nothing is run" nothing_ran
for variable in "${texts[@]}"; do export "$variable=$everything"; done
kit_make grade ASSIGNMENT=example
check "nor of the environment" nothing_ran
unset "${texts[@]}"
kit_make plan ASSIGNMENT=all "OUT=${hostile[2]}" "MODEL=${hostile[0]}"
kit_make plot ASSIGNMENT=all "OUT=$everything" "SUBMISSION=$everything"
check "nor where all assignments are meant" nothing_ran
if [ "${1:-}" = --all ]; then
    for name in "${hostile[@]}"; do attack "$name" "${texts[@]}"; done
    for variable in $(cat documented) B V CC SIMULATOR_CC; do
        attack "$everything" "$variable"
        attack "${hostile[10]}" "$variable"
    done
fi

# ---- the tools themselves -----------------------------------------------------------------------------

tools/with_args "--a 'b c' \"d e\" f\\ g \$HOME * \`id\` ''" printf '[%s]' x ARGS y >words
check "tools/with_args: words" says "[x][--a][b c][d e][f g][\$HOME][*][\`id\`][][y]"
for name in "$everything" "${few[@]}"; do
    for command in "tools/short_name" "tools/launch 2" "tools/launch" "tools/launch --hosts" "tools/simulate 2 free" "tools/simulate 2" \
        "tools/simulate" "build/grade --quiet --submission" "build/grade --quiet --submission solutions --check" \
        "build/handin/handin pack --submission" "build/handin/handin plot --curves" "tools/rubrics uses"; do
        # shellcheck disable=SC2086 # words
        timeout 60 $command "$name" >words 2>&1 </dev/null
        check "$command $name: says something" [ -s words -o "$command" = "tools/rubrics uses" ]
    done
done
for first in skeleton skeleton/ ./skeleton "$work/skeleton" "a link/../skeleton"; do tools/short_name "$first"; done | sort -u >words
check "one folder has one name" [ "$(wc -l <words)" -eq 1 ]
for first in a/x b/x 'a x' 'a-x' $'a\nx' a=x; do tools/short_name "$first"; done | sort | uniq -d >words
check "two folders have two" [ ! -s words ]
check "nothing that was given to a tool is run" nothing_ran

summary
