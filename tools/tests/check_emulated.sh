#!/usr/bin/env -S bash -p
# tools/tests/check_emulated.sh ASSIGNMENT …: make check-emulated
# The grader on the emulated GPU: the solutions of each assignment get what they get on the processor, the skeleton gets
# nothing, and of the mutants one in so many (EVERY) is caught, named or accepted as its file says. Prints how long
# each took. Not a part of make check, which grades one.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
cd "$kit" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS

# points FILE: "score, bonus and what is open" of a results.json.
points() {
    sed -n 's/^  "score": /score /p; s/^    "\(not_judged[a-z_]*\|bonus\)": /\1 /p' "$1" | sort | tr -d ',\n'
}
# grade ASSIGNMENT SUBMISSION DEVICE: the report lies in work/DEVICE then.
grade() {
    make -s grade ASSIGNMENT="$1" SUBMISSION="$2" DEVICE="$3" OUT="$work/$3" &>"$work/words"
}
same_points() {
    grade "$1" solutions cpu && grade "$1" solutions emulated &&
        [ "$(points "$work/cpu/results.json")" = "$(points "$work/emulated/results.json")" ]
}
no_points() {
    grade "$1" skeleton emulated && [[ $(points "$work/emulated/results.json") = *"score 0.0"* ]]
}
mutants_are_caught() {
    make -s mutants ASSIGNMENT="$1" DEVICE=emulated ARGS="--every ${EVERY:-10}" &>"$work/words"
}
timed() {
    local began=$SECONDS
    check "$1: $2" "$2" "$1"
    echo "$1: ${2//_/ }: $((SECONDS - began)) s"
}

for assignment in "$@"; do
    timed "$assignment" same_points
    timed "$assignment" no_points
    if compgen -G "assignments/$assignment/mutants/*.patch" >/dev/null; then
        timed "$assignment" mutants_are_caught
    fi
done
summary
