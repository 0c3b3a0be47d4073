# What the scripts of the actions share; sourced by run.sh, inside the private root.

ADDRESS=198.51.100.1
METADATA=169.254.169.254

# Runs a program under another name, as the kernel sees it: disguised NAME PROGRAM [ARGUMENT...]
disguised() {
    local name=$1 program=$2
    shift 2
    ln -sf "$(type -P "$program")" "./$name"
    "./$name" "$@"
}

# Runs a program as a user who is not root: as_user USER PROGRAM [ARGUMENT...]
as_user() {
    local user=$1
    shift
    setpriv --reuid="$user" --regid=nogroup --clear-groups "$@"
}

# Runs a command line on a terminal of its own.
on_terminal() {
    script -qec "$1" /dev/null </dev/null >/dev/null
}

# Gives the namespace addresses that are neither loopback nor private: the rules leave those out.
network() {
    ip link set lo up
    ip address add "$ADDRESS/24" dev lo
    ip address add "$METADATA/32" dev lo
}

# Accepts one connection in the background: listen PORT [BYTES IN HEXADECIMAL [ADDRESS]]
listen() {
    exec {LISTENING}< <(exec python3 -IS "$TOOLS/listen.py" "${3:-$ADDRESS}" "$1" "${2:-}")
    read -r -u "$LISTENING"
}

# Connects to a port where something listens, and closes: connect ADDRESS PORT
connect() {
    : <>"/dev/tcp/$1/$2"
}

# Makes a system call that no program at hand makes: call NAME [ARGUMENT...]
call() {
    python3 -IS "$TOOLS/calls.py" "$@"
}
