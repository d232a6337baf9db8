#!/usr/bin/env -S bash -p
# Tests of tools/launch: which mpirun it starts, what it says of one that is no Open MPI's, and of runs that
# can't start or never end.
# What others expand is no expression of this script:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

# A kit of its own that has only what the script reads.
launcher=$work/kit
mkdir -p "$launcher/tools" "$launcher/common/base" "$launcher/build" "$work/bin" "$work/other"
cp "$kit/tools/launch" "$kit/tools/environment" "$launcher/tools/"
cp "$kit/common/base/environment_names.h" "$launcher/common/base/"
program=$kit/${B:-build}/programs/solutions/example
if [[ ${B:-} = /* ]]; then program=$B/programs/solutions/example; fi

# mpirun_is PATH NAME-AND-VERSION COMMANDS: a program that calls itself so.
mpirun_is() {
    printf '#!/bin/bash\ncase " $* " in *" --version "*) echo "%s"; exit 0 ;; esac\n%s\n' "$2" "$3" >"$1"
    chmod +x "$1"
}
launch() { "$launcher/tools/launch" "$@" >"$work/words" 2>&1 </dev/null; }
lines() { [ "$(wc -l <"$work/words")" -eq "$1" ]; }

# ---- which mpirun ----------------------------------------------------------------------------------------

mpirun_is "$work/bin/mpirun" 'HYDRA build details:' 'echo "[mpiexec] unrecognized argument quiet" >&2; exit 255'
mpirun_is "$work/other/mpirun.right" 'mpirun (Open MPI) 4.1.4' 'echo "$*"; exit 7'
path=$PATH
PATH=$work/bin:$path
launch 2 /bin/true
check "another MPI's is refused" [ $? -eq 1 ]
check "and named" says "the mpirun in PATH ($work/bin/mpirun) is not Open MPI's"
check "in one line" lines 1

echo "MPIRUN         := $work/other/mpirun.right" >"$launcher/build/config.mk"
launch 2 /bin/true --option
check "the one that the kit was configured with is started, and its exit status is the script's" [ $? -eq 7 ]
check "with the program" says '/bin/true --option'
check "and that is said" says "is not Open MPI's, so $work/other/mpirun.right starts the ranks"
PATH=$path launch 2 /bin/true
check "nothing is said of Open MPI's own" [ -z "$(grep 'starts the ranks' "$work/words")" ]

mpirun_is "$work/other/mpirun.right" 'mpirun (Open MPI) 4.1.4' 'echo "libraries: ${LD_LIBRARY_PATH-none}"'
LD_LIBRARY_PATH=/conda/lib launch 1 /bin/true
check "LD_LIBRARY_PATH stays where it is not known to be without need" says 'libraries: /conda/lib'
echo 'LIBRARIES_AT_RUN := ' >>"$launcher/build/config.mk"
LD_LIBRARY_PATH=/conda/lib launch 1 /bin/true
check "else it is taken away" says 'libraries: none'
sed -i 's,^LIBRARIES.*,LIBRARIES_AT_RUN := /nowhere/mpi/lib,' "$launcher/build/config.mk"
LD_LIBRARY_PATH=/conda/lib launch 1 /bin/true
check "or is that of the configuration" says 'libraries: /nowhere/mpi/lib'

rm "$work/other/mpirun.right"
launch 2 /bin/true
check "one that is gone is refused" [ $? -eq 1 ]
check "by name" says "$work/other/mpirun.right, which the kit was configured with, is gone"
rm "$launcher/build/config.mk"
mkdir "$work/bare"
for name in bash cat env rm; do ln -s "$(type -P $name)" "$work/bare/$name"; done
PATH=$work/bare launch 2 /bin/true
check "none at all" says 'there is no mpirun in PATH'

# ---- one that waits for ever -----------------------------------------------------------------------------

mpirun_is "$work/bin/mpirun" 'mpirun (Open MPI) 4.1.4' "(exit 1) & (exit 3) & echo \$\$ >$work/pid; exec sleep 1000"
PATH=$work/bin:$path launch 2 /bin/true
check "an mpirun without ranks is ended" [ $? -eq 1 ]
check "with a word" says 'mpirun waits, and there has been no rank for 1'
check "and nothing is left" [ ! -e "/proc/$(cat "$work/pid")" ]
PATH=$path

# ---- no room for what MPI writes -----------------------------------------------------------------------------

# on_small FOLDER OPTIONS: a run where this folder is small, in a name space of its own.
on_small() {
    unshare -m sh -c 'mount -t tmpfs -o "$2" none "$1" && TMPDIR=${3:-/tmp} exec "$4" 2 "$5" --steps 1 --quiet' \
        sh "$1" "$2" "${3:-}" "$launcher/tools/launch" "$program" >"$work/words" 2>&1 </dev/null
}
mkdir "$work/small"
if unshare -m true 2>/dev/null && [ -x "$program" ]; then
    on_small "$work/small" nr_inodes=6 "$work/small"
    check "a TMPDIR without room for files fails" [ $? -ne 0 ]
    check "and is named" says "Open MPI writes into $work/small, which has room for only"
    on_small "$work/small" size=64k,ro "$work/small"
    check "one that is read-only is named, too" says "Open MPI writes into $work/small (TMPDIR)"
    on_small /dev/shm size=64k
    check "a small /dev/shm fails" [ $? -ne 0 ]
    check "and is named" says 'Open MPI writes into /dev/shm, which has only'
fi
summary
