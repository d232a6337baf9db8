#!/usr/bin/env -S bash -p
# What is said where a program can't be linked: by make, as by the grader.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

cd "$work" || exit 1
compile() { gcc -g -O1 -c "$1.c" -o "$1.o"; }
link() { "$kit/tools/link" gcc "$@" -fuse-ld=gold -o program >words 2>&1; }

printf 'int counter;\n\nint helper(void) { return 1; }\nint main(void) { return helper(); }\n' >one.c
printf 'int counter;\nint helper(void) { return 2; }\n' >two.c
printf 'inline int twice(int x) { return 2 * x; }\nint (*four)(int) = twice;\n' >three.c
for name in one two three; do compile $name; done

link one.o two.o
check "a name that is defined twice is no program" [ $? -ne 0 ]
check "a function: both files, with lines" says "one.c (line 3) and two.c (line 2) both define helper: make it static"
check "a variable, too" says "one.c (line 1) and two.c (line 1) both define counter: make it static"
link one.o three.o
check "a name that nobody defines is no program" [ $? -ne 0 ]
check "with the file that uses it" says "twice is used, by three.c"
printf '#!/bin/sh\ncase "$*" in *-fuse-ld*) echo broken linker; exit 1 ;; esac\nexec gcc "$@"\n' >cc && chmod +x cc
"$kit/tools/link" ./cc one.o -fuse-ld=gold -o program >words 2>&1
check "what only the usual linker links is a program, as in the grader" [ $? -eq 0 -a -x program -a ! -s words ]
rm program
"$kit/tools/link" gcc one.o -o program >words 2>&1
./program
check "what can be linked runs" [ $? -eq 1 ]
check "and nothing is said" [ ! -s words ]

summary
