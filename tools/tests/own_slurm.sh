# shellcheck shell=bash
# A Slurm of our own, in a folder of its own, whose nodes are the computers h1 and h2 of computers.sh. To be sourced behind that.

# Ends the script, with a reason, where Slurm is not installed.
skip_without_slurm() {
    local command
    PATH=$PATH:/usr/sbin:/sbin
    for command in slurmctld slurmd srun sbatch salloc munged; do
        if ! type -P "$command" >/dev/null; then
            echo "skipped: there is no $command here (Debian's packages slurmctld, slurmd, slurm-client, munge)"
            exit
        fi
    done
}

# Starts it in `work`, behind begin_computers h1 h2. Ends the script where its nodes don't come up.
# shellcheck disable=SC2154 # work: support.sh
begin_slurm() {
    local name host idle=
    unset OMPI_MCA_plm_rsh_agent
    for name in "${!SLURM_@}"; do unset "$name"; done
    slurm=$work/slurm
    mkdir -p "$slurm"/{state,spool-h1,spool-h2,tmp-h1,tmp-h2}
    mkdir -m 700 "$slurm/munge"
    head -c 128 /dev/urandom >"$slurm/munge/key"
    chmod 600 "$slurm/munge/key"
    cat >"$slurm/slurm.conf" <<CONFIGURATION
ClusterName=kit
SlurmctldHost=$(uname -n)(10.77.0.254)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool-%n
TmpFS=$slurm/tmp-%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd-%n.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd-%n.log
NodeName=h1 NodeAddr=10.77.0.1 CPUs=2 State=UNKNOWN
NodeName=h2 NodeAddr=10.77.0.2 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=h1,h2 Default=YES MaxTime=INFINITE State=UP
CONFIGURATION
    export SLURM_CONF=$slurm/slurm.conf
    munged --socket="$slurm/munge/socket" --key-file="$slurm/munge/key" --log-file="$slurm/munge/log" \
        --pid-file="$slurm/munge/pid" --seed-file="$slurm/munge/seed" --force >"$work/munge.words" 2>&1
    slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
    for host in h1 h2; do on "$host" slurmd -D -f "$SLURM_CONF" -N "$host" >/dev/null 2>&1 & done
    for _ in {1..60}; do
        sleep 0.5
        idle=$(timeout 10 sinfo --noheader --states=idle --format=%D 2>/dev/null) || idle=
        if [ "$idle" = 2 ]; then break; fi
    done
    cat "$work/munge.words" "$slurm"/*.log >"$work/words" 2>&1
    check "two nodes of Slurm are there" [ "$idle" = 2 ]
    if [ "$idle" != 2 ]; then
        summary
        exit
    fi
}
