#!/usr/bin/env -S bash -p
# class/engines/tests/test_kills.sh: the grading of a class is killed at random moments (KILLS of them, 3) and called again, until it is done:
# nothing is lost, nothing is done twice, nothing is left. `make check-class-kills` kills 20 times, and compares with a
# class that nobody disturbed.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/engines/tests/small_class.sh
. "$(dirname "${BASH_SOURCE[0]}")/small_class.sh"
kills=${KILLS:-3}
size=${SIZE:-3}
seed=${SEED:-$RANDOM}
RANDOM=$seed
chmod 755 "$work"
mkdir -m 755 "$work/tmp"
export TMPDIR=$work/tmp
class=$work/class
echo "SEED=$seed KILLS=$kills" >"$work/seed.words"
small_class "$class" "$size"

# Each grade that is in its place, with when it was made; a line that begins with "broken" for one that is not whole.
grades_there() {
    local folder
    for folder in "$class"/students/*/example; do
        if [ ! -d "$folder" ]; then continue; fi
        if jq -e '.checks | length == 1' "$folder/record.json" >/dev/null && grep -q '</html>' "$folder/report.html"; then
            jq -r --arg of "$folder" '"\($of) \(.began) \(.ended) \(.finished)"' "$folder/run.json"
        else
            echo "broken: $folder"
        fi
    done 2>&1
}

: >"$work/before"
for ((kill = 1; kill <= kills; kill++)); do
    begin_grading "$class" local 2 "$work/words"
    sleep "$((RANDOM % 4)).$((RANDOM % 10))"
    # All of it, down to the compilers; or just whoever was called, and what that started has to notice.
    {
        if ((kill % 2)); then pkill -KILL -s "$command"; else kill -KILL -- "-$command"; fi
        wait "$command"
    } 2>/dev/null
    grades_there >"$work/after"
    check "kill $kill: every grade in its place is whole" not_in "$work/after" broken
    check "kill $kill: what was graded stays as it is" [ -z "$(comm -23 "$work/before" "$work/after")" ]
    cp "$work/after" "$work/before"
done
grade_class "$class" local 2 >"$work/words" 2>&1
check "the class is graded in the end" [ $? -eq 0 ]
grades_there >"$work/after"
check "what was graded stays as it is" [ -z "$(comm -23 "$work/before" "$work/after")" ]
diff <(small_grades "$size") <(graded_as "$class") >"$work/diff.words" 2>&1
check "grades.csv has everybody once, with the right points" [ $? -eq 0 ]
check "nobody is left" nobody_at "$class"
leftovers "$class" "$TMPDIR" >"$work/left.words"
check "nothing is left in the folder of the class, nor where graders work" [ ! -s "$work/left.words" ]

if [ -n "${COMPARE:-}" ]; then
    small_class "$work/calm" "$size"
    grade_class "$work/calm" local 2 >"$work/words" 2>&1
    check "a class that nobody disturbs is graded" [ $? -eq 0 ]
    diff <(without_times "$work/calm") <(without_times "$class") >"$work/diff.words" 2>&1
    check "both have the same grades" [ $? -eq 0 ]
fi

# Asked to end, it does: within moments, with a word.
rm -r "$class"
small_class "$class" 2
: >"$work/words"
begin_grading "$class" local 2 "$work/words"
for _ in {1..600}; do
    if says ' to grade, '; then break; fi
    sleep 0.1
done
kill -TERM "$command"
wait "$command"
check "asked to end, it does" [ $? -eq 130 ]
check "it says how to go on" says 'the same command goes on'
check "nobody is left" nobody_at "$class"
leftovers "$class" "$TMPDIR" >"$work/left.words"
check "nor anything" [ ! -s "$work/left.words" ]
summary
