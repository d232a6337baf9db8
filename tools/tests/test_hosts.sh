#!/usr/bin/env -S bash -p
# Tests of runs over several computers (tools/hosts): files of hosts, hosts that are not fit, and real runs on two
# hosts that give the same bits as one.
# What others expand is no expression of this script:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/computers.sh
. "$(dirname "${BASH_SOURCE[0]}")/computers.sh"
enter_computers "$@"
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy_kit
cd "$work" || exit 1
default=$(<assignments/default)
program=build/programs/solutions/$default
options=(--data synthetic --steps 20 --quiet)

if [ -z "$refused" ]; then begin_computers h1 h2; fi
agent=${OMPI_MCA_plm_rsh_agent:-}
# Open MPI's own folders there: inside, everybody is root, and in /tmp root may have some already.
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
unset OMPI_MCA_plm_rsh_agent

launch() {
    local status=0
    timeout 60 tools/launch "$@" >words 2>&1 </dev/null || status=$?
    # Open MPI's, when a process of its own was faster than it thought.
    sed -i '/plm:rsh: Warning: setpgid/d' words
    return $status
}
hosts() { printf '%s\n' "$@" >hosts.txt; }
lines() { [ "$(wc -l <words)" -eq "$1" ]; }

# refused WHAT STATUS WORDS: what the last command ended with, in one line.
refused() {
    local status=$?
    check "$1: exit status $2" [ "$status" -eq "$2" ]
    check "$1: says $3" says "$3"
    check "$1: in one line" lines 1
}

make -s --no-print-directory build SUBMISSION=solutions ASSIGNMENT="$default" >words 2>&1
check "the program of the solutions is built" [ -x "$program" ]

# ---- the file of hosts -----------------------------------------------------------------------------------

of_file() { launch --hosts hosts.txt 4 "$program" "${options[@]}"; }
rm -f hosts.txt
of_file
refused "no file" 2 'HOSTS=hosts.txt: there is no such file'
launch --hosts . 4 "$program"
refused "a folder" 2 'can'"'"'t be read, or is no file'
hosts '# nobody' ''
of_file
refused "an empty file" 2 'names no host'
for line in 'h2 slot=2' 'h2 2' 'h2:two' 'h2 slots=0' 'h2 slots=' 'fe80::1 slots=2' '-oProxyCommand=x' 'h2;ls slots=2' '$(ls)'; do
    hosts 'localhost slots=2' "$line"
    of_file
    refused "the line $line" 2 "line 2: \"$line\" is not"
done
hosts 'localhost slots=2' 'localhost'
of_file
refused "a host twice, once without a number" 2 'line 2: localhost stands there twice'
hosts 'localhost slots=2 max_slots=4  # this one' $'localhost:1\r'
of_file
refused "too few slots" 2 'has room for 3 ranks, and NP is 4'
hosts 'localhost slots=2' 'localhost slots=2'
of_file
check "lines of one host add up, and this computer needs no ssh" [ $? -eq 0 ]
make -s --no-print-directory train SUBMISSION=solutions ASSIGNMENT="$default" HOSTS="no file" >words 2>&1
check "make train says it, too" says 'HOSTS=no file: there is no such file'

# ---- hosts that can't be logged in to -----------------------------------------------------------------------

# An ssh that says what ssh says of such hosts.
ssh_says() { # WORDS STATUS
    mkdir -p bin
    printf '#!/bin/sh\necho "$*" >ssh.words\necho "%s" >&2\nexit %s\n' "$1" "$2" >bin/ssh
    chmod +x bin/ssh
    hosts 'elsewhere slots=4'
    PATH=$work/bin:$PATH launch --hosts hosts.txt 4 "$program" "${options[@]}"
}
ssh_says 'ssh: Could not resolve hostname elsewhere: Name or service not known' 255
refused "a name that nobody knows" 1 "elsewhere can't be reached: ssh: Could not resolve hostname"
check "ssh is told not to ask for a password" grep -q 'BatchMode=yes' ssh.words
ssh_says 'me@elsewhere: Permission denied (publickey,password).' 255
refused "a host that wants a password" 1 'elsewhere lets nobody in without a password'
ssh_says 'Host key verification failed.' 255
refused "a host that ssh has not seen" 1 'elsewhere is not known to ssh here: log in once by hand'
ssh_says '' 7
refused "an agent without a word" 1 'ended with exit status 7 and without a word'
OMPI_MCA_plm_rsh_agent=no-such-agent launch --hosts hosts.txt 4 "$program"
refused "an agent that is not there" 1 'there is no no-such-agent here'

if [ -n "$refused" ]; then
    echo "skipped: runs on hosts in name spaces: $refused"
    summary
    exit
fi

# ---- hosts that are not fit -----------------------------------------------------------------------------------

export OMPI_MCA_plm_rsh_agent=$agent
# on_h2 COMMANDS: h2 looks different while the program is launched there.
on_h2() {
    printf '%s\n' "$1" >on-h2
    hosts 'h1 slots=2' 'h2 slots=2'
    of_file
}
on_h2 "mount -t tmpfs none '$work/..'"
refused "no folder" 1 "h2 has no folder $work: the kit must be at the same path"
on_h2 "mount -t tmpfs none '$work/build'"
refused "no program" 1 "h2 has the folder $work and no program $program"
on_h2 "mount --bind /bin/true '$work/$program'"
refused "another build" 1 "h2 has another build of $program"
printf '#!/bin/sh\necho "orted (OpenRTE) 1.2.3"\n' >orted
chmod +x orted
on_h2 'mount --bind '"$work"'/orted "$(realpath "$(command -v orted)")"'
refused "another Open MPI" 1 'there it is: orted (OpenRTE) 1.2.3'
rm on-h2
printf '#!/bin/sh\n[ "$(uname -n)" = h2 ] || exit 0\necho "built for a processor with avx1024" >&2\nexit 1\n' >odd
chmod +x odd
launch --hosts hosts.txt 4 ./odd
refused "another processor" 1 "h2 can't run ./odd: built for a processor with avx1024"
hosts 'h1 slots=2' 'h3 slots=2'
of_file
refused "a host that is not there" 1 "h3 can't be reached: agent: no computer has the name h3"
: >asked
hosts 'h1 slots=4' 'h3 slots=2'
of_file
check "a host that no rank is left for" [ $? -eq 0 ]
check "is not asked" [ "$(sort -u asked)" = h1 ]
hosts h1 h2
cores=$((2 * $(nproc)))
launch --hosts hosts.txt $((cores + 1)) "$program"
refused "without a number a host has its cores" 2 "has room for $cores ranks"

# ---- the same bits ---------------------------------------------------------------------------------------------

# bits ASSIGNMENT FOLDER COMMAND …: losses and parameters go to the folder.
bits() {
    local assignment=$1 folder=$2
    shift 2
    mkdir -p "$folder"
    "$@" timeout 120 make -s --no-print-directory train SUBMISSION=solutions ASSIGNMENT="$assignment" NP=4 CURVE=bits \
        HOSTS="$hosts" ARGS="--data synthetic --steps 20 --quiet --snapshots 0,20 --evidence '$work/$folder' --curve '$work/$folder/curve.csv'" >words 2>&1 </dev/null
    check "$assignment runs ($folder)" [ $? -eq 0 ]
    cut -d, -f1-5 "$folder/curve.csv" >"$folder/losses" 2>>words
    rm -f "$folder/curve.csv" "$folder"/*.log
}
same_bits() { # ASSIGNMENT
    local assignment=$1
    hosts=
    rm -rf one two third
    bits "$assignment" one env
    check "20 losses and the parameters of 4 ranks are there" [ "$(wc -l <one/losses) $(find one -name '*.before-20.safetensors' | wc -l)" = "21 4" ]
    check "the parameters change" [ "$(cat one/*.before-0.* | cksum)" != "$(cat one/*.before-20.* | cksum)" ]
    hosts 'h1 slots=2' 'h2 slots=2'
    hosts=hosts.txt
    : >asked
    bits "$assignment" two env
    diff -r one two >words 2>&1
    check "$assignment: two hosts give the same bits as one" [ $? -eq 0 ]
    check "both hosts were used" [ "$(sort -u asked | tr '\n' ' ')" = "h1 h2 " ]
}
for assignment in $(tools/rubrics handed-out); do same_bits "$assignment"; done
bits "$assignment" third on h1
diff -r one third >words 2>&1
check "started on the first of the hosts: the same bits" [ $? -eq 0 ]

# ---- checkpoints ---------------------------------------------------------------------------------------------------

hosts 'h1 slots=2' 'h2 slots=2'
goes_on() { # CURVE OPTION …
    local curve=$1
    shift
    launch --hosts hosts.txt 4 "$program" --data synthetic --quiet --checkpoint-folder kept --curve "$curve.csv" "$@"
}
goes_on kept --checkpoint 2 --steps 3
check "two hosts write their checkpoints into one folder" [ "$(find kept/step-3 -name 'rank-*.safetensors' | wc -l)" -eq 4 ]
goes_on kept --checkpoint 2 --steps 6 --resume
check "and go on from there" [ $? -eq 0 ]
launch 4 "$program" --data synthetic --quiet --steps 6 --curve whole.csv
check "to the bits of one computer" [ "$(cut -d, -f1-5 kept.csv)" = "$(cut -d, -f1-5 whole.csv)" ]
echo "mount -t tmpfs none '$work/kept'" >on-h2
goes_on other --checkpoint 2 --steps 8 --resume
refused "a folder of each host's own" 2 'kept: rank 2, on h2, does not find there what rank 0, on h1, has there: all computers'
goes_on other --steps 8 --resume
refused "only to go on, too" 2 'kept: rank 2, on h2, does not find there what rank 0, on h1, has there: all computers'
rm -r kept/step-*
goes_on other --checkpoint 2 --steps 3
refused "and from the start" 2 'kept: rank 2, on h2, does not find there what rank 0, on h1, has there: all computers'
check "where nothing is written" [ "$(ls kept)" = lock ]
rm on-h2

# ---- where ranks are, and how they end ----------------------------------------------------------------------------

printf '#!/bin/sh\necho "${OMPI_COMM_WORLD_RANK-asked} $(uname -n) ${OMP_NUM_THREADS-} ${TEXT_FILE-}"\n' >place
chmod +x place
TEXT_FILE="a b" launch --hosts hosts.txt 3 ./place
sort -o words words
check "ranks fill one host after the other, and have what the kit reads from the environment" \
    [ "$(cat words)" = $'0 h1 1 a b\n1 h1 1 a b\n2 h2 1 a b' ]

# end_of WORDS COMMAND …: it is run once rank 3 trains; then the launch ends soon, with these words, and nothing is left.
end_of() {
    local words=$1 ended launched tries process
    shift
    (timeout 60 tools/launch --hosts hosts.txt 4 "$program" --data synthetic --steps 10000000 --quiet >words 2>&1 </dev/null) &
    launched=$!
    rank3=
    for tries in {1..100}; do
        sleep 0.1
        for process in $(pgrep -x "$default"); do
            if grep -qxz OMPI_COMM_WORLD_RANK=3 "/proc/$process/environ" 2>/dev/null; then rank3=$process; fi
        done
        if [ -n "$rank3" ]; then break; fi
    done
    sleep 0.5
    "$@"
    wait $launched 2>/dev/null
    ended=$?
    check "$words: it fails" [ $ended -ne 0 ]
    check "$words: not by the clock" [ $ended -ne 124 ]
    if [ -n "$words" ]; then check "says $words" says "$words"; fi
    check "$words: no process is left" all_ended "$default" orted mpirun
}
kill_rank_3() { kill -"$1" "$rank3"; }
end_of 'rank 3, on h2, was ended by signal 9' kill_rank_3 KILL
check "once" [ "$(grep -c '^tools/launch' words)" -eq 1 ]
daemon_ends() { kill -KILL "$(pgrep -n 'orted')"; }
end_of 'the connection to one of the hosts was lost' daemon_ends
launch_ends() { kill -KILL "$(pgrep -f 'bash -p tools/launch' | head -n 1)"; }
end_of '' launch_ends
mpirun_ends() { kill -KILL "$(pgrep 'mpirun')"; }
end_of '' mpirun_ends
printf 'a text of the other host, which is as long as one has to be: %s\n' {1..1000} >other.txt
printf 'a text of this host, which is as long as one has to be, too: %s\n' {1..1000} >here.txt
echo "mount --bind '$work/other.txt' '$work/here.txt'" >on-h2
TEXT_FILE=$work/here.txt launch --hosts hosts.txt 4 "$program" --data text --model gpt --steps 1 --quiet
check "other data on another host end the run" [ $? -eq 1 ]
check "with a sentence" says 'the ranks see different data: rank 0 has'
rm on-h2
launch --hosts hosts.txt 4 "$program" --data synthetic --steps 1 --dump-gradients 7
refused "what the program refuses" 2 'refused: '
# A firewall: h1 and h2 each reach this computer, from which they are started, and their packets for each other are lost.
for host in h1 h2; do
    bridge link set dev "to-$host" isolated on
    ip -n "$host" neighbour replace 10.77.0.$((3 - ${host#h})) lladdr 02:00:00:00:00:01 dev eth0
done
REACH_SECONDS=3 launch --hosts hosts.txt 4 "$program" "${options[@]}"
check "hosts that don't reach each other end the run" [ $? -eq 1 ]
check "with a sentence" says 'rank 0, on h1, and rank '
check "and no process is left" all_ended "$default" orted mpirun
summary
