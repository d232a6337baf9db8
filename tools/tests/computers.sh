# shellcheck shell=bash
# Several computers on one: network namespaces with names and addresses of their own, joined by a bridge. To be
# sourced, and entered before all else. All of it, and every process, is in one namespace of processes, which ends
# with the script, however that ends; nothing of it can be seen from outside.

# Starts the script again inside, where it may be; elsewhere it sets refused to the reason. ARGUMENT …: the script's.
enter_computers() {
    local inside=(unshare --net --mount --pid --fork --kill-child --mount-proc)
    refused=
    if [ "${COMPUTERS_OF:-}" = "$0" ]; then
        # The first process of a namespace gets no signal that it does not wait for.
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        return
    fi
    if ! command -v unshare >/dev/null || ! command -v nsenter >/dev/null || ! command -v ip >/dev/null; then
        refused="there is no unshare, nsenter or ip (packages util-linux and iproute2)"
        return
    fi
    if [ "$EUID" != 0 ]; then inside+=(--user --map-root-user); fi
    if ! refused=$("${inside[@]}" bash -p -c 'mount -t tmpfs none /run && ip netns add a && ip netns add b &&
        ip link add bridge type bridge && ip link add v type veth peer name eth0 netns a &&
        nsenter --net=/run/netns/a unshare --uts --mount hostname a' 2>&1); then
        refused="name spaces are refused here (${refused//$'\n'/; })"
        return
    fi
    COMPUTERS_OF=$0 exec "${inside[@]}" bash -p "$0" "$@"
}

# Computers of these names, 10.77.0.1 and on; this one is 10.77.0.254. Commands get there by `on`, and by what
# mpirun calls in place of ssh. A file work/on-NAME has commands that make the computer look different.
begin_computers() { # NAME …
    local name number=0
    mount -t tmpfs none /run
    ip link set lo up
    ip link add bridge type bridge
    ip address add 10.77.0.254/24 dev bridge
    ip link set bridge up
    for name in "$@"; do
        number=$((number + 1))
        ip netns add "$name"
        ip link add "to-$name" type veth peer name eth0 netns "$name"
        ip link set "to-$name" master bridge up
        ip -n "$name" address add "10.77.0.$number/24" dev eth0
        ip -n "$name" link set eth0 up
        ip -n "$name" link set lo up
    done
    cat >"$work/agent" <<AGENT
#!/bin/sh
host=\$1
shift
echo "\$host" >>"$work/asked"
[ -e "/run/netns/\$host" ] || { echo "agent: no computer has the name \$host" >&2; exit 255; }
exec nsenter --net="/run/netns/\$host" unshare --uts --mount sh -c 'hostname "\$1"
    if [ -e "$work/on-\$1" ]; then . "$work/on-\$1"; fi
    exec sh -c "\$2"' sh "\$host" "\$*"
AGENT
    chmod +x "$work/agent"
    export OMPI_MCA_plm_rsh_agent=$work/agent
}

# on NAME COMMAND …: as if typed there.
on() { nsenter --net="/run/netns/$1" unshare --uts sh -c 'hostname "$1"; shift; exec "$@"' sh "$@"; }

# Have all processes of these names ended, soon?
all_ended() { # NAME …
    local name tries
    for name in "$@"; do
        for tries in {1..50}; do
            pgrep "$name" >/dev/null || continue 2
            sleep 0.2
        done
        echo "left after $((tries / 5)) s:" >>"$work/words"
        pgrep -a "$name" >>"$work/words"
        return 1
    done
}
