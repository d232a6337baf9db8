#!/usr/bin/env -S bash -p
# A grade is graded once more: the same, with files that were tampered with, by another kit, with another secret, and one that could
# not be judged. With the example, each grade of which takes a second.
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
cd "$kit" || exit
export B=${B:-build}
class=$B/class/class out=$work/out
unset GRADER_SECRET GRADER_YEAR

# student ID: with the example's solution.
student() {
    mkdir -p "$out/students/$1/submission/example"
    cp solutions/example/average.c "$out/students/$1/submission/example/"
    jq -n --arg id "$1" '{id: $id, name: $id, members: [{id: $id, name: $id, email: null}], source: "x.zip", sha256: null, handed_in_at: null,
        late_days: 0, factor: 1, refused: null, notes: []}' >"$out/students/$1/intake.json"
}
grade() { "$class" grade --out "$out" --student "$1" --assignment example --build-folder "$B" --again >"$work/words" 2>&1; }
# regrade ID [OPTION …]: its exit status is in `status`.
regrade() {
    status=0
    "$class" regrade --out "$out" --student "$1" --build-folder "$B" "${@:2}" >"$work/words" 2>&1 || status=$?
}
ended() { [ $status = "$1" ] || { echo "exit status $status, not $1" >>"$work/words" && false; }; }
# value FILE KEY=VALUE: changes a text in JSON.
value() { jq --arg key "${2%%=*}" --arg value "${2#*=}" '.[$key] = $value' "$1" >"$work/json" && mv "$work/json" "$1"; }
fingerprint() { (cd "$out/students/ada/example" && find . -type f -exec sha256sum {} + | sort); }

mkdir -p "$out"
echo '{"title":"","submissions":"/nowhere","assignments":["example"],"deadline":null,"taken_in_at":"2026-11-20T21:03:00Z","kit":"x"}' >"$out/class.json"
student ada
regrade ada
check "what was not graded can't be graded again" ended 1
check "and it says so" says 'ada was not graded yet'
check "the first grade" grade ada
before=$(fingerprint)

regrade ada
check "the same inputs, the same verdicts" ended 0
check "it says so" says 'The inputs are the same, and so is what comes of them.'
check "the grade that was there is as it was" [ "$before" = "$(fingerprint)" ]
check "the folder of the other one is gone" [ "$(find "$out/students/ada" -name '.*' | wc -l)" = 0 ]
check "it is written down" grep -qF 'no verdict differs. The old grade stands.' "$out/students/ada/regrade-example.md"
jq -r .sha256 "$out/students/ada/example/run.json" >"$work/sha"
check "with the hash of what was graded" grep -qF "$(cat "$work/sha")" "$out/students/ada/regrade-example.md"

# A verdict that the same inputs do not give: the kit's fault.
cp -r "$out/students/ada/example" "$work/good"
record=$out/students/ada/example/record.json
jq '.checks[0].points = 0 | .checks[0].state = "FAIL" | .checks[0].mistake = "no | division" | .points.got = 0' "$record" >"$work/json" && mv "$work/json" "$record"
regrade ada --accept
check "a verdict that differs has an exit status of its own" ended 3
check "it is named" says 'DIFFERS average:'
check "as it was" says 'then FAIL, 0.00 of 1.00 (no | division)'
check "and is" says 'now  PASS, 1.00 of 1.00'
check "the same inputs have to give the same" says 'fault of the kit'
check "a cell can't end early" grep -qF 'no \| division' "$out/students/ada/regrade-example.md"
points() { jq -e '.points.got == 1' "$out/students/ada/example/record.json" >"$work/words"; }
check "the new grade is there" points
attempt() { jq -e '.attempt == 2' "$out/students/ada/example/run.json" >"$work/words"; }
check "and is the second" attempt

# What else may be the reason.
value "$out/students/ada/example/run.json" kit=another-kit-1
value "$out/students/ada/example/run.json" machine=elsewhere
regrade ada
check "another kit, and the same verdicts" ended 0
check "is told" says 'then another-kit-1'
check "and what that means" says 'Another version of the kit graded then'
check "another machine is told" says 'Another machine'
echo 'a secret of this course alone' >"$work/secret"
GRADER_SECRET=$work/secret regrade ada
check "another secret is told" says 'Another secret (GRADER_SECRET)'
check "neither is given away" [ "$(grep -c 'a secret of this course' "$work/words")" = 0 ]
cp skeleton/example/average.c "$out/students/ada/submission/example/average.c"
regrade ada
check "files that were changed since give another verdict" ended 3
check "which is told" says 'The files are others than those that were graded then'
check "no fault of the kit" [ "$(grep -c 'fault of the kit' "$work/words")" = 0 ]
check "TODOs are told" says 'not yet written'

# It could not be graded then.
student bob
mkdir -p "$out/students/bob/example"
echo '{"finished":false,"exit_status":137,"began":"2026-11-20T21:03:00Z","ended":null,"machine":"elsewhere","kit":"old","secret":null,"sha256":null,"words":"killed","attempt":1}' \
    >"$out/students/bob/example/run.json"
status=0
"$class" regrade --out "$out" --all --build-folder "$B" >"$work/words" 2>&1 || status=$?
check "everybody's grades" ended 3
check "are counted" says '2 of 2 grades differ'
check "a line for each" says 'bob, example: 1 verdict differs'
in_report() { grep -qF -- "$1" "$out/students/bob/regrade-example.md"; }
check "what was then is told" in_report 'it did not come to its end (exit status 137)'
check "and whose doing it was" in_report 'Then not all could be judged'

# Wrong usage.
for words in '' '--student ada --all' '--student ../ada' '--student ada --year -1' '--nothing'; do
    status=0
    # shellcheck disable=SC2086
    "$class" regrade --out "$out" $words >"$work/words" 2>&1 || status=$?
    check "wrong usage: $words" ended 2
done
regrade nobody
check "somebody who is not there" ended 1
regrade ada --assignment other
check "an assignment that the class has not" ended 1
summary
