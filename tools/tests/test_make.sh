#!/usr/bin/env -S bash -p
# What the Makefile and the tools it calls do when they are asked for something out of the ordinary.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

copy_kit
cd "$work" || exit 1
kit_make() { make --no-print-directory "$@" >"$work/words" 2>&1; }

# ---- all assignments ------------------------------------------------------------------------------------

kit_make ASSIGNMENT=all help
check "make help, whatever the assignment" says 'make grade'
kit_make ASSIGNMENT=all train
check "make train wants one assignment" [ $? -ne 0 ]
check "and says so" says 'make train: runs one program, so name one assignment:'
kit_make ASSIGNMENT=nobody grade
check "an assignment that is not there" says 'there is no assignment "nobody"; there are:'
rm skeleton/*/*.c
kit_make ASSIGNMENT=all skeleton
check "the skeletons are cut, whatever the assignment" diff -r skeleton "$kit/skeleton"

# ---- some tests --------------------------------------------------------------------------------------------

kit_make check TEST=nothing-like-it
check "tests that are not there" says 'make check: no test has "nothing-like-it" in its path'

# ---- a source that comes and goes --------------------------------------------------------------------

echo 'int common_visitor(void); int common_visitor(void) { return 1; }' >common/base/visitor.c
kit_make build/libcommon.a
nm build/libcommon.a >words 2>&1
check "a new source is in its archive" says common_visitor
rm common/base/visitor.c
kit_make build/libcommon.a
nm build/libcommon.a >words 2>&1
check "a source that is gone is not" [ -z "$(grep common_visitor words)" ]

# ---- how far a build is -----------------------------------------------------------------------------------

# A make that takes its time, as one sees it on a terminal, and as a file gets it.
# What make expands is no expression of this script:
# shellcheck disable=SC2016
{
    echo "FILES := $(printf 'slow/%s ' {1..8})"
    printf 'all: $(FILES)\nslow/%%:\n\t@echo "  $@" && sleep 0.6 && touch $@ $(if $(findstring 8,$@),&& exit 3)\n'
} >slow.mk
mkdir slow
if type -P script >/dev/null; then
    script -qec 'tools/build_progress make -s -f slow.mk; echo status $?' /dev/null >words 2>&1 </dev/null
    check "a build on a terminal counts, and says what is left" grep -qE 'building [1-8] of [1-9], [0-9]+ s left' words
    check "no file has a line of its own there" [ -z "$(grep '  slow/' words)" ]
    check "its status is that of the make" says 'status 2'
fi
tools/build_progress make -s -f slow.mk slow/1 >words 2>&1
check "what has nothing to do says nothing" [ ! -s words ]
kit_make -n build ASSIGNMENT=example
check "where nobody looks there is no such line" [ -z "$(grep build_progress words)" ]

# ---- another processor ---------------------------------------------------------------------------------------

kernel=build/common/base/processor_built.o # the smallest of what is compiled for it
kit_make $kernel
cp -p $kernel kept
kit_make $kernel
check "what is compiled for this processor stays" cmp -s $kernel kept
check "and is not compiled again" [ ! $kernel -nt kept ]
echo '#define __OTHER__ 1' >>build/processor
kit_make $kernel
check "on another one it is compiled anew" [ $kernel -nt kept ]

# ---- the tables of points ------------------------------------------------------------------------------

kit_make -j2 ASSIGNMENT=example build
check "make -j2 builds" [ $? -eq 0 ]
check "with two jobs" [ -z "$(grep jobserver words)" ]
tools/handout --check >words 2>&1
check "the hand-outs have the points of the rubrics" [ $? -eq 0 ]
for file in HANDOUT.md assignments/example/HANDOUT.md; do
    cp $file kept
    sed -i '/BEGIN POINTS/,/END POINTS/s/1\.00\|[0-9]\.[0-9][0-9]/9.99/' $file
    tools/handout --check >words 2>&1
    check "$file: a wrong table is found" [ $? -ne 0 ]
    check "$file: and named" says "the points in $file are not those of the rubric"
    tools/handout >words 2>&1
    check "$file: and mended" cmp -s $file kept
done
sed -i '/BEGIN POINTS/d' HANDOUT.md
tools/handout --check >words 2>&1
check "a hand-out without a place for the table" says 'HANDOUT.md has no lines BEGIN POINTS and END POINTS'

summary
