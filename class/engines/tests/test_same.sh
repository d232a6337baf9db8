#!/usr/bin/env -S bash -p
# Equal work gets the grade that is there: not graded again, and nobody's name in somebody else's report.
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/engines/tests/small_class.sh
. "$(dirname "${BASH_SOURCE[0]}")/small_class.sh"
class=$kit/${B:-build}/class/class
out=$work/class
small_class "$out" 3
chmod 755 "$work"
# s002 has what s001 has; s003 the same file, and one more, which its report tells of.
cp "$out/students/s001/submission/example/average.c" "$out/students/s002/submission/example/"
cp "$out/students/s001/submission/example/average.c" "$out/students/s003/submission/example/"
echo more >"$out/students/s003/submission/example/notes.txt"

grade() { (cd "$kit" && "$class" grade --out "$out" --student "$1" --assignment example --build-folder "${B:-build}" "${@:2}") >"$work/words" 2>&1; }
run_of() { jq -r "$2" "$out/students/$1/example/run.json"; }
verdicts() { jq -c '[.checks[] | [.name, .state, .points, [.runs[].seed]]]' "$out/students/$1/example/record.json"; }

grade s001
check "the first is graded" [ "$(run_of s001 '"\(.finished) \(.same_as)"')" = "true null" ]
grade s002
check "the second takes its grade" [ "$(run_of s002 '"\(.finished) \(.same_as) \(.attempt)"')" = "true s001 1" ]
check "which is the same" cmp "$out/students/s001/example/results.json" "$out/students/s002/example/results.json"
check "with what was handed in by itself" [ "$(run_of s002 .handed_in)" = "$(jq -r .sha256 "$out/students/s002/intake.json")" ]
grep -rl s001 "$out/students/s002/example" >"$work/names"
check "only run.json has the first one's name" [ "$(cat "$work/names")" = "$out/students/s002/example/run.json" ]
grep -ho '/students/s00[0-9]/' "$out/students/s002/example/record.json" "$out/students/s002/example/report.md" | grep -v s002 >"$work/words"
check "commands name the second one's folder" [ ! -s "$work/words" ]
grade s003
check "with a file more it is graded" [ "$(run_of s003 .same_as)" = null ]

# Graded again, it gets the same verdicts by itself: equal files have equal seeds.
verdicts s002 >"$work/taken"
grade s002 --again
check "graded again, it is its own" [ "$(run_of s002 .same_as)" = null ]
check "and as it was" cmp "$work/taken" <(verdicts s002)

# Another secret makes other seeds, so nothing is taken.
echo "something else" >"$work/secret"
rm -r "$out/students/s002/example"
GRADER_SECRET=$work/secret grade s002
check "with another secret it is graded" [ "$(run_of s002 .same_as)" = null ]
# What was not finished nobody takes.
rm -r "$out/students/s002/example"
for id in s001 s003; do
    jq '.finished = false' "$out/students/$id/example/run.json" >"$work/run" && cp "$work/run" "$out/students/$id/example/run.json"
done
grade s002
check "what was not finished is not taken" [ "$(run_of s002 .same_as)" = null ]
summary
