#!/usr/bin/env -S bash -p
# The scan of a kit for what students may not have: one of each kind is put into a small kit, and has to be found.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
cd "$work" || exit 1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_GLOBAL=/dev/null

# ---- a course, and a kit of it ------------------------------------------------------------------------------------

mkdir -p course/{solutions,skeleton}/lesson course/assignments/lesson/{mutants,judges/answers} course/class/release
cat >course/solutions/lesson/mean.c <<'END'
#include "assignments/lesson/lesson.h"
double mean(double mine, MPI_Comm comm)
{
    double sum_of_all_ranks = mine;
    reduce_over_the_ranks(&sum_of_all_ranks, comm);
    return sum_of_all_ranks / number_of_ranks(comm);
}
END
cat >course/skeleton/lesson/mean.c <<'END'
#include "assignments/lesson/lesson.h"
double mean(double mine, MPI_Comm comm)
{
    todo("the mean of the numbers of all ranks", &mine, comm);
}
END
printf '# Answers\n\n## Q1\n\nBecause every rank\nhas only one of the numbers. And so on.\n' >course/solutions/lesson/answers.md
printf -- '--- a/mean.c\n+++ b/mean.c\n@@ -1 +1 @@\n-    x;\n+    return the_sum_without_a_division(mine);\n' >course/assignments/lesson/mutants/forgot.patch
printf 'static const int right_answer[] = {4, 64};\n' >course/assignments/lesson/judges/answers/answers.c
printf '# Accepted.\nvoidanyprogramsaysthis(void)\n' >course/class/release/accepted.txt
printf 'void any_program_says_this(void);\nvoid any program says this(void);\n' >>course/solutions/lesson/mean.c

new_kit() {
    rm -rf kit && mkdir -p kit/skeleton kit/common
    cp -R course/skeleton/lesson kit/skeleton
    printf 'void any program says\n  this(void);\n/* The mean: a sum, divided. */\n' >kit/common/words.c
}
commit() { git -C kit init -q --template= --initial-branch=main && git -C kit add -A --force && git -C kit commit -qm kit; }
scan() { SCAN_TELLS=1000 "$kit/class/release/scan" kit course >words 2>&1; }

new_kit && commit
scan
check "a kit with nothing of the course is let through" [ $? -eq 0 -a ! -s words ]

# ---- in files -------------------------------------------------------------------------------------------------------

new_kit
printf '\n\n/* as\n * ever */ double\tsum_of_all_ranks\n   =mine;\n' >kit/common/other_name.h
echo 'reduce_over_the_ranks(&sum_of_all_ranks,comm);' | gzip >kit/common/data.csv
mkdir inner && echo 'x = 1; return sum_of_all_ranks / number_of_ranks(comm);' >inner/notes.txt
tar -czf inner.tar.gz inner && zip -q kit/common/pack.zip inner.tar.gz
printf '> Because every  rank has\n> only one of the numbers. Done.\n' >kit/HINTS.md
printf '{ return the_sum_without_a_division(mine); }\n' >kit/common/example.c
printf 'int  right_answer_of[]; static const int right_answer [ ]\n= { 4 };\n' >kit/common/answers.h
printf 'int object_file(void) { return 1; }\nconst char *text = "reduce_over_the_ranks(&sum_of_all_ranks, comm)";\n' >object.c
gcc -c object.c -o kit/common/thing.txt
cp kit/common/words.c kit/common/words.c~
cp course/assignments/lesson/mutants/forgot.patch kit/common/
mkdir -p kit/solutions && echo 1 >kit/solutions/empty.txt
ln -s /etc/passwd kit/common/link
printf 'hush hush 42\n' >secret
printf 'the key is: hush hush 42!\n' >kit/common/key.txt
printf '%s' "$(printf 'hush hush 42' | base64)" >kit/common/key64.txt
commit
GRADER_SECRET=$work/secret scan
check "it is refused" [ $? -eq 1 ]
check "a line in another file, broken and with other blanks" says 'scan: common/other_name.h:4: has a line of the course'
check "a line in a .gz" says 'common/data.csv, in it content:1: has a line of the course'
check "a line in an archive in an archive" says 'in it inner.tar.gz, in it inner/notes.txt:1: has a line of the course'
check "a sentence of the answers, set in another way" says 'HINTS.md:1: has a line of the course'
check "a line of a mutant" says 'common/example.c:1: has a line of the course'
check "an answer" says 'common/answers.h:1: has a line of the course'
check "an object file, whatever its name" says 'common/thing.txt: is no text'
check "and the text in it" says 'common/thing.txt, in it strings:'
check "what an editor left" says 'common/words.c~: is no part of a kit'
check "a patch" says 'common/forgot.patch: is no part of a kit'
check "a folder of the course" says 'solutions/empty.txt: is in a folder that is the course'
check "a link" says 'common/link: is neither a file nor a folder'
check "the secret" says 'common/key.txt:1: has the secret'
check "the secret, encoded" says 'common/key64.txt:1: has the secret'
check "nothing else is suspected" [ "$(grep -c '^scan: .*skeleton/\|^scan: common/words.c:' words)" = 0 ]
GRADER_SECRET=$work/nowhere scan
check "a secret that can't be read is no secret that is not there" says "nowhere: is the secret, and can't be read"

# ---- in the repository ----------------------------------------------------------------------------------------------------

new_kit && commit
cp course/solutions/lesson/mean.c kit/skeleton/lesson && git -C kit commit -qam solved
git -C kit checkout -q HEAD~ -- . && git -C kit commit -qm back
scan
check "a history is refused" says '.git: has 3 commits, and must have one'
new_kit && commit
git -C kit hash-object -w course/solutions/lesson/mean.c >/dev/null 2>&1 || (cd kit && git hash-object -w ../course/solutions/lesson/mean.c >/dev/null)
scan
check "an object that no commit has" says 'which is not in its commit'
check "and what is in it" grep -qE '^scan: .git object [0-9a-f]{40}:4: has a line of the course' words
new_kit && commit && cp course/solutions/lesson/mean.c kit/skeleton/lesson && git -C kit add -A && git -C kit stash -q
scan
check "a stash" says '.git/refs/stash: is no part of a new repository'
new_kit && commit && cp course/solutions/lesson/mean.c kit/skeleton/lesson && git -C kit commit -qam solved &&
    git -C kit reset -q --hard HEAD~ && git -C kit gc -q
scan
check "a commit that only the reflog has, packed" says '.git: has 2 commits'
new_kit && commit && git -C kit config remote.origin.url ../course && mkdir -p kit/.git/hooks && echo 'sum_of_all_ranks / number' >kit/.git/hooks/post
scan
check "where it came from" says '.git/config: names another place'
check "what git would run" says '.git/hooks/post: is no part of a new repository'
new_kit && commit && echo '// new' >>kit/common/words.c
scan
check "a folder that is not what is committed" says '.git: has other content than the folder'
summary
