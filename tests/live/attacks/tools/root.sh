# Builds a private root at /mnt/root: the machine's own files under an overlay in memory, so that system paths can be
# written and all of it is gone with the mount namespace.
# root.sh expects TOOLS, SLUG and SCRIPT in the environment.
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
mkdir -p "attack/$SLUG" attack/tools root/.ssh
chmod 777 "attack/$SLUG"
cp "$TOOLS"/* attack/tools/
printf '%s\n' "$SCRIPT" >attack/script.sh
