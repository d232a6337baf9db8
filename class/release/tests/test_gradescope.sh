#!/usr/bin/env -S bash -p
# An autograder for Gradescope, laid out as /autograder is there: what it makes of submissions, and of a machine that ends it.
# results.json is held against https://gradescope-autograders.readthedocs.io/en/latest/specs/ (check_results.jq).
# Of what takes long some is left to make check-gradescope (CHECK_GRADESCOPE=all).
set -uo pipefail
all=false
if [ "${CHECK_GRADESCOPE:-}" = all ]; then all=true; fi

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
copy_kit
cd "$work" || exit 1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_GLOBAL=/dev/null
# The template will do: the others only take time.
for name in $(tools/rubrics handed-out); do rm -rf "assignments/$name" "solutions/$name" "skeleton/$name"; done
echo example >assignments/default
git init -q --initial-branch=main . && git add -A . >/dev/null 2>&1 && git commit -qm everything || exit 1
kit_make() { make --no-print-directory "$@" >"$work/words" 2>&1; }

# ---- packed ---------------------------------------------------------------------------------------------------

printf 'gradescope = { visibility = "after_published"; stdout = "visible"; leaderboard = ( "points", "seconds" ); minutes = 20; };\n' >policy.cfg
kit_make gradescope OUT=example.zip ASSIGNMENT=example
check "without a secret nothing is packed" says 'no secret: without one everybody can compute the seeds'
echo 'the secret of this course' >secret
export GRADER_SECRET=$work/secret
printf 'gradescope = { visibility = "never"; minutes = 90; };\n' >wrong.cfg
kit_make gradescope OUT=example.zip ASSIGNMENT=example POLICY=wrong.cfg
check "a policy that can't be is told with its line" says 'wrong.cfg:1: "visibility" has to be one of: visible, after_due_date'
check "all of it" says '"minutes" has to be a whole number from 2 to 40'
check "and nothing is packed" [ ! -e example.zip ]
kit_make gradescope OUT=example.zip ASSIGNMENT=example POLICY=policy.cfg
check "an autograder is packed" [ -s example.zip ]
check "it has the secret, and is for its maker alone" [ "$(stat -c %a example.zip)" = 600 ]
python3 -c 'import sys, zipfile
names = zipfile.ZipFile(sys.argv[1]).namelist()
assert {"setup.sh", "run_autograder", "secret", "kit/solutions/example/average.c"} <= set(names), names
assert not [n for n in names if "/tests/" in n or "/mutants/" in n or n.startswith("kit/class") or ".git/" in n]' example.zip >words 2>&1
check "setup.sh and run_autograder are at its top, and no tests in it" [ $? -eq 0 ]

# ---- set up ------------------------------------------------------------------------------------------------------------

export AUTOGRADER_ROOT=$work/autograder
mkdir -p "$AUTOGRADER_ROOT"/{source,results,submission}
python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])' example.zip "$AUTOGRADER_ROOT/source"
chmod 755 "$AUTOGRADER_ROOT"/source/{run_autograder,setup.sh} && find "$AUTOGRADER_ROOT/source/kit/tools" "$AUTOGRADER_ROOT/source/kit/datasets" -type f -exec chmod +x {} +
cp "$AUTOGRADER_ROOT/source/run_autograder" "$AUTOGRADER_ROOT"
# What is compiled of the same files already need not be compiled again.
find "$AUTOGRADER_ROOT/source/kit" -type f -exec touch -d 2001-01-01 {} +
mkdir "$AUTOGRADER_ROOT/source/kit/build"
mv build/{simulator,common,grader,libcommon.a,config.mk,linker.mk,processor,has-simulator} "$AUTOGRADER_ROOT/source/kit/build" 2>/dev/null
bash "$AUTOGRADER_ROOT/source/setup.sh" >words 2>&1
check "setup.sh builds the grader" [ -x "$AUTOGRADER_ROOT/source/kit/build/grade" ]
check "the secret is closed to others" [ -z "$(find "$AUTOGRADER_ROOT/source" -perm /077 ! -type l)" ]

cat >"$AUTOGRADER_ROOT/submission_metadata.json" <<'END'
{"id": 1, "created_at": "2026-11-01T14:22:32.365935-07:00", "users": [{"email": "zoe@example.com", "id": 2, "name": "Zoë \"=1+1\" 李"}],
 "assignment": {"due_date": "2026-11-20T23:00:00.000000-07:00", "title": "Mean", "total_points": "1.0"}, "previous_submissions": []}
END
results=$AUTOGRADER_ROOT/results/results.json
field() { jq -r "$1" "$results"; }
# grade NAME: runs it on what is in submission/, and looks at the form of what came of it.
grade() {
    rm -f "$AUTOGRADER_ROOT"/results/*
    (cd "$AUTOGRADER_ROOT" && "${@:2}" ./run_autograder) >words 2>&1
    status=$?
    looks_right "$1"
}
looks_right() { # NAME
    jq -e -f "$kit/class/release/tests/check_results.jq" "$results" >form 2>&1 || cat form >>words
    check "$1: results.json has Gradescope's form" grep -qx true form
    check "$1: nothing half is left" [ "$(ls -A "$AUTOGRADER_ROOT/results")" = results.json ]
}
hand_in() { rm -rf "$AUTOGRADER_ROOT/submission" && mkdir -p "$AUTOGRADER_ROOT/submission/$1" && cp "$2" "$AUTOGRADER_ROOT/submission/$1/"; }

# ---- grades -----------------------------------------------------------------------------------------------------------------

hand_in . solutions/example/average.c
chmod 777 "$AUTOGRADER_ROOT/results"
grade "a solution"
check "nobody else may write to where results go" [ "$(stat -c %a "$AUTOGRADER_ROOT/results")" = 755 ]
check "it has full marks" [ "$(field .score)" = 1 ]
check "it says so" [ $status -eq 0 ]
check "the policy's visibilities" [ "$(field '.visibility + " " + .stdout_visibility')" = "after_published visible" ]
check "the policy's leaderboard" [ "$(field '.leaderboard | map(.name) | join(",")')" = Points,Seconds ]
check "its version" [ "$(field .extra_data.kit)" = "$(cat "$AUTOGRADER_ROOT/source/kit/VERSION")" ]
hand_in 'Übung "1" =2+3 李' solutions/example/average.c
printf '#include "assignments/example/example.h"\ndouble average(double mine, MPI_Comm comm) { (void)comm; \n#warning "<b>\xc3\xbc \x1b[31m\xff"\n return mine; }\n' \
    >"$AUTOGRADER_ROOT/submission/Übung \"1\" =2+3 李/average.c"
grade "a wrong one, with odd names and bytes"
check "it has no points" [ "$(field .score)" = 0 -a "$(field .extra_data.not_judged)" = null ]

# What is closed to others is so without name spaces, too: reading any of it makes the answer wrong, and full marks say
# that nothing could be read. All calls are allowed that are refused when it is linked: that has to hold by itself.
echo 'calls = ( { names = ( "*" ); usual = true; } );' >"$AUTOGRADER_ROOT/source/kit/assignments/example/calls.cfg"
cat >reads.c <<END
#include "assignments/example/example.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

double average(double mine, MPI_Comm comm)
{
    static const char *const closed[] = {"secret", "settings.json", "kit/solutions/example/average.c",
                                         "kit/assignments/example/rubric.cfg", "kit/build/grade"};
    double sum = 0;
    int size;
    MPI_Comm_size(comm, &size);
    MPI_Allreduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, comm);
    for (int i = 0; i < 5; i++) {
        char path[4096];
        snprintf(path, sizeof path, "$AUTOGRADER_ROOT/source/%s", closed[i]);
        if (open(path, O_RDONLY) >= 0 || getenv("GRADER_SECRET"))
            sum += 1000;
    }
    return sum / size;
}
END
mkdir reads && mv reads.c reads/average.c && hand_in . reads/average.c
grade "no name spaces" env GRADER_NO_NAMESPACES=1
check "it is graded, and reads nothing of the course's" [ "$(field .score)" = 1 -a "$(field .extra_data.not_judged)" = null ]
check "it is said that nothing was isolated" grep -q 'not isolated' "$results"
if $all; then
    chmod 711 "$AUTOGRADER_ROOT/source" && chmod 644 "$AUTOGRADER_ROOT/source/secret"
    grade "an open secret" env GRADER_NO_NAMESPACES=1
    check "this program would have read it" [ "$(field .score)" = 0 ]
    chmod 700 "$AUTOGRADER_ROOT/source" && chmod 600 "$AUTOGRADER_ROOT/source/secret"
    printf '#include "%s/source/kit/solutions/example/average.c"\n' "$AUTOGRADER_ROOT" >reads/average.c && hand_in . reads/average.c
    grade "the solution, taken in" env GRADER_NO_NAMESPACES=1
    check "does not compile" [ "$(field .score)" = 0 -a "$(field .extra_data.not_judged)" = null ]
    rm "$AUTOGRADER_ROOT/submission/average.c" && ln -s ../source/kit/solutions/example/average.c "$AUTOGRADER_ROOT/submission/average.c"
    grade "a link to the solution"
    check "is refused" [ "$(field .score)" = 0 -a "$(field .extra_data.not_judged)" = null ]
fi

# ---- no grade ---------------------------------------------------------------------------------------------------------------------

hand_in . solutions/example/average.c
mv "$AUTOGRADER_ROOT/source/kit/build/grade" kept && printf '#!/bin/sh\nkill -9 $$\n' >"$AUTOGRADER_ROOT/source/kit/build/grade" &&
    chmod 700 "$AUTOGRADER_ROOT/source/kit/build/grade"
grade "a grader that is ended"
check "its error is no grade" [ "$(field .extra_data.not_judged)" = true -a $status -ne 0 ]
# A grader that leaves TEXT as its results, and ends with STATUS.
leaves() { # TEXT STATUS
    # shellcheck disable=SC2016 # another shell's
    printf '#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = --out ] && out=$2; shift; done\nmkdir -p "$out"; echo '"'%s'"' >"$out/results.json"; exit %s\n' \
        "$1" "$2" >"$AUTOGRADER_ROOT/source/kit/build/grade"
}
leaves '{"score": 1e9' 0
grade "results that are cut off"
check "they are no grade" [ "$(field .extra_data.not_judged)" = true ]
leaves '{"score": 2, "output": "2 of 3", "tests": [{"score": 2, "max_score": 2, "name": "a"}, {"name": "b"}], "extra_data": {}}' 1
grade "a computer that could judge a part"
check "what it judged counts" [ "$(field .score)" = 2 ]
check "and that there is more is said" [ "$(field '"\(.extra_data.not_judged) \(.leaderboard) \(.output[:18])"')" = 'true null NOT JUDGED in part' ]

# As the machine may end it: the grader writes who it is, and sleeps.
printf '#!/bin/sh\necho $$ >%s/sleeper.new && mv %s/sleeper.new %s/sleeper\nexec sleep 300\n' "$work" "$work" "$work" \
    >"$AUTOGRADER_ROOT/source/kit/build/grade"
end_with() { # SIGNAL
    rm -f sleeper "$AUTOGRADER_ROOT"/results/*
    "$AUTOGRADER_ROOT/run_autograder" >words 2>&1 &
    local autograder=$!
    for ((i = 0; i < 600; i++)); do if [ -s sleeper ]; then break; else sleep 0.1; fi; done
    kill "-$1" "$autograder"
    wait "$autograder" 2>/dev/null
    looks_right "ended by $1"
    check "ended by $1: what is there says so" [ "$(field .extra_data.not_judged)" = true ]
}
grade "no time" env AUTOGRADER_SECONDS=1
check "no time: it is not judged" [ "$(field .extra_data.not_judged)" = true -a "$(field .score)" = 0 ]
check "no time: it has no place on a leaderboard" [ "$(field .leaderboard)" = null ]
check "no time: why is said" [ "$(field '.output | contains("longer than")')" = true ]
end_with TERM
kill -0 "$(cat sleeper)" 2>/dev/null
check "what it ran has ended, too" [ $? -ne 0 ]
if $all; then
    end_with KILL
    kill -KILL "$(cat sleeper)"
fi
summary
