#!/usr/bin/env -S bash -p
# Sizes of runs that are drawn for a year: grading says so, needs a secret for it, and gives commands with which somebody who
# has none repeats the very same runs.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
cd "$kit" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS GRADER_SECRET GRADER_YEAR
assignment=example
echo "a secret of this test" >"$work/secret"
mkdir -p "$work/wrong/$assignment"
sed 's/MPI_SUM/MPI_MAX/' "solutions/$assignment/average.c" >"$work/wrong/$assignment/average.c"

grade() { # OUT WORD …
    build/grade --quiet --assignment "$assignment" --submission "$work/wrong" --out "$work/$1" "${@:2}" &>"$work/words"
}
runs() { jq -c '[.checks[] | {name, case, runs: [.runs[] | [.ranks, .seed]]}]' "$work/$1/record.json"; }
of_year() { jq -r .year "$work/$1/record.json"; }
# Which alternative of "{3|5|6}" python3 draws: secret of the year, then the variable.
drawn_by_python() { # YEAR CHECK VARIABLE ALTERNATIVES
    python3 - "$work/secret" "$assignment" "$@" <<'END'
import hmac, sys
secret, assignment, year, check, variable, alternatives = open(sys.argv[1], "rb").read(), *sys.argv[2:]
own = hmac.new(secret, b"year " + year.encode(), "sha256").digest()
text = "\n".join(["case", assignment, check, variable, ""])
print(int.from_bytes(hmac.new(own, text.encode(), "sha256").digest()[:8], "big") % int(alternatives))
END
}

# ---- no secret, no year ---------------------------------------------------------------------------------------
grade none --year 2027
check "a year without a secret is wrong usage" [ $? -eq 2 ]
check "it says what to do" says "name a file that has one in GRADER_SECRET"
grade none --year 20000
check "a year has four figures" [ $? -eq 2 ]
GRADER_YEAR=x grade none
check "so has GRADER_YEAR" says "GRADER_YEAR, must be a year"
grade kit
check "without a year sizes are the kit's own" [ "$(of_year kit) $(jq -c '[.checks[].case]' "$work/kit/record.json")" = "null [null]" ]

# ---- a year that differs in all ---------------------------------------------------------------------------------
forms=$(sed -nE 's/.*ranks = "\{(.*)\}"; arguments.*/\1/p' "assignments/$assignment/rubric.cfg")
year=2026
while :; do
    first=$(drawn_by_python $year average 1.1 "$(sed -n 1p <<<"$forms" | tr '|' '\n' | wc -l)")
    second=$(drawn_by_python $year average 2.1 "$(sed -n 2p <<<"$forms" | tr '|' '\n' | wc -l)")
    if [ "$first" -gt 0 ] && [ "$second" -gt 0 ]; then break; fi
    year=$((year + 1))
done
export GRADER_SECRET=$work/secret
make -s cases YEAR=$year ASSIGNMENT=$assignment &>"$work/words"
check "make cases prints them" says "average  CASE=$first-$second, one of "
check "with what they are" says "drawn  NP=$(sed -n 1p <<<"$forms" | cut -d '|' -f $((first + 1)) | xargs) "
check "beside the kit's own" says "kit    NP=$(sed -n 1p <<<"$forms" | cut -d '|' -f 1) "
grade year --year $year
check "graded" [ -s "$work/year/record.json" ]
check "the record says the year" [ "$(of_year year)" = $year ]
check "the report says the year" grep -q "drawn for \*\*$year\*\*" "$work/year/report.md"
check "the case is the one drawn" [ "$(jq -r '.checks[0].case' "$work/year/record.json")" = "$first-$second" ]
check "nothing says the secret" [ -z "$(grep -rl "a secret of this test" "$work/year")" ]
GRADER_YEAR=$year grade again
check "GRADER_YEAR means the same" [ "$(runs again)" = "$(runs year)" ]
grade other --year $((year + 100))
check "another year has other seeds" [ "$(jq -c '[.checks[].runs[].seed]' "$work/other/record.json")" != "$(jq -c '[.checks[].runs[].seed]' "$work/year/record.json")" ]

# ---- repeated by who has no secret --------------------------------------------------------------------------------
unset GRADER_SECRET
command=$(grep -m 1 -oE 'make grade .*CASE=[0-9-]+' "$work/year/report.md")
echo "$command" >"$work/words"
check "the report gives a command with the case" says "CASE=$first-$second"
eval "OUT='$work/repeated' $command" &>"$work/words"
check "which needs no secret" [ -s "$work/repeated/record.json" ]
check "and makes the same runs" [ "$(jq -c '[.checks[].runs[].ranks]' "$work/repeated/record.json")" = "$(jq -c '[.checks[].runs[].ranks]' "$work/year/record.json")" ]
check "and finds the same" [ "$(jq -r '.checks[0].seen' "$work/repeated/record.json")" = "$(jq -r '.checks[0].seen' "$work/year/record.json")" ]
make -s grade ASSIGNMENT=$assignment CASE=1x &>"$work/words"
check "a case that can't be meant is refused by make" says 'CASE="1x": must be numbers with - between them'
grade none --case 9-9
check "and one that the check has not, by the grader" says "there the check average has 0 … "
summary
