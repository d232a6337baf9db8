#!/usr/bin/env -S bash -p
# Tests of tools/levels: the house as it is keeps to its order, and a copy of it in which one thing is
# wrong is told so, by the name of the file.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

objects=$(realpath "${B:-$kit/build}")

# ---- the house as it is -----------------------------------------------------------------------------

B=$objects "$kit/tools/levels" >"$work/words" 2>&1
check "the house keeps to its order" [ $? -eq 0 ]
check "it says how many arrows there are" says "none upwards"
B=$objects "$kit/tools/levels" --dot >"$work/words" 2>&1
check "docs/levels.dot is up to date (make levels)" cmp -s "$work/words" "$kit/docs/levels.dot"

# ---- houses with one fault ------------------------------------------------------------------------------

house=$work/house
mkdir -p "$house/build" "$house/tests"
tar -C "$kit" --exclude=tests -cf - Makefile .ci common grader handin planner class assignments solutions skeleton tools |
    tar -C "$house" -xf -
for folder in common grader handin planner class assignments solutions skeleton; do
    if [ -d "$objects/$folder" ]; then cp -as "$objects/$folder" "$house/build/"; fi
done

# add FILE LINE: the house's file has this line more, and is compiled where it is new.
add() {
    local file=$1 line=$2
    mkdir -p "$(dirname "$house/$file")"
    if [ -e "$house/$file" ]; then
        cp "$house/$file" "$work/kept"
    else
        rm -f "$work/kept"
    fi
    printf '%s\n' "$line" >>"$house/$file"
    if ! [ -e "$work/kept" ] && [[ $file == *.c ]]; then
        mkdir -p "$(dirname "$house/build/$file")"
        gcc -w -I"$house" -c "$house/$file" -o "$house/build/${file%.c}.o"
    fi
}

# wrong WHAT-IT-SAYS [OTHER-FILE ITS-LINE] FILE LINE: what tools/levels says of a house with these lines.
# The house is mended again.
wrong() {
    local says=$1 other=
    local file=${*: -2:1} line=${*: -1}
    if [ $# -gt 3 ]; then
        other=$2
        printf '%s\n' "$3" >"$house/$other"
    fi
    add "$file" "$line"
    B=build "$house/tools/levels" >"$work/words" 2>&1
    check "$file: $line: is refused" [ $? -eq 1 ]
    check "$file: $line: says $says" says "$says"
    if [ -e "$work/kept" ]; then
        cp "$work/kept" "$house/$file"
    else
        rm -f "$house/$file" "$house/build/${file%.c}.o"
    fi
    if [ -n "$other" ]; then rm "$house/$other"; fi
}

for folder in "$kit"/assignments/*/; do
    other=assignments/$(basename "$folder")
    if [ "$other" != assignments/example ]; then break; fi
done
word=$(grep -vE '^(#|$)' "$kit/assignments/example/own_words" | head -n 1)

wrong 'common/base/fatal.c includes grader/grade/grade.h: grader/grade (level 17) is not below common/base (level 0)' \
    common/base/fatal.c '#include "grader/grade/grade.h"'
wrong 'grader/text/text.c includes assignments/example/example.h: only assignments know assignments' \
    grader/text/text.c '#include "assignments/example/example.h"'
wrong "$other/more.h includes assignments/example/example.h: it is another assignment's" \
    "$other/more.h" '#include "assignments/example/example.h"'
wrong 'common/base/upwards.c needs grade_run: grader/grade (level 17) is not below' \
    common/base/upwards.c 'void grade_run(void); void memory_upwards(void) { grade_run(); }'
wrong "$other/program/judging.h includes grader/grade/grade.h: grader/grade (level 17) is not below assignments/*/program (level 8)" \
    "$other/program/judging.h" '#include "grader/grade/grade.h"'
wrong 'assignments/example/judges/more.h includes assignments/example/program/more.h: nobody may use assignments/*/program' \
    assignments/example/judges/more.h '#include "assignments/example/program/more.h"'
wrong 'assignments/example/more.c needs MPI_Barrier: judges link it, and there is no MPI on their side' \
    assignments/example/more.c 'int MPI_Barrier(int); void example_more(void) { MPI_Barrier(0); }'
wrong 'handin/sideways.c needs plan_free: planner (level 21) is not below handin (level 21)' \
    handin/sideways.c 'void plan_free(void); void handin_sideways(void) { plan_free(); }'
wrong 'common/log/bare.c: complain does not begin as names of common/log do' \
    common/log/bare.c 'void complain(void) {}'
wrong 'log_open is defined in' common/mpi/twice.c 'void log_open(void) {}'
wrong 'common/new/file.h: its folder is not in tools/levels.txt' \
    common/new/file.h '#include "common/base/fatal.h"'
wrong 'grader/new/README.md has 0 lines' tools/levels.txt '15 grader/new new_'
wrong 'names that begin with log_ belong to common/log and to grader/new' \
    tools/levels.txt '15 grader/new log_'
wrong 'assignments/example/levels.txt: grader/new is no room of this assignment' \
    assignments/example/levels.txt '15 grader/new new_'
wrong 'assignments/example/rules (level 30) is not below assignments/*/judges (level 19)' \
    assignments/example/levels.txt '30 assignments/example/rules *' \
    assignments/example/judges/average.h '#include "assignments/example/rules/rules.h"'
wrong "names \"$word\", which only example has" common/log/log.h "/* as in $word() */"
wrong "names \"${word^^}\", which only example has" tools/tests.mk "# see ${word^^}"
wrong 'names "own_number", which common/log/log_fields.h reads' \
    grader/trace/luck.c 'static int step(struct log_record *record) { return (int)record->own_number; }'

rm "$house/build/handin/main.o"
B=build "$house/tools/levels" >"$work/words" 2>&1
check "a source without an object is told" says 'handin/main.c is not built in build: make levels builds'
cp -as "$objects/handin/main.o" "$house/build/handin/"

B=build "$house/tools/levels" >"$work/words" 2>&1
check "the house without a fault keeps to its order" [ $? -eq 0 ]

summary
