#!/usr/bin/env -S bash -p
# class/engines/tests/test_job.sh: what one job makes of a grader that crashes, hangs, starts others or is killed: a script stands in for
# it, so the kit's own is not run. Never does a grade come of that.
# What the stand-ins expand is no expression of this script:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/engines/tests/small_class.sh
. "$(dirname "${BASH_SOURCE[0]}")/small_class.sh"
program=$kit/${B:-build}/class/class
class=$work/class
place=$class/students/s001/example
mkdir "$work/build"
echo "stand-in" >"$work/build/kit-version"
small_class "$class" 1

# stand_in COMMANDS: what the grader does from now on; `record POINTS` writes a grade.
stand_in() {
    cat >"$work/build/grade" <<SCRIPT
#!/bin/bash
for word; do case \$word in --out=*) out=\${word#--out=} ;; esac; done
record() {
    printf '{"submission": "abc", "secret": "def", "points": {"got": %s, "judged": 1, "all": 1}, "bonus": {"got": 0, "judged": 0, "all": 0},
        "checks": []}' "\$1" >"\$out/record.json"
    echo report >"\$out/report.html"
}
echo called >>"$work/calls"
$1
SCRIPT
    chmod +x "$work/build/grade"
}
grade() {
    "$program" grade --out "$class" --student s001 --assignment example --build-folder "$work/build" "$@" >"$work/words" 2>&1
}
run_has() { # JQ-EXPRESSION
    cp "$place/run.json" "$work/run.words"
    jq -e "$1" "$place/run.json" >"$work/jq" 2>&1
}
listed() { "$program" jobs --out "$class" --attempts "$1" | wc -l; }
again() { rm -rf "$place"; }

stand_in 'record 1'
grade
check "a grade is made" [ $? -eq 0 ]
check "it is finished, and has its report" run_has '.finished and .exit_status == 0 and .attempt == 1 and .sha256 == "abc" and .secret == "def"'
check "the report is there" [ -e "$place/report.html" ]
check "it is not to do any more" [ "$(listed 0)" = 0 ]
grade
check "asked again, nothing is done" [ "$(wc -l <"$work/calls")" = 1 ]
grade --again
check "but where that is asked for" [ "$(wc -l <"$work/calls")" = 2 ]
jq '.sha256 = "another"' "$class/students/s001/intake.json" >"$work/intake" && cp "$work/intake" "$class/students/s001/intake.json"
check "what was handed in since then is to do" [ "$(listed 0)" = 1 ]
stand_in 'record 0.5'
grade
check "and done: the new one is in the place of the old" run_has '.handed_in == "another" and .attempt == 1'
check "with its points" [ "$(jq .points.got "$place/record.json")" = 0.5 ]

# ---- graders that do not come to their end ---------------------------------------------------------------------

again
stand_in 'record 1; echo "some words" >&2; kill -SEGV $$'
grade
check "a grader that crashes is a job that was done" [ $? -eq 0 ]
check "not finished, with how it ended and what it said" run_has '(.finished | not) and .exit_status == 139 and (.words | contains("some words"))'
check "no points are left of it" [ "$(ls "$place")" = run.json ]
check "it is to do once more" [ "$(listed 0) $(listed 3)" = "1 1" ]
grade --attempts 3
check "its tries are counted" run_has '.attempt == 2'
grade --attempts 3
grade --attempts 3
check "and come to an end" run_has '.attempt == 3'
check "in the list, too" [ "$(listed 3) $(listed 0)" = "0 1" ]

again
stand_in 'record 0.5; echo "1 check could not be judged" >&2; exit 1'
grade
check "what the machine could not judge keeps the points that it has" [ "$(jq .points.got "$place/record.json")" = 0.5 ]
check "and is not finished" run_has '(.finished | not) and .exit_status == 1'
again
stand_in 'echo "grade: no room" >&2; exit 1'
grade
check "a grader that could not begin is no grade" [ "$(ls "$place")" = run.json ]
again
stand_in 'exit 0'
grade
check "nor is one that says that all is well, and wrote nothing" run_has '.finished | not'
again
rm "$work/build/grade"
grade
check "nor one that is not there" run_has '(.finished | not) and .exit_status == 127 and (.words | contains("started"))'

again
stand_in 'record 1; setsid sleep 1000 & exec sleep 1000'
grade --seconds 1
check "one whose time is over is ended" run_has '(.finished | not) and .exit_status == -1 and (.words | contains("did not come to an end"))'
check "no points are left of it" [ "$(ls "$place")" = run.json ]
check "nor any process" nobody_at "$work/build/grade"
stand_in 'record 1; setsid sleep 1234.5 >/dev/null 2>&1 &'
again
grade
check "what a grader leaves running ends with the job" nobody_at 'sleep 1234.5'
again
stand_in 'record 1; (timeout 0.6 sh -c "while :; do :; done" & wait) ; exit 0'
grade
check "processor time is that of all that it started" run_has '.processor_seconds > 0.05'

# ---- two at the same job, and one that is killed --------------------------------------------------------------------

again
: >"$work/calls"
stand_in 'record 1; sleep 1'
grade &
sleep 0.3
"$program" grade --out "$class" --student s001 --assignment example --build-folder "$work/build" >"$work/second.words" 2>&1
check "a second one waits for the first" [ $? -eq 0 ]
wait
check "and leaves it" [ "$(wc -l <"$work/calls")" = 1 ]

again
stand_in 'record 1; exec sleep 1000'
"$program" grade --out "$class" --student s001 --assignment example --build-folder "$work/build" >"$work/words" 2>&1 &
command=$!
for _ in {1..100}; do
    if [ -e "$class/students/s001/.new-example/record.json" ]; then break; fi
    sleep 0.1
done
{
    kill -KILL $command
    wait $command
} 2>/dev/null
check "its grader ends with it" nobody_at "$work/build/grade"
check "there is no grade" [ ! -e "$place" ]
check "the job is to do" [ "$(listed 0)" = 1 ]
leftovers "$class" "$work/build/nothing" >"$work/left.words" 2>/dev/null
check "and what was left of it is gone" [ ! -s "$work/left.words" ]

# ---- a disk that is full ------------------------------------------------------------------------------------------------

again
stand_in 'record 1'
cat >"$work/full" <<'SCRIPT'
set -e
mount -t tmpfs -o size=256k none "$work/small"
cp -r "$class/." "$work/small"
dd if=/dev/zero of="$work/small/filler" bs=1k 2>/dev/null || true
status=0
"$program" grade --out "$work/small" --student s001 --assignment example --build-folder "$work/build" || status=$?
echo "full: $status $(ls "$work/small/students/s001" | tr '\n' ' ')"
rm "$work/small/filler"
"$program" jobs --out "$work/small" >"$work/full-jobs"
"$program" grade --out "$work/small" --student s001 --assignment example --build-folder "$work/build"
echo "room: $(jq .finished "$work/small/students/s001/example/run.json") $(ls -A "$work/small/students/s001" | tr '\n' ' ')"
SCRIPT
mkdir "$work/small"
inside=(unshare --mount)
if [ "$EUID" != 0 ]; then inside+=(--user --map-root-user); fi
if "${inside[@]}" mount -t tmpfs none "$work/small" 2>/dev/null; then
    export work class program
    "${inside[@]}" bash -p "$work/full" >"$work/words" 2>&1
    check "on a full disk nothing comes of a job, and nothing is half there" says 'full: 1 intake.json submission '
    check "with words" says 'No space left on device'
    check "with room it is done" says 'room: true example intake.json submission '
fi
summary
