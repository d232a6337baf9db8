#!/usr/bin/env -S bash -p
# The kit that students get, made of a copy of this one with the template alone: what is in it, what is not, and that it
# grades. (make check-release does the same with all assignments, built from nothing, and releases twice.)
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
copy_kit
cd "$work" || exit 1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_DATE='2026-09-01T12:00:00Z' GIT_COMMITTER_DATE='2026-09-01T12:00:00Z'
# The template, and one that is made of its files, will do: the others only take time.
for name in $(tools/rubrics handed-out); do rm -rf "assignments/$name" "solutions/$name" "skeleton/$name"; done
cp -R "$kit"/tests/second/*/ . && tools/make_skeleton >/dev/null && echo example >assignments/default
git init -q --initial-branch=main . && git add -A . >/dev/null 2>&1 && git commit -qm everything || exit 1
kit_make() { make --no-print-directory "$@" >"$work/words" 2>&1; }
release=$work/out/model-parallelism-kit

# ---- what is refused -----------------------------------------------------------------------------------------

kit_make release
check "where the kit goes has to be said" says 'make release OUT=folder'
kit_make release OUT=out ASSIGNMENTS=nobody
check "an assignment that is not there" says 'there is no assignment "nobody"'
mkdir -p "$release" && echo mine >"$release/work"
kit_make release OUT=out ASSIGNMENTS=example
check "a folder that is no release is not replaced" says 'is there already, and is no release'
check "what was there stays" [ "$(cat "$release/work")" = mine ]
check "nothing else is left there" [ "$(ls -A out)" = model-parallelism-kit ]
rm -r out

# ---- what is in it ----------------------------------------------------------------------------------------------

echo 'the secret of the year' >"$work/secret"
GRADER_SECRET=$work/secret kit_make release OUT=out ASSIGNMENTS=second YEAR=2026
check "a kit is made" [ -f "$release/VERSION" ]
check "what an assignment is made of is released with it" says 'example is released with it'
version="2026, 2026-09-01 $(git log -1 --format=%h --abbrev=10)"
check "its version is the year's, and the commit" [ "$(cat "$release/VERSION")" = "$version" ]
check "it has these assignments" [ "$(ls "$release/assignments")" = "$(printf 'default\nexample\nsecond')" ]
check "it is about one of them" [ "$(cat "$release/assignments/default")" = example ]
(cd "$release" && find . -path ./.git -prune -o -print) | grep -E '/((solutions|mutants|tests|class|build)(/|$)|secret$)' >words
check "nothing of the course is in it" [ ! -s words ]
check "it is a repository of one commit" [ "$(git -C "$release" rev-list --all | wc -l)" = 1 ]
check "and nothing is missing there" [ -z "$(git -C "$release" status --porcelain)" ]
find "$release" -type f -perm /022 -o -type d -perm /022 -o ! -type f ! -type d | grep -v /.git/ >words
check "nobody else may write to it, and there are no links" [ ! -s words ]
grep -rlF -e "$work" -e "$kit" "$release" >words
check "no path of this computer is in it" [ ! -s words ]
mkdir unpacked && tar -xzf out/model-parallelism-kit.tar.gz -C unpacked
diff -r --exclude=.git unpacked/model-parallelism-kit "$release" >words
check "the archive has the same" [ $? -eq 0 -a ! -s words ]
grep -rn 'INSTRUCTOR' "$release" --include='*' --exclude-dir=.git >words
check "no mark is left" [ ! -s words ]

# Its documents lead somewhere in it, and what they print as a goal of make is one.
(
    cd "$release" || exit
    find . -name '*.md' | while IFS= read -r document; do
        grep -oE '\]\([^)]+\)' "$document" | sed -E 's/^\]\(//; s/[)#].*$//' | grep -vE '^(https?:|data:|$)' |
            while IFS= read -r link; do [ -e "$(dirname "$document")/$link" ] || echo "$document: $link"; done
        { grep -oE '^    make [a-z-]+' "$document"; grep -oE '`make [a-z-]+' "$document"; } | tr -d '`' | sed 's/^ *make //' |
            while IFS= read -r goal; do
                grep -qhE "^$goal:" Makefile tools/*.mk assignments/*/*.mk || echo "$document: make $goal"
            done
    done
) >words 2>/dev/null
check "its documents lead somewhere" [ ! -s words ]

# ---- it grades, without a network, and without what stands around it ---------------------------------------------------

# What is compiled of the same files already need not be compiled again: dates alone say so.
find "$release" -path "$release/.git" -prune -o -type f -exec touch -d 2001-01-01 {} +
mkdir "$release/build"
mv build/{simulator,common,grader,handin,planner,libcommon.a,config.mk,linker.mk,processor,has-simulator} "$release/build" 2>/dev/null
rm -rf "$release"/build/*/tests
cd "$release" || exit 1
isolated() { if unshare --net true 2>/dev/null; then unshare --net "$@"; else "$@"; fi; }
grade() { isolated make --no-print-directory grade >"$work/words" 2>&1; }
grade
check "the skeleton is graded there" [ $? -eq 0 ]
check "nothing of it is written yet" says 'example: skeleton: 0.00 of 1.00 points'
check "and it is said where to begin" says 'Begin with skeleton/example/average.c'
cp "$work/solutions/example/average.c" skeleton/example/average.c
grade
check "the solution, copied in, gets full marks" says 'example: skeleton: 1.00 of 1.00 points'
check "the terminal names the version" says "Graded by the kit $version"
for report in report.md report.html results.json record.json; do
    cp "build/grades/skeleton/example/$report" "$work/words"
    check "$report names the version" says "$version"
done
check "results.json, where Gradescope keeps what it does not know" \
    [ "$(jq -r .extra_data.kit build/grades/skeleton/example/results.json)" = "$version" ]

# ---- its commands --------------------------------------------------------------------------------------------------------

make --no-print-directory help >"$work/words" 2>&1
check "make help lists what students do" says 'make grade'
check "and nothing that can't work there" [ -z "$(grep -E 'solutions|instructor|mutants|make (check|lint|release|class|curves)' "$work/words")" ]
make --no-print-directory check >"$work/words" 2>&1
check "a goal of the course's is none there" says 'make makes no "check"'
make --no-print-directory submission >"$work/words" 2>&1
check "the files to hand in are packed" [ -s build/submissions/skeleton/example/example.tar.gz ]
make --no-print-directory train NP=2 ARGS="--probe average --evidence build" >"$work/words" 2>&1
check "the program runs" [ -s build/average-1.json ]

# ---- what a push to GitHub reports -------------------------------------------------------------------------------------------

GITHUB_STEP_SUMMARY=$work/summary .github/report_points >"$work/words" 2>&1
check "a grade that is missing is told" [ $? -eq 1 ]
check "and which" says '::error title=second::could not be graded'
check "the points are reported" says '::notice title=Autograding complete::Points 1/1'
check "in the form that is read, too" says '::notice title=Autograding report::{"totalPoints":1,"maxPoints":1}'
check "the report is the summary" grep -q "Graded by the kit" "$work/summary"
summary
