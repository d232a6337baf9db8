#!/usr/bin/env -S bash -p
# tools/tests/test_environment.sh [--groups | --each]
# Commands of the kit run with what real users have in their environment and dot files
# (environments.txt), and without: what they print, draw and write is the same, byte for byte.
#
#   nothing     all of it at once, and the cheap commands
#   --groups    one group at a time, and every command
#   --each      one variable or file at a time, and every command: make environments (half an hour)
set -uo pipefail

how=${1:-}
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy_kit
cd "$work" || exit 1
table=tools/tests/environments.txt
assignment=$(<assignments/default)
# Checks of it in whose reports are all kinds of pictures.
drawn=$(<"assignments/$assignment/tests/drawn_checks")

# ---- what users have ---------------------------------------------------------------------------------

user=$work/user
mkdir -p "$user/include"
echo 'echo hello; cd /; PATH=/nowhere' >"$user/startup"
echo 'node1 slots=1' >"$user/hosts"
echo '#error no header of the kit' >"$user/include/mpi.h"
cp "$user/include/mpi.h" "$user/include/stdio.h"
echo 'not a library' >"$user/include/libmpi.so.40"
cp "$user/include/libmpi.so.40" "$user/include/libm.so"
: >"$user/rules"

# Sets variables, the words for env, and writes dot files into a new home. $@: lines of the table.
prepare() {
    local line
    rm -rf "${user:?}/home"
    mkdir -p "$user/home"
    variables=(HOME="$user/home")
    for line in "$@"; do
        line=${line//@/$user}
        if [[ $line == *'<-'* ]]; then
            mkdir -p "$(dirname "$user/home/${line%%<-*}")"
            printf '%s\n' "${line#*<-}" >"$user/home/${line%%<-*}"
        else
            variables+=("$line")
        fi
    done
}

# ---- commands ------------------------------------------------------------------------------------------

# command NAME WORD …: what it prints goes to out/NAME; its exit status, too.
command_of_kit() {
    local name=$1
    shift
    env "${variables[@]}" timeout 300 make -s --no-print-directory "$@" >"$out/$name" 2>"$out/$name.errors" </dev/null
    echo "exit status $?" >>"$out/$name"
    sed -i 's/ *([0-9]* s)$//' "$out/$name" # how long it took
}

run_commands() { # OUT
    out=$work/$1
    rm -rf "$out"
    mkdir -p "$out"
    command_of_kit grade grade SUBMISSION=solutions CHECK="$drawn" SEED=7 OUT="$work/grade"
    # what takes time, and the environment's own noise, is not compared
    grep -v execution_time grade/results.json >"$out/results.json"
    cp grade/*.svg grade/*.png "$out"
    rm -rf grade
    command_of_kit train train SUBMISSION=solutions NP=2 ARGS='--steps 2 --data synthetic --quiet' CURVE=tried
    cut -d, -f1-5 build/curves/solutions/"$assignment"/tried.csv >"$out/curve.csv"
    command_of_kit plot plot SUBMISSION=solutions
    cp build/curves/solutions/"$assignment"/curves.{svg,png} "$out"
    rm -rf build/curves
    command_of_kit submission submission SUBMISSION=solutions
    cp build/submissions/solutions/"$assignment"/submission.md "$out"
    tar -tf build/submissions/solutions/"$assignment"/*.tar.gz >"$out/files"
    rm -rf build/submissions
    if [ -z "$how" ]; then return; fi
    command_of_kit simulate simulate SUBMISSION=solutions NP=2 ARGS='--steps 1 --data synthetic --report --quiet'
    command_of_kit timeline timeline SUBMISSION=solutions NP=2 ARGS='--data synthetic' OUT="$work/timeline"
    cp timeline/timeline.{svg,png} timeline/trace.json "$out"
    rm -rf timeline
    command_of_kit plan plan RANKS=2 MODEL=mlp:depth=3 DATA=synthetic MICRO_BATCHES=2 BATCH=4 OUT="$work/plan"
    cp plan/*.svg "$out"
    rm -rf plan
} 2>/dev/null

# same_with NAME LINE …: everything is as without these lines.
same_with() {
    local name=$1
    shift
    prepare "$@"
    run_commands tried
    {
        diff -r --exclude='*.errors' plain tried | cat -v
        tail -n 5 tried/*.errors
    } >words 2>&1
    # the first line is that of tail
    check "the same with $name" [ "$(head -n 1 words)" = "==> tried/grade.errors <==" ]
}

# refused_with LINE WORDS: a command fails with these words.
refused_with() {
    prepare "$1"
    out=$work/refused
    mkdir -p "$out"
    command_of_kit train train SUBMISSION=solutions NP=2 ARGS='--steps 1 --data synthetic --quiet'
    cat "$out"/train* >words
    check "$1: is refused" [ -z "$(grep -x 'exit status 0' words)" ]
    check "$1: says $2" says "$2"
}

# ---- the list and its description -----------------------------------------------------------------------

# shellcheck disable=SC2016 # backquotes of Markdown
sed -n 's/^"\(.*\)",$/`\1`/p' common/base/environment_names.h | while read -r name; do
    grep -qF -- "$name" docs/environment.md || echo "docs/environment.md does not have $name"
done >words
check "what is taken away is described" [ ! -s words ]

# ---- without anything -----------------------------------------------------------------------------------

prepare
out=$work/first
mkdir -p "$out"
command_of_kit build build SUBMISSION=solutions
command_of_kit train train SUBMISSION=solutions NP=1 ARGS='--steps 1 --data synthetic'
rm -rf build/curves
run_commands plain
cat plain/*.errors >words
check "commands run without anything" [ "$(cat plain/* | grep -a -c '^exit status 0$')" = "$(find plain -name '*.errors' | wc -l)" ]

# ---- the table -------------------------------------------------------------------------------------------

# Lines of the table that set the same variable can't be tried at once: the last one counts.
group="" lines=() all=()
try_group() {
    local line
    if [ ${#lines[@]} -eq 0 ]; then return; fi
    case $how in
    --groups) same_with "$group" "${lines[@]}" ;;
    --each) for line in "${lines[@]}"; do same_with "$line" "$line"; done ;;
    esac
    lines=()
}
while IFS= read -r line; do
    case $line in
    '#'* | '') ;;
    OPENBLAS*$'\t'*) [ "$(uname -m)" != x86_64 ] || [ -z "$how" ] || refused_with "${line%%$'\t'*}" "${line##*$'\t'}" ;;
    OMPI*$'\t'*) [ -z "$how" ] || refused_with "${line%%$'\t'*}" "${line##*$'\t'}" ;;
    *$'\t'*) refused_with "${line%%$'\t'*}" "${line##*$'\t'}" ;;
    *=* | *'<-'*) lines+=("$line") all+=("$line") ;;
    *)
        try_group
        group=$line
        ;;
    esac
done <"$table"
try_group
# ---- what an exit status says ------------------------------------------------------------------------------

# says_of_status STATUS: what make train says of a run that ends so.
says_of_status() {
    printf '#!/bin/sh\nexit %s\n' "$1" >tools/launch
    make -s --no-print-directory train SUBMISSION=solutions NP=2 ARGS='--steps 1 --data synthetic' >words 2>&1
}
cp tools/launch kept
for status in 127 255; do
    says_of_status $status
    check "exit status $status is no signal" [ -z "$(grep -i 'signal' words)" ]
done
says_of_status 139
check "exit status 139 is one" says 'a rank was ended by signal 11 (SEGV)'
cp kept tools/launch

if [ -z "$how" ]; then same_with "all of $table" "${all[@]}"; fi
summary
