#!/usr/bin/env -S bash -p
# make check-release: the kit as students get it, with all assignments, built from nothing without a network: skeletons
# have no points and no faults, and the solutions, copied in, pass whatever can be judged without the course.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
cd "$kit" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS SANITIZE B
make --no-print-directory release OUT="$work/out" >"$work/words" 2>&1
check "a kit is made" [ $? -eq 0 ]
what() { cksum <"$work/out/model-parallelism-kit.tar.gz" && git -C "$work/out/model-parallelism-kit" rev-parse HEAD; }
first=$(what)
make --no-print-directory release OUT="$work/out" >"$work/words" 2>&1
check "the same commit makes the same bytes, and a release is replaced" [ $? -eq 0 -a "$first" = "$(what)" ]
cd "$work/out/model-parallelism-kit" || { summary; exit 1; }
isolated() { if unshare --net true 2>/dev/null; then unshare --net "$@"; else "$@"; fi; }
seconds() { date +%s; }

# states NAME WHAT: the checks of a grade, as "state: seen".
states() { jq -r '.checks[] | "\(.state): \(.name): \(.seen)"' "build/grades/skeleton/$1/record.json"; }
for files in skeleton solutions; do
    for name in $(tools/rubrics all); do
        if [ $files = solutions ]; then cp "$kit/solutions/$name"/* "skeleton/$name/"; fi
    done
    for name in $(tools/rubrics all); do
        began=$(seconds)
        isolated make --no-print-directory grade ASSIGNMENT="$name" >"$work/words" 2>&1
        check "$name: $files: grading ends with status 0" [ $? -eq 0 ]
        echo "$name: $files: $(($(seconds) - began)) s: $(grep -E "^$name: skeleton: " "$work/words")"
        case $files in
        skeleton) states "$name" | grep -vE '^(not yet written|for a person): |^not judged: .*(your course judges|needs your|in this kit)' ;;
        solutions) states "$name" | grep -vE '^(PASS|for a person): |^not judged: .*your course judges' ;;
        esac >"$work/words"
        check "$name: $files: each check is as it should be" [ ! -s "$work/words" ]
    done
done
make --no-print-directory ASSIGNMENT=all submission >"$work/words" 2>&1
check "the files to hand in are packed" [ $? -eq 0 ]
summary
