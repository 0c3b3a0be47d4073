# Runs the script as the first process of a container of runc: stage_runc.sh ID CONFIG
# TERMINAL in the environment gives the container a terminal.
. "$TOOLS/root.sh"
mkdir /mnt/state
cp "$2" /mnt/config.json
cd /mnt
runc="runc --root /mnt/state run --bundle /mnt $1"
if [ "$TERMINAL" ]; then exec script -qec "$runc" /dev/null; fi
exec $runc
