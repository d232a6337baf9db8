#!/usr/bin/env -S bash -p
# class/tests/make_class.sh FOLDER COUNT ASSIGNMENT SHARE
# Makes a folder of submissions as a course has them, COUNT in all: right ones, mutants and right but different ones of
# the example, of which SHARE in a hundred hand in ASSIGNMENT, too; packed in many ways; hostile programs and odd names among
# them. The same each time. Prints "NAME KIND" for each.
set -euo pipefail

folder=$1 count=$2 assignment=$3 share=$4
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- programs ----------------------------------------------------------------------------------------------

# mutant ASSIGNMENT PATCH TO: the solution with that patch.
mutant() {
    mkdir -p "$3"
    cp "solutions/$1"/* "$3"
    (cd "$3" && patch --quiet --no-backup-if-mismatch -p1 <"$OLDPWD/$2")
}
# By a person of their own: no two alike.
sign() { # NUMBER FOLDER
    local file
    for file in "$2"/*.c; do printf '\n/* Written by number %d. */\n' "$1" >>"$file"; done
}
# files NUMBER ASSIGNMENT TO: prints what kind it is.
files() {
    local mutants=("assignments/$2"/mutants/[!r]*.patch) rights=("assignments/$2"/mutants/right*.patch) file
    case $(($1 % 10)) in
    0 | 1 | 2 | 3)
        mkdir -p "$3"
        cp "solutions/$2"/* "$3"
        sign "$1" "$3"
        echo right
        ;;
    4 | 5 | 6)
        file=${mutants[$1 * 7 % ${#mutants[@]}]}
        mutant "$2" "$file" "$3"
        sign "$1" "$3"
        basename -s .patch "$file"
        ;;
    7)
        file=${rights[$1 * 3 % ${#rights[@]}]}
        mutant "$2" "$file" "$3"
        sign "$1" "$3"
        basename -s .patch "$file"
        ;;
    8)
        mkdir -p "$3"
        cp "solutions/$2"/* "$3"
        echo copied
        ;;
    9)
        mkdir -p "$3"
        cp "skeleton/$2"/* "$3"
        echo unwritten
        ;;
    esac
}

# ---- how they are handed in ----------------------------------------------------------------------------------

# pack NUMBER FROM NAME: from a folder with the assignments' folders in it.
pack() {
    local from=$2 to=$folder/$3
    case $(($1 % 8)) in
    0 | 1) cp -r "$from" "$to" ;;
    2) (cd "$from" && zip -qr "$to.zip" .) ;;
    3) tar -C "$from" -czf "$to.tar.gz" . ;;
    4)
        mkdir -p "$to/my work/final (2)"
        cp -r "$from"/. "$to/my work/final (2)"
        ;;
    5)
        mkdir -p "$work/top/__MACOSX/x"
        cp -r "$from" "$work/top/homework-main"
        echo noise | tee "$work/top/__MACOSX/x/._a.c" "$work/top/.DS_Store" >"$work/top/Thumbs.db"
        (cd "$work/top" && zip -qr "$to.zip" .)
        rm -r "$work/top"
        ;;
    6)
        cp -r "$from" "$to"
        find "$to" -name '*.c' -exec sed -i 's/$/\r/; 1s/^/\xef\xbb\xbf/' {} +
        ;;
    7) tar -C "$from" -cJf "$to.tar.xz" . ;;
    esac
}

hostile=(class/tests/hostile/*.c)
odd_names=('=HYPERLINK("http:x")' '@SUM(1+1)' "-rf" "<img src=x onerror=alert(1)>" "\$(touch owned)" $'two\nlines' $'\e]0;owned\a'
    $'\u202Edesrever' "it's \"quoted\"" "100%s%n" "Ünal, Ayşe" "..." "~root")
for ((number = 0; number < count; number++)); do
    name=$(printf 'student-%03d' "$number")
    from=$work/from
    if [ $((number % 6)) = 5 ] && [ $((number / 6)) -lt ${#hostile[@]} ]; then
        program=${hostile[number / 6]}
        mkdir -p "$from/example"
        cat class/tests/hostile/beginning.txt "$program" class/tests/hostile/ending.txt |
            sed 's|@[A-Z]*@|/nowhere|g; s|PORT_THAT_LISTENS|22|' >"$from/example/average.c"
        kind="hostile $(basename -s .c "$program")"
    else
        kind="example $(files "$number" example "$from/example")"
        if [ $((number * 37 % 100)) -lt "$share" ]; then
            kind+=", $assignment $(files "$((number * 13 + number / 10))" "$assignment" "$from/$assignment")"
        fi
    fi
    if [ $((number % 11)) = 4 ] && [ $((number / 11)) -lt ${#odd_names[@]} ]; then
        name=${odd_names[number / 11]}
        cp -r "$from" "$folder/$name"
    else
        pack "$number" "$from" "$name"
    fi
    printf '%q %s\n' "$name" "$kind"
    rm -r "$from"
done
