#!/usr/bin/env -S bash -p
# tools/tests/check_cases.sh ASSIGNMENT …: make check-cases
# With the sizes of each of YEARS years the solutions of each assignment get all points that are judged, and, where EVERY
# is not 0, one mutant in so many is caught or accepted as its file says. Prints how long each took. Not a part of make check.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
cd "$kit" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS GRADER_YEAR
first_year=2026
echo "a secret of the tests" >"$work/secret"
export GRADER_SECRET=$work/secret

full_marks() { # ASSIGNMENT YEAR
    make -s grade ASSIGNMENT="$1" SUBMISSION=solutions YEAR="$2" OUT="$work/out" &>"$work/words" &&
        jq -e --argjson year "$2" '.year == $year and ([.checks[].state] | all(. == "PASS" or . == "for a person"))' \
            "$work/out/record.json" >/dev/null
}
mutants_are_caught() { # ASSIGNMENT YEAR
    make -s mutants ASSIGNMENT="$1" ARGS="--fast --every $EVERY --year $2" &>"$work/words"
}
timed() {
    local began=$SECONDS
    check "$1 in $2: $3" "$3" "$1" "$2"
    echo "$1 in $2: ${3//_/ }: $((SECONDS - began)) s"
}

for assignment in "$@"; do
    for ((year = first_year; year < first_year + ${YEARS:-3}; year++)); do
        timed "$assignment" $year full_marks
        if [ "${EVERY:-0}" -gt 0 ] && compgen -G "assignments/$assignment/mutants/*.patch" >/dev/null; then
            timed "$assignment" $year mutants_are_caught
        fi
    done
done
summary
