#!/usr/bin/env -S bash -p
# tools/tests/check_slurm.sh: make check-slurm
# Runs under Slurm (tools/slurm), for real: a Slurm of its own, in a folder of its own, whose two nodes are computers
# in name spaces. Not a part of make check: hardly anybody has slurmctld installed (Debian: slurmctld, slurmd,
# slurm-client and munge; none of their services is needed).
# What others expand is no expression of this script:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/computers.sh
. "$(dirname "${BASH_SOURCE[0]}")/computers.sh"
# shellcheck source=tools/tests/own_slurm.sh
. "$(dirname "${BASH_SOURCE[0]}")/own_slurm.sh"
skip_without_slurm
enter_computers "$@"
if [ -n "$refused" ]; then
    echo "skipped: $refused"
    exit
fi
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy_kit
cd "$work" || exit 1
begin_computers h1 h2
begin_slurm

# ---- runs -----------------------------------------------------------------------------------------------

default=$(<assignments/default)
program=build/programs/solutions/$default
for assignment in $(tools/rubrics handed-out); do
    make -s --no-print-directory build SUBMISSION=solutions ASSIGNMENT="$assignment" >words 2>&1
    check "the program of $assignment is built" [ $? -eq 0 ]
done

# in_allocation NODES TASKS COMMAND …
in_allocation() {
    local nodes=$1 tasks=$2
    shift 2
    timeout 120 salloc --quiet --nodes="$nodes" --ntasks="$tasks" "$@" >words 2>&1 </dev/null
}
printf '#!/bin/sh\n[ "$1" = --version ] || echo "$(uname -n) ${SLURM_PROCID-none}"\n' >place
chmod +x place
places() { sort words | tr '\n' ' '; }

in_allocation 2 4 tools/launch --allocation 4 ./place
check "4 ranks on two nodes: srun starts them, one node after the other" [ "$(places)" = "h1 0 h1 1 h2 2 h2 3 " ]
in_allocation 2 4 tools/launch --allocation 1 ./place
check "one rank, without a warning" [ "$(places)" = "h1 0 " ]
in_allocation 1 1 tools/launch --allocation 3 ./place
check "more ranks than tasks run" [ "$(grep -c '^h1 [012]$' words)" = 3 ]
check "with a word" says '3 ranks share the processors of an allocation for 1'
in_allocation 2 4 tools/launch 2 ./place
check "whatever else starts programs stays on this computer" [ "$(places)" = "$(uname -n) none $(uname -n) none " ]
SLURM_JOB_ID=4711 tools/launch --allocation 2 ./place >words 2>&1
check "an allocation that has ended: on this computer" [ "$(grep -c "^$(uname -n) none" words)" = 2 ]
check "with a word" says 'SLURM_JOB_ID is 4711, and Slurm knows no such running job'
timeout 60 srun --quiet --nodes=1 --ntasks=2 tools/launch --allocation 2 ./place >words 2>&1
check "in tasks of an srun it is refused" [ $? -eq 2 ]
check "by name" says 'this is one of 2 tasks of an srun'
timeout 60 srun --quiet --nodes=1 --ntasks=1 tools/launch --allocation 2 ./place >words 2>&1
check "in a shell that srun started it runs" [ "$(grep -c '^h[12] [01]$' words)" = 2 ]

# bits ASSIGNMENT FOLDER COMMAND …: losses and parameters go to the folder.
bits() {
    local assignment=$1 folder=$2
    shift 2
    rm -rf "$folder"
    mkdir "$folder"
    timeout 120 "$@" make -s --no-print-directory train SUBMISSION=solutions ASSIGNMENT="$assignment" NP=4 \
        ARGS="--data synthetic --steps 20 --quiet --snapshots 0,20 --evidence '$work/$folder' --curve '$work/$folder/curve.csv'" >words 2>&1 </dev/null
    check "$assignment runs ($folder)" [ $? -eq 0 ]
    cut -d, -f1-5 "$folder/curve.csv" >"$folder/losses" 2>>words
    rm -f "$folder/curve.csv" "$folder"/*.log
}
same_bits() { # ASSIGNMENT FOLDER WHAT
    diff -r one "$2" >words 2>&1
    check "$1: $3: the same bits as on one computer" [ $? -eq 0 ]
}
for assignment in $(tools/rubrics handed-out); do
    bits "$assignment" one env
    check "losses and parameters are there" [ "$(wc -l <one/losses) $(find one -name '*.before-20.safetensors' | wc -l)" = "21 4" ]
    bits "$assignment" two salloc --quiet --nodes=2 --ntasks=4
    same_bits "$assignment" two "srun on two nodes"
done

# As docs/several-computers.md has it.
sed -n '/^    #!\/bin\/bash$/,/^$/s/^    //p' docs/several-computers.md >job.sh
check "the page has a script for sbatch" grep -q '^make train' job.sh
rm -rf build/curves
SUBMISSION=solutions timeout 120 sbatch --wait --output=job.words job.sh >words 2>&1
check "it runs" [ $? -eq 0 ]
cat job.words >>words 2>&1
check "and writes its curve" says 'learning curve: '

# An srun without PMIx.
mkdir bin
printf '#!/bin/sh\ncase "$*" in --mpi=list) echo "none pmi2"; exit ;; esac\nexec %s "$@"\n' "$(type -P srun)" >bin/srun
chmod +x bin/srun
bits "$default" one env
PATH=$work/bin:$PATH bits "$default" three salloc --quiet --nodes=2 --ntasks=4
same_bits "$default" three "mpirun in place of an srun without PMIx"
PATH=$work/bin:$PATH in_allocation 2 4 tools/launch --allocation 4 ./place
check "mpirun asks Slurm for the nodes" [ "$(grep -c '^h1 ' words) $(grep -c '^h2 ' words)" = "2 2" ]
check "with a word" says 'has no PMIx (srun --mpi=list)'

# ---- how runs end ---------------------------------------------------------------------------------------------

in_allocation 2 4 tools/launch --allocation 4 sh -c 'if [ "$SLURM_PROCID" = 3 ]; then kill -9 $$; fi; exec sleep 1000'
check "a rank that is killed ends the run" [ $? -ne 0 ]
check "and is named with its node" says 'h2: task 3: Killed'
check "and no rank is left" all_ended sleep
in_allocation 2 4 bash -c 'tools/launch --allocation 4 sleep 1000 & sleep 3; kill -KILL $!; sleep 1'
check "nor is one when the script is killed" all_ended sleep
in_allocation 2 4 tools/launch --allocation 4 "$program" --data synthetic --steps 1 --dump-gradients 7
check "what the program refuses" [ $? -eq 2 ]

# ---- a grade stays on one computer ------------------------------------------------------------------------------

printf '#!/bin/sh\necho "srun $*" >>%s/called\nexit 1\n' "$work" >bin/srun
rm -f called
PATH=$work/bin:$PATH in_allocation 2 4 make -s --no-print-directory grade SUBMISSION=solutions ASSIGNMENT=example OUT="$work/grade"
check "a grade in an allocation succeeds" [ $? -eq 0 ]
check "and never calls srun" [ ! -e called ]
summary
