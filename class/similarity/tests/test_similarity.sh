#!/usr/bin/env -S bash -p
# Tests of class similarity on a small class: copies in disguise stand above independent programs, in the list and in the table;
# groups, earlier years, odd names and odd files.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/similarity/tests/make_class.sh
. "$kit/class/similarity/tests/make_class.sh"
cd "$kit" || exit 1
class=${B:-build}/class/class
out=$work/class
pairs=$out/similarity/pairs.csv

compare() { "$class" similarity --out "$out" "$@" >"$work/words" 2>&1; }
# column FIRST SECOND NUMBER: of the pair's row, in whatever order its two stand.
column() { awk -F, -v a="$1" -v b="$2" -v n="$3" '($1 == a && $2 == b) || ($1 == b && $2 == a) {print $n}' "$pairs"; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a != "" && a >= b)}'; }
below() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a == "" || a < b)}'; }

# An assignment that has programs which were written independently.
name=$(find assignments/*/tests/independent -maxdepth 0 | head -n 1 | cut -d/ -f2)
independent=(assignments/"$name"/tests/independent/*/)
make_class "$out" "$name"
for one in "${independent[@]}"; do add_student "$out" "$(basename "$one")" "$name" "$one"; done
first=$(basename "${independent[0]}")
second=$(basename "${independent[1]}")

check "disguises" python3 class/similarity/tests/disguise.py rename+comments+reformat+reorder+loops 3 "${independent[0]}" "$work/disguised"
add_student "$out" copy "$name" "$work/disguised" '<script>alert(1)</script> "&'
add_student "$out" same "$name" "${independent[1]}"
check "disguises" python3 class/similarity/tests/disguise.py rename+comments+reformat 5 "${independent[1]}" "$work/renamed"
add_student "$out" renamed "$name" "$work/renamed"
check "a class is compared" compare
check "a disguised copy is found" at_least "$(column "$first" copy 5)" 0.6
check "two independent programs are not" below "$(column "$first" "$second" 5)" 0.4
check "the same programs stand first" grep -q "^same,$second,class,1\|^$second,same,class,1" <(sed -n 2,4p "$pairs")
check "also with other names, comments and layout" grep -q "^renamed,$second,class,1\|^$second,renamed,class,1" <(sed -n 2,4p "$pairs")
check "and the copy behind them" grep -q "^copy,\|,copy," <(sed -n 5p "$pairs")
check "each pair has a page" [ -f "$out/similarity/pairs/copy-$first.html" ]
check "with pieces that link to each other" grep -q 'id="l1"' "$out/similarity/pairs/copy-$first.html"
check "a name is no HTML" sh -c "! grep -qF '<script>' '$out/similarity/index.html' '$out/similarity/pairs/'*.html"
check "a page says that it loads nothing" grep -qF "Content-Security-Policy\" content=\"default-src 'none'" "$out/similarity/index.html"
check "nothing is fetched from elsewhere" sh -c "! grep -qE '(src|href)=\"(https?:)?//' '$out/similarity/index.html'"
check "it says that it is no verdict" grep -q 'no verdict' "$out/similarity/index.html"
if command -v sim_c >"$work/where"; then check "sim_c was asked" at_least "$(column copy "$first" 12)" 10; fi

# What much of a class has is nobody's own: here all have one piece, and it is a third of each program.
check "read as others read it" python3 -c 'import csv, sys; rows = list(csv.reader(open(sys.argv[1]))); assert all(len(row) == 12 for row in rows)' "$pairs"

# Two of one group, and one person who stands in two.
add_student "$out" group "$name" "$work/disguised" 'A group' ada "$first"
rm -r "$out/students/$first"
add_student "$out" "$first" "$name" "${independent[0]}" Ada ada
compare --pages 100
check "the same person is no pair" [ -z "$(column group "$first" 1)" ]
check "all others are" at_least "$(column group copy 5)" 0.99

# Earlier years: the folder of a class, and a program that lies somewhere in a folder with an odd name.
earlier=$work/earlier
mkdir -p "$earlier" "$earlier/=odd \"name\" & <b>/deep"
make_class "$earlier/last year" "$name"
add_student "$earlier/last year" old "$name" "${independent[1]}"
cp "${independent[0]}"*.c "$earlier/=odd \"name\" & <b>/deep"
ln -s /etc/passwd "$earlier/=odd \"name\" & <b>/link.c"
mkfifo "$earlier/=odd \"name\" & <b>/pipe.c"
check "with earlier ones" compare --earlier "$earlier"
check "one of last year's is found" grep -q "^$second,\"last year/old\",earlier,1,1.0000" "$pairs"
check "a known one, too, and its name is no formula" grep -q "'=odd" "$pairs"
check "nor HTML" sh -c "! grep -qF '<b>' '$out/similarity/index.html'"
check "no page is left of pairs that are none" [ "$(find "$out/similarity/pairs" -name '*.html' | wc -l)" -eq "$(grep -c 'href="pairs/' "$out/similarity/index.html")" ]

# What was handed out is nobody's own.
make_class "$work/given" "$name"
for one in a b c; do add_student "$work/given" "$one" "$name" "skeleton/$name"; done
printf '%s\n' 'int x;' >>"$work/given/students/c/submission/$name/$(cd "skeleton/$name" && printf '%s\n' *.c | head -n 1)"
"$class" similarity --out "$work/given" >"$work/words" 2>&1
check "the skeleton has nothing of its own" grep -q ',0,0,0,0,0,' "$work/given/similarity/pairs.csv"

check "no such earlier folder" sh -c "! '$class' similarity --out '$out' --earlier '$work/nowhere' >'$work/words' 2>&1"
check "is said" says nowhere
check "no class" sh -c "! '$class' similarity --out '$work/nowhere' >'$work/words' 2>&1"
summary
