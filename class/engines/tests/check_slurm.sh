#!/usr/bin/env -S bash -p
# class/engines/tests/check_slurm.sh: make check-class-slurm
# Grades a small class under a real Slurm with two nodes (tools/tests/own_slurm.sh) and on this computer: the same grades. Not a part of
# make check: hardly anybody has slurmctld installed.
set -uo pipefail

# shellcheck source=tools/tests/computers.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/computers.sh"
# shellcheck source=tools/tests/own_slurm.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/own_slurm.sh"
skip_without_slurm
enter_computers "$@"
if [ -n "$refused" ]; then
    echo "skipped: $refused"
    exit
fi
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/engines/tests/small_class.sh
. "$(dirname "${BASH_SOURCE[0]}")/small_class.sh"
cd "$work" || exit 1
chmod 755 "$work"
begin_computers h1 h2
begin_slurm
size=${SIZE:-12}
mkdir tmp
export TMPDIR=$work/tmp

# ---- the same grades on both engines ------------------------------------------------------------------------

small_class "$work/here" $size
small_class "$work/there" $size
grade_class "$work/here" local 2 >words 2>&1
check "the class is graded on this computer" [ $? -eq 0 ]
grade_class "$work/there" slurm 2 >words 2>&1
check "and by Slurm" [ $? -eq 0 ]
diff <(small_grades $size) <(graded_as "$work/there") >diff.words 2>&1
check "each grade is as it must be" [ $? -eq 0 ]
diff <(without_times "$work/here") <(without_times "$work/there") >diff.words 2>&1
check "and as on this computer" [ $? -eq 0 ]
jq -r .machine "$work"/there/students/*/example/run.json | sort | uniq -c >words
check "both nodes were at work" [ "$(grep -cE ' h[12]$' words)" = 2 ]
leftovers "$work/there" "$TMPDIR" >words
check "nothing is left" [ ! -s words ]
: >words

# ---- what goes wrong ------------------------------------------------------------------------------------------

# A task that is ended is submitted once more by the same command.
small_class "$work/killed" $size
grade_class "$work/killed" slurm 2 >killed.words 2>&1 &
command=$!
for _ in {1..100}; do
    if [ -e "$work"/killed/.slurm/array ] && [ -n "$(squeue --noheader --states=RUNNING)" ]; then break; fi
    sleep 0.2
done
sleep 2
scancel --signal=KILL --full "$(squeue --noheader --states=RUNNING --format=%A | head -n 1)"
wait "$command"
check "a task is ended, and the class is graded nevertheless" [ $? -eq 0 ]
diff <(small_grades $size) <(graded_as "$work/killed") >diff.words 2>&1
check "each grade is as it must be" [ $? -eq 0 ]

# The command itself is killed: Slurm goes on, and the next one waits for that.
small_class "$work/left" $size
begin_grading "$work/left" slurm 2 left.words
for _ in {1..100}; do
    if [ -s "$work"/left/.slurm/array ] && [ -n "$(squeue --noheader --states=RUNNING)" ]; then break; fi
    sleep 0.2
done
pkill -KILL -s "$command"
grade_class "$work/left" slurm 2 >words 2>&1
check "a command that is killed: the next one grades the class" [ $? -eq 0 ]
check "and waits for what Slurm does already" says 'Slurm is still at work on array'
diff <(small_grades $size) <(graded_as "$work/left") >diff.words 2>&1
check "each grade is as it must be" [ $? -eq 0 ]
leftovers "$work/left" "$TMPDIR" >words
check "nothing is left" [ ! -s words ]

# Ended by hand: Slurm's tasks end, too.
small_class "$work/stopped" $size
begin_grading "$work/stopped" slurm 2 stopped.words
for _ in {1..100}; do
    if [ -n "$(squeue --noheader --states=RUNNING)" ]; then break; fi
    sleep 0.2
done
kill -TERM "$command"
wait "$command"
check "one that is asked to end does" [ $? -eq 130 ]
check "Slurm has nothing to do any more" [ -z "$(squeue --noheader)" ]
cp stopped.words words
check "it says how to go on" says 'the same command goes on'
summary
