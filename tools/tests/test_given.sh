#!/usr/bin/env -S bash -p
# Tests of tools/given, and by it of the texts that students have: what a solution calls stands in its TODO, in
# the hand-out, or in a header that they name. In a kit of three functions in which one thing is wrong, that is told.
# The backquotes of Markdown are no commands:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
cd "$kit" || exit 1

# ---- the texts as they are ----------------------------------------------------------------------------

for name in $(tools/rubrics all); do
    tools/given "$name" >"$work/words" 2>&1
    check "$name: what a solution calls is named where a student looks" [ $? -eq 0 ]
done

# ---- a kit of three functions ----------------------------------------------------------------------------

house=$work/house
mkdir -p "$house/common/base" "$house/assignments/lesson" "$house/solutions/lesson" "$house/skeleton/lesson"
cd "$house" || exit 1

# build: the kit as it should be. first.c calls open_box() and close_box(), and second.c what first.c calls, its
# own function, the student's of the other file, and shut_door().
build() {
    printf '%s\n' 'void open_box(int box);' 'void close_box(int box); /* see also lose_box() */' >common/base/box.h
    printf '%s\n' 'void shut_door(void);' >common/base/door.h
    printf '%s\n' 'void first(void);' >assignments/lesson/lesson.h
    printf '%s\n' 'Read `common/base/door.h`.' >assignments/lesson/HANDOUT.md
    printf '%s\n' 'void first(void)' '{' '    /* BEGIN SOLUTION */' '    open_box(1); /* lose_box() is wrong */' \
        '    close_box(1);' '    /* END SOLUTION */' '}' >solutions/lesson/first.c
    printf '%s\n' '/* BEGIN SOLUTION */' 'static void own(void)' '{' '    open_box(2);' '}' '/* END SOLUTION */' \
        'void second(void)' '{' '    /* BEGIN SOLUTION */' '    own();' '    first();' '    shut_door();' '    /* END SOLUTION */' \
        '}' >solutions/lesson/second.c
    printf '%s\n' '/* TODO. Given: open_box and close_box. */' >skeleton/lesson/first.c
    printf '%s\n' '/* TODO. Given: what' ' * first calls, and shut_door. */' >skeleton/lesson/second.c
}
given() { "$kit/tools/given" "$@" lesson "$house" >"$work/words" 2>&1; }
finds() { ! given "$@"; }

build
check "what stands in the TODOs is given" given
check "by them alone, too" given --todo

sed -i 's/close_box/it/' skeleton/lesson/first.c
check "a function that the TODO does not name is found" finds
check "by file and function" says "skeleton/lesson/first.c: it calls close_box"
check "and nothing else" [ "$(wc -l <"$work/words")" -eq 1 ]
echo 'close_box closes it.' >>assignments/lesson/HANDOUT.md
check "the hand-out may name it" given
check "but for the TODO alone that is not enough" finds --todo

build
sed -i 's/open_box/it/' skeleton/lesson/first.c
check "who refers to another file has no more than that one" finds
check "so both are told: the other" says "skeleton/lesson/first.c: it calls open_box"
check "and the one that refers to it" says "skeleton/lesson/second.c: it calls open_box"
sed -i '1i #include "common/base/box.h"' skeleton/lesson/first.c
check "a header that the file names has it" given
check "but for the TODO alone that is not enough" finds --todo

build
sed -i 's/, and shut_door//' skeleton/lesson/second.c
check "a header in backquotes in the hand-out has it" given
check "but for the TODO alone that is not enough" finds --todo
echo 'See [the door](../../common/base/door.h).' >assignments/lesson/HANDOUT.md
check "a link is nothing that one was told to read" finds
check "and the function is told" says "skeleton/lesson/second.c: it calls shut_door"

summary
