# Becomes the action: a private root, a cgroup if one is given, then the script.
# stage.sh [CGROUP.PROCS...]
. "$TOOLS/root.sh"
if [ "$$" = 1 ]; then mount -t proc proc proc; else mount --bind /proc proc; fi
mount -t tmpfs -o mode=755 tmpfs dev
mkdir -m 1777 dev/shm
mkdir dev/pts
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=666
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for members; do echo 0 >"$members"; done
pivot_root . mnt
cd "/attack/$SLUG"
umount -l /mnt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm LANG=C.UTF-8 \
    bash /attack/tools/run.sh /attack/script.sh
