#!/usr/bin/env -S bash -p
# test_printed.sh [--all]
# Every command that README, hand-outs, documents and `make help` print is run here: those that are set in, those
# in fences of sh, those in backquotes, and every goal that make help lists. As they are printed, but with smaller numbers, and
# with the solutions, for the skeleton trains nothing. Those that printed_commands.txt excepts name the test that
# runs them, or are run in a small form; with --all (make check-printed, minutes) the long ones are begun.
# The backquotes of Markdown are no commands:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy_kit
cd "$work" || exit 1
mapfile -t documents < <(find . -name '*.md' -not -path './build/*' -not -path './datasets/*/*' | sort)
table=tools/tests/printed_commands.txt
touch hosts.txt shakespeare.txt && cp datasets/text.txt shakespeare.txt 2>/dev/null

# ---- which commands there are ------------------------------------------------------------------------------

# Set in, or in a fence: a line that begins with make or a tool, with what goes on in the next line, without the remark behind.
set_in() {
    awk '
        /^```/ { fence = !fence && /^```sh/; next }
        /^    (make|tools\/|datasets\/)/ || (fence && /^(make|tools\/|datasets\/)/) || more {
            line = line $0; more = /\\$/; sub(/\\$/, "", line)
            if (!more) { sub(/^ +/, "", line); gsub(/  +/, " ", line); sub(/ # .*/, "", line); print line; line = "" } }' "$1"
}
# In backquotes, also over the end of a line.
in_backquotes() {
    tr '\n' ' ' <"$1" | grep -oE '`(TEXT_FILE=[^ `]+ )?make [a-z][^`]*`' | tr -d '`' | sed -E 's/  +/ /g; s/ +$//'
}
# What stands for something.
filled_in() {
    sed -E -e 's/CHECK=(NAME|name)\b/CHECK=distribute_layers/; s,SUBMISSION=path/to/folder OUT=path/to/report,SUBMISSION=solutions OUT=report CHECK=distribute_layers,
            s,PYTHON=path/python,PYTHON=python3,; s/CHECK=…/CHECK=distribute_layers/; s/ …$//; s/ … / /; s/=…/=/g; s/CURVE=name/CURVE=mine/; s/SUBMISSION=folder/SUBMISSION=solutions/; s/"NAME\*?"/one/; s/--only NAME/--only one/'
}
# Smaller numbers for large runs, and one computer for several; assignments/NAME/tests/smaller.sed has those of its own options.
smaller() {
    sed -E -e 's/--epochs 1/--steps 3/; s/--steps 300/--steps 3/; s/NP=(64|96)/NP=4/; s/depth=(64|96|48|32)/depth=8/
            s/ HOSTS=[^ ]+//; s/DEVICE=cuda/DEVICE=emulated/; s/width=(12288|4096),heads=[0-9]+/width=64,heads=8/; s/RANKS=16/RANKS=4/' \
        -f <(cat assignments/*/tests/smaller.sed)
}

guide=docs/adding-an-assignment.md # test_docs.sh follows it
for document in "${documents[@]}"; do
    # The rest of a name, as in `make check-`, and what only the guide's own assignment has are none.
    if [ "$document" = ./$guide ]; then continue; fi
    { set_in "$document" && in_backquotes "$document"; } | filled_in | grep -vE -- '-$|NAME|path/' |
        while IFS= read -r command; do printf '%s\t%s\n' "${document#./}" "$command"; done
done >found
make --no-print-directory help | sed -nE 's/^  make ([^ ]+) .*/make help\tmake \1/p' >>found
awk -F '\t' '!seen[$2]++' found >commands

# ---- what is done with each ------------------------------------------------------------------------------------

# Sets how and what from the table; none: the command is run as it is.
look_up() { # COMMAND
    local line expression rest
    how=run what=$1
    while IFS= read -r line; do
        expression=${line%% => *} rest=${line#* => }
        if [[ $1 =~ $expression ]]; then
            read -r how what <<<"$rest"
            what=${what//\\1/${BASH_REMATCH[1]:-}}
            what=${what//\\2/${BASH_REMATCH[2]:-}}
            what=${what//\\3/${BASH_REMATCH[3]:-}}
            if [ "$how" = begins ]; then what=$1; fi
            return
        fi
    done < <(grep -vE '^(#|$)' $table)
}

export SUBMISSION=solutions
declare -A ended # each is run once
while IFS=$'\t' read -r document command; do
    look_up "$command"
    case $how in
    run | instead)
        small=$(smaller <<<"$what")
        if [ -z "${ended[$small]:-}" ]; then
            timeout 300 bash -c "$small" >words 2>&1 </dev/null
            ended[$small]=$?
        fi
        check "$document: $command (run: $small)" [ "${ended[$small]}" -eq 0 ]
        ;;
    tested)
        file=${what%% *} word=${what#* }
        echo "$file has no $word in it" >words
        check "$document: $command is run by $file" grep -qF -e "$word" "$file"
        ;;
    begins)
        if [ "${1:-}" = --all ]; then
            timeout 30 bash -c "$what" >words 2>&1 </dev/null
            status=$?
            check "$document: $command begins" [ $status -eq 0 -o $status -eq 124 ]
        else
            # What it would do can at least be said.
            make --no-print-directory -n "${what#make }" >words 2>&1 </dev/null || bash -c "make -n ${what#*make }" >words 2>&1
            check "$document: $command is a command" [ $? -eq 0 ]
        fi
        ;;
    *)
        echo "$how: what is that?" >words
        check "$table: $command" false
        ;;
    esac
done <commands
# A rule that nothing needs any more would hide the next command.
while IFS= read -r line; do
    grep -qE -- "${line%% => *}" <(cut -f 2 commands) || echo "no command fits ${line%% => *}"
done < <(grep -vE '^(#|$)' $table) >words
check "every line of $table is for some command" [ ! -s words ]
summary
