#!/usr/bin/env -S bash -p
# What three reviewers say becomes what opinions.py works out from the same files, by itself.
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/review/tests/small_class.sh
. "$kit/class/review/tests/small_class.sh"
cd "$work" || exit
small_kit kit
small_class out
merge() { "$kit/build/class/class" review-merge --kit kit --out out "$@" >words 2>&1; }
opinions() { python3 "$kit/class/review/tests/opinions.py" "$@"; }
as_expected() { opinions expect out >expected-words && opinions found out >found-words && cmp -s expected-words found-words; }

check "nobody has reviewed" merge
check "says so" says "nobody has reviewed it yet"
for seed in 1 2 3 4; do
    opinions make out "$seed"
    check "opinions $seed are merged" merge
    check "as they should be" as_expected
done
cp -r out/students before
check "merged again" merge --assignment example
check "all is as it was" diff -r before out/students

# One row for each item about which the reviewers differ, and what became of it.
cat >out/review/example-ann.csv <<'CSV'
student,check,item,points,max_points,comments,note,answer,when
ada,why,mean,0.300,0.300,,,,
ada,why,sum,0.100,0.100,,,,
bob,tested,tested,0.200,0.200,,,0123456789ab,
CSV
sed 's/ada,why,mean,0.300/ada,why,mean,0.250/; s/ada,why,sum,0.100/ada,why,sum,0.050/' out/review/example-ann.csv >out/review/example-ben.csv
rm out/review/example-{cleo,settled}.csv
merge
differ='assignment,student,check,item,max_points,difference,points,became
example,ada,why,mean,0.300,0.050,"ann 0.3, ben 0.25","mean: 0.275"
example,ada,why,sum,0.100,0.050,"ann 0.1, ben 0.05","to be settled"'
check "disagreements are listed" diff <(echo "$differ") out/review/disagreements.csv
check "also on the terminal" says 'ada, why, sum: ann 0.1, ben 0.05 of 0.1: to be settled'
check "what was read in another version of the answer is told" says 'bob: tested was read by ann before the answer changed'
merge --larger-than 0.5
check "how much has to be settled can be chosen" says 'ada, why, sum: ann 0.1, ben 0.05 of 0.1: mean: 0.075'
merge --larger-than 2
check "but not anything" [ $? = 2 ]
check "there is nothing of a student without opinions" [ ! -e out/students/cy/review-example.json ]

# What can't count is said, and does not.
echo 'zoe,why,mean,0.1,0.3,,,,
cy,gone,mean,0.1,0.3,,,,
dee,tested,tested,0.2,0.4,,,,' >>out/review/example-ann.csv
merge
check "somebody who is not in the class" says 'zoe: why by ann does not count'
check "a check that is not in the rubric" says 'cy: gone by ann does not count'
check "points of another maximum" says 'tested was worth 0.4 points when ann gave some'
check "and does not count" [ ! -e out/students/dee/review-example.json ]
for row in 'ada,why,mean,0.4,0.3,,,,' 'ada,why,mean,-1,0.3,,,,' 'ada,why,mean,x,0.3,,,,' '../x,why,mean,0.1,0.3,,,,' 'ada,why,,0.1,0.3,,,,' 'ada,why,mean,nan,0.3,,,,'; do
    printf 'student,check,item,points,max_points,comments,note,answer,when\n%s\n' "$row" >out/review/example-ben.csv
    merge
    check "a row that can't be is an error: $row" [ $? = 1 ]
    check "with its place" says 'out/review/example-ben.csv: row 2:'
done
summary
