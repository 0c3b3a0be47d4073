/* Calls on names: links, folders, modes, owners, mounts. */
#define _GNU_SOURCE
#include "calls.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void one_path(const char *event, long res, const char *param, const char *path)
{
    expect(event);
    num("res", res);
    text(param, path);
}

static void folders(void)
{
    one_path("SYSCALL_MKDIR_2_X", CALL(__NR_mkdir, "made", 0751), "path", "made"), num("mode", 0751), done();
    one_path("SYSCALL_MKDIR_2_X", CALL(__NR_mkdir, "made", 0700), "path", "made"), num("mode", 0700), done();
    one_path("SYSCALL_MKDIR_2_X", CALL(__NR_mkdir, long_path("made2"), 0700), "path", long_path("made2")), num("mode", 0700), done();
    int dir = open_file("made", O_RDONLY | O_DIRECTORY, 0);
    long res = CALL(__NR_mkdirat, dir, LONG_NAME, 0700);
    EXPECT("SYSCALL_MKDIRAT_X", num("res", res), num("dirfd", dir), text("path", LONG_NAME), num("mode", 0700));
    res = CALL(__NR_mkdirat, AT_FDCWD, "absent/x", 0711);
    EXPECT("SYSCALL_MKDIRAT_X", num("res", res), num("dirfd", -100), text("path", "absent/x"), num("mode", 0711));
    one_path("SYSCALL_RMDIR_2_X", CALL(__NR_rmdir, "made/" LONG_NAME), "path", "made/" LONG_NAME), done();
    one_path("SYSCALL_RMDIR_2_X", CALL(__NR_rmdir, "/absent"), "path", "/absent"), done();
    QUIET(__NR_mkdir, "made/in", 0700);
    res = CALL(__NR_unlinkat, dir, "in", AT_REMOVEDIR);
    EXPECT("SYSCALL_UNLINKAT_2_X", num("res", res), num("dirfd", dir), text("name", "in"), names("flags", "AT_REMOVEDIR"));
    res = CALL(__NR_unlinkat, AT_FDCWD, "/absent", 0);
    EXPECT("SYSCALL_UNLINKAT_2_X", num("res", res), num("dirfd", -100), text("name", "/absent"), num("flags", 0));
    fill_file("gone", 1);
    one_path("SYSCALL_UNLINK_2_X", CALL(__NR_unlink, "gone"), "path", "gone"), done();
    one_path("SYSCALL_UNLINK_2_X", CALL(__NR_unlink, "gone"), "path", "gone"), done();
}

static void two_paths(const char *event, long res, const char *from, const char *to)
{
    expect(event);
    num("res", res);
    text("oldpath", from);
    text("newpath", to);
}

static void links(void)
{
    fill_file("linked", 1);
    int dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    two_paths("SYSCALL_LINK_2_X", CALL(__NR_link, "linked", "link-a"), "linked", "link-a"), done();
    two_paths("SYSCALL_LINK_2_X", CALL(__NR_link, "absent", "link-b"), "absent", "link-b"), done();
    two_paths("SYSCALL_LINKAT_2_X", CALL(__NR_linkat, dir, "linked", AT_FDCWD, "link-c", AT_SYMLINK_FOLLOW), "linked", "link-c");
    num("olddir", dir), num("newdir", -100), names("flags", "AT_SYMLINK_FOLLOW"), done();
    two_paths("SYSCALL_LINKAT_2_X", CALL(__NR_linkat, -9, "linked", dir, "link-d", 0), "linked", "link-d");
    num("olddir", -9), num("newdir", dir), num("flags", 0), done();
    long res = CALL(__NR_symlink, "to/any\xff", "sym-a");
    EXPECT("SYSCALL_SYMLINK_X", num("res", res), text("target", "to/any\xff"), text("linkpath", "sym-a"));
    res = CALL(__NR_symlink, "x", "sym-a");
    EXPECT("SYSCALL_SYMLINK_X", num("res", res), text("target", "x"), text("linkpath", "sym-a"));
    res = CALL(__NR_symlinkat, "target", dir, "sym-b");
    EXPECT("SYSCALL_SYMLINKAT_X", num("res", res), text("target", "target"), num("linkdirfd", dir), text("linkpath", "sym-b"));
    res = CALL(__NR_symlinkat, "target", -100, "absent/y");
    EXPECT("SYSCALL_SYMLINKAT_X", num("res", res), text("target", "target"), num("linkdirfd", -100), text("linkpath", "absent/y"));
    two_paths("SYSCALL_RENAME_X", CALL(__NR_rename, "link-a", "renamed"), "link-a", "renamed"), done();
    two_paths("SYSCALL_RENAME_X", CALL(__NR_rename, "link-a", "renamed"), "link-a", "renamed"), done();
    two_paths("SYSCALL_RENAMEAT_X", CALL(__NR_renameat, dir, "renamed", -100, "again"), "renamed", "again");
    num("olddirfd", dir), num("newdirfd", -100), done();
    two_paths("SYSCALL_RENAMEAT_X", CALL(__NR_renameat, -100, "none", dir, "again"), "none", "again");
    num("olddirfd", -100), num("newdirfd", dir), done();
    two_paths("SYSCALL_RENAMEAT2_X", CALL(__NR_renameat2, dir, "again", -100, "linked", RENAME_EXCHANGE), "again", "linked");
    num("olddirfd", dir), num("newdirfd", -100), names("flags", "RENAME_EXCHANGE"), done();
    two_paths("SYSCALL_RENAMEAT2_X", CALL(__NR_renameat2, -100, "again", dir, "linked", RENAME_NOREPLACE), "again", "linked");
    num("olddirfd", -100), num("newdirfd", dir), names("flags", "RENAME_NOREPLACE"), done();
}

static void modes(void)
{
    fill_file("moded", 1);
    int fd = open_file("moded", O_RDWR, 0), dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    one_path("SYSCALL_CHMOD_X", CALL(__NR_chmod, "moded", 04755), "filename", "moded"), num("mode", 04755), done();
    one_path("SYSCALL_CHMOD_X", CALL(__NR_chmod, "absent", 0644), "filename", "absent"), num("mode", 0644), done();
    long res = CALL(__NR_fchmod, fd, 02711);
    EXPECT("SYSCALL_FCHMOD_X", num("res", res), num("fd", fd), num("mode", 02711));
    res = CALL(__NR_fchmod, -1, 01777);
    EXPECT("SYSCALL_FCHMOD_X", num("res", res), num("fd", -1), num("mode", 01777));
    res = CALL(__NR_fchmodat, dir, "moded", 0600);
    EXPECT("SYSCALL_FCHMODAT_X", num("res", res), num("dirfd", dir), text("filename", "moded"), num("mode", 0600));
    res = CALL(__NR_fchmodat, -100, "absent", 0601);
    EXPECT("SYSCALL_FCHMODAT_X", num("res", res), num("dirfd", -100), text("filename", "absent"), num("mode", 0601));
    one_path("SYSCALL_ACCESS_X", CALL(__NR_access, "moded", 4 | 2), "name", "moded"), names("mode", "R_OK|W_OK"), done();
    one_path("SYSCALL_ACCESS_X", CALL(__NR_access, "absent", 0), "name", "absent"), num("mode", 0), done();
}

static void owned(const char *event, long res, const char *path)
{
    expect(event);
    num("res", res);
    if (path)
        text("path", path);
    num("uid", 1234);
    big("gid", 0xffffffff);
    done();
}

static void owners(void)
{
    fill_file("owned", 1);
    QUIET(__NR_symlink, "owned", "owned-link");
    int fd = open_file("owned", O_RDWR, 0), dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    owned("SYSCALL_CHOWN_X", CALL(__NR_chown, "owned", 1234, -1), "owned");
    owned("SYSCALL_CHOWN_X", CALL(__NR_chown, "absent", 1234, -1), "absent");
    owned("SYSCALL_LCHOWN_X", CALL(__NR_lchown, "owned-link", 1234, -1), "owned-link");
    owned("SYSCALL_LCHOWN_X", CALL(__NR_lchown, "absent", 1234, -1), "absent");
    long res = CALL(__NR_fchown, fd, 1234, 5678);
    EXPECT("SYSCALL_FCHOWN_X", num("res", res), num("fd", fd), num("uid", 1234), num("gid", 5678));
    res = CALL(__NR_fchown, -1, 1, 2);
    EXPECT("SYSCALL_FCHOWN_X", num("res", res), num("fd", -1), num("uid", 1), num("gid", 2));
    res = CALL(__NR_fchownat, fd, "", 7, 8, AT_EMPTY_PATH);
    EXPECT("SYSCALL_FCHOWNAT_X", num("res", res), num("dirfd", fd), text("pathname", ""), num("uid", 7), num("gid", 8),
           names("flags", "AT_EMPTY_PATH"));
    res = CALL(__NR_fchownat, dir, "absent", 7, 8, AT_SYMLINK_NOFOLLOW);
    EXPECT("SYSCALL_FCHOWNAT_X", num("res", res), num("dirfd", dir), text("pathname", "absent"), num("uid", 7), num("gid", 8),
           names("flags", "AT_SYMLINK_NOFOLLOW"));
}

static void facts(void)
{
    struct stat st;
    fill_file("stated", 1);
    int fd = open_file("stated", O_RDWR, 0), dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    one_path("SYSCALL_STAT_X", CALL(__NR_stat, long_path("stated"), &st), "path", long_path("stated")), done();
    one_path("SYSCALL_STAT_X", CALL(__NR_stat, LONG_NAME "-no", &st), "path", LONG_NAME "-no"), done();
    one_path("SYSCALL_LSTAT_X", CALL(__NR_lstat, "stated", &st), "path", "stated"), done();
    one_path("SYSCALL_LSTAT_X", CALL(__NR_lstat, "absent", &st), "path", "absent"), done();
    long res = CALL(__NR_fstat, fd, &st);
    EXPECT("SYSCALL_FSTAT_X", num("res", res), num("fd", fd));
    res = CALL(__NR_fstat, -1, &st);
    EXPECT("SYSCALL_FSTAT_X", num("res", res), num("fd", -1));
    res = CALL(__NR_newfstatat, dir, "stated", &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    EXPECT("SYSCALL_NEWFSTATAT_X", num("res", res), num("dirfd", dir), text("path", "stated"),
           names("flags", "AT_SYMLINK_NOFOLLOW|AT_NO_AUTOMOUNT"));
    res = CALL(__NR_newfstatat, -100, "absent", &st, AT_EMPTY_PATH);
    EXPECT("SYSCALL_NEWFSTATAT_X", num("res", res), num("dirfd", -100), text("path", "absent"), names("flags", "AT_EMPTY_PATH"));
}

static void nodes(void)
{
    int dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    one_path("SYSCALL_MKNOD_X", CALL(__NR_mknod, "fifo", S_IFIFO | 0644, 61), "path", "fifo");
    num("mode", S_IFIFO | 0644), num("dev", 61), done();
    one_path("SYSCALL_MKNOD_X", CALL(__NR_mknod, "absent/x", S_IFREG | 0600, 0), "path", "absent/x");
    num("mode", S_IFREG | 0600), num("dev", 0), done();
    one_path("SYSCALL_MKNODAT_X", CALL(__NR_mknodat, dir, "socket", S_IFSOCK | 0600, 0), "path", "socket");
    num("dirfd", dir), num("mode", S_IFSOCK | 0600), num("dev", 0), done();
    one_path("SYSCALL_MKNODAT_X", CALL(__NR_mknodat, -100, "fifo", S_IFCHR | 0600, 0x103), "path", "fifo");
    num("dirfd", -100), num("mode", S_IFCHR | 0600), num("dev", 0x103), done();
}

static void where(void)
{
    char cwd[4096];
    QUIET(__NR_mkdir, "here", 0755);
    int dir = open_file("here", O_RDONLY | O_DIRECTORY, 0);
    long res = CALL(__NR_getcwd, cwd, sizeof cwd);
    EXPECT("SYSCALL_GETCWD_X", num("res", res), text("path", cwd));
    res = CALL(__NR_getcwd, cwd, 1);
    EXPECT("SYSCALL_GETCWD_X", num("res", res));
    one_path("SYSCALL_CHDIR_X", CALL(__NR_chdir, "here"), "path", "here"), done();
    one_path("SYSCALL_CHDIR_X", CALL(__NR_chdir, "absent\xfe"), "path", "absent\xfe"), done();
    res = CALL(__NR_fchdir, dir);
    EXPECT("SYSCALL_FCHDIR_X", num("res", res), num("fd", dir));
    res = CALL(__NR_fchdir, -1);
    EXPECT("SYSCALL_FCHDIR_X", num("res", res), num("fd", -1));
    one_path("SYSCALL_CHROOT_X", CALL(__NR_chroot, "absent"), "path", "absent"), done();
    one_path("SYSCALL_CHROOT_X", CALL(__NR_chroot, "."), "path", "."), done();
}

static void mounted(long res, const char *dev, const char *dir, const char *type, const char *flags)
{
    expect("SYSCALL_MOUNT_X");
    num("res", res);
    dev ? text("dev", dev) : none("dev");
    text("dir", dir);
    type ? text("type", type) : none("type");
    names("flags", flags);
    done();
}

static void mounts(void)
{
    QUIET(__NR_mkdir, "mnt", 0755);
    need(QUIET(__NR_unshare, CLONE_NEWNS) == 0, "no mount namespace");
    mounted(CALL(__NR_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), NULL, "/", NULL, "REC|PRIVATE");
    mounted(CALL(__NR_mount, "some\xff", "mnt", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "some\xff", "mnt", "tmpfs",
            "NOSUID|NODEV|NOEXEC");
    mounted(CALL(__NR_mount, "x", "absent", "tmpfs", MS_MGC_VAL | MS_RDONLY, NULL), "x", "absent", "tmpfs", "RDONLY");
    long res = CALL(__NR_umount2, "mnt", MNT_DETACH | UMOUNT_NOFOLLOW);
    EXPECT("SYSCALL_UMOUNT2_X", num("res", res), text("name", "mnt"), names("flags", "DETACH|NOFOLLOW"));
    res = CALL(__NR_umount2, "mnt", 0);
    EXPECT("SYSCALL_UMOUNT2_X", num("res", res), text("name", "mnt"), num("flags", 0));
}

static void fsconfig_(void)
{
    long fs = QUIET(__NR_fsopen, "tmpfs", 1), res;
    need(fs >= 0, "no fsopen");
    res = CALL(__NR_fsconfig, fs, 1, "size", "1m", 0);
    EXPECT("SYSCALL_FSCONFIG_X", num("res", res), num("fd", fs), names("cmd", "FSCONFIG_SET_STRING"), text("key", "size"),
           none("value_bytebuf"), text("value_charbuf", "1m"), num("aux", 0));
    res = CALL(__NR_fsconfig, fs, 0, "ro", NULL, 0);
    EXPECT("SYSCALL_FSCONFIG_X", num("res", res), num("fd", fs), names("cmd", "FSCONFIG_SET_FLAG"), text("key", "ro"),
           none("value_bytebuf"), none("value_charbuf"), num("aux", 0));
    res = CALL(__NR_fsconfig, -1, 2, "blob", "\1\2\3", 3);
    EXPECT("SYSCALL_FSCONFIG_X", num("res", res), num("fd", -1), names("cmd", "FSCONFIG_SET_BINARY"), text("key", "blob"),
           none("value_charbuf"), num("aux", 3));
    res = CALL(__NR_fsconfig, fs, 6, NULL, NULL, 0);
    EXPECT("SYSCALL_FSCONFIG_X", num("res", res), num("fd", fs), names("cmd", "FSCONFIG_CMD_CREATE"), none("key"),
           none("value_bytebuf"), none("value_charbuf"), num("aux", 0));
}

const struct live_case path_cases[] = CASES(
    {"folders", folders}, {"links", links}, {"modes", modes}, {"owners", owners}, {"facts", facts}, {"nodes", nodes},
    {"where", where}, {"mounts", mounts}, {"fsconfig", fsconfig_});
