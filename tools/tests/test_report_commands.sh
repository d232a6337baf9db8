#!/usr/bin/env -S bash -p
# Whatever a report gives as a command works when it is pasted: wrong submissions of every assignment, those of
# its tests/report_commands.txt, are graded by one check each, and each line that the report offers is run.
# `make grade` must find the very same again, and what starts the program alone must end as it did for the grader.
# Lines with SANITIZE=1 are left out: all would be built anew for them.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy_kit
cd "$work" || exit 1
export GIT_CEILING_DIRECTORIES=$work

# The solutions with a mutant's change, in a folder of that name.
make_mutant() { # ASSIGNMENT MUTANT
    local patch=$work/assignments/$1/mutants/$2.patch folder="$work/handed in/$2" part=$1
    mkdir -p "$folder"
    cp -r solutions/. "$folder"
    if grep -qE '^(---|\+\+\+) [ab]/[^/[:space:]]+/' "$patch"; then part=.; fi
    (cd "$folder/$part" && git apply --whitespace=nowarn "$patch")
}
# What a check found, by the results.json of a folder: the first line, which has no times in it.
finding() { jq -r --arg check "$2" '.tests[] | select(.number == $check) | .status + ": " + .output' "$1/results.json" | head -n 1; }
# The lines that a report gives to be pasted.
commands() { sed -nE 's/^ *(make (grade|train|simulate|timeline) .*)$/\1/p' "$1/report.md" | grep -v ' SANITIZE=1' | awk '!seen[$0]++'; }

# try ASSIGNMENT SUBMISSION CHECK KINDS WORDS: of which kinds the lines must be, and what the program alone must say.
try() {
    local out="reports/$2" first command kinds='' status
    make --no-print-directory grade ASSIGNMENT="$1" SUBMISSION="handed in/$2" CHECK="$3" OUT="$out" >words 2>&1 </dev/null
    check "$2 is graded by $3" [ $? -eq 0 ]
    first=$(finding "$out" "$3")
    echo "$first" >words
    check "$2: it is wrong" grep -q '^failed: ' words
    mapfile -t lines < <(commands "$out")
    for command in "${lines[@]}"; do
        kinds+="${kinds:+ }$(cut -d ' ' -f 2 <<<"$command")"
        OUT=$out-again timeout 300 bash -c "$command" >words 2>&1 </dev/null
        status=$?
        if [[ $command == "make grade "* ]]; then
            check "$2: $command" [ $status -eq 0 ]
            printf 'first: %s\nagain: %s\n' "$first" "$(finding "$out-again" "$3")" >words
            check "$2: it finds the same" [ "$first" = "$(finding "$out-again" "$3")" ]
        else
            check "$2: it ends, and not well: $command" [ $((status == 0 || status == 124)) -eq 0 ]
            check "$2: and says what was wrong" grep -qE "$5" words
        fi
    done
    echo "$kinds" >words
    check "$2, $3: the lines are for: $4" [ "$kinds" = "$4" ]
}

# Lines of assignments/NAME/tests/report_commands.txt, beginning with ONLY if that is given.
for list in assignments/*/tests/report_commands.txt; do
    name=${list#assignments/} name=${name%%/*}
    while read -r mutant check kinds words <&3; do
        if [[ -z $mutant || $mutant = \#* || $mutant != "${ONLY:-}"* ]]; then continue; fi
        make_mutant "$name" "$mutant"
        try "$name" "$mutant" "$check" "${kinds//+/ }" "$words"
    done 3<"$list"
done
summary
