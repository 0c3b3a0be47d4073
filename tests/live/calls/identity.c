/* Who a process is: users, groups, capabilities, limits, sessions, name spaces. */
#define _GNU_SOURCE
#include "image.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>

static void asked(void)
{
    unsigned real, effective, saved;
    long res = CALL(__NR_getuid);
    EXPECT("SYSCALL_GETUID_X", num("uid", res));
    res = CALL(__NR_geteuid);
    EXPECT("SYSCALL_GETEUID_X", num("euid", res));
    res = CALL(__NR_getgid);
    EXPECT("SYSCALL_GETGID_X", num("gid", res));
    res = CALL(__NR_getegid);
    EXPECT("SYSCALL_GETEGID_X", num("egid", res));
    res = CALL(__NR_getresuid, &real, &effective, &saved);
    EXPECT("SYSCALL_GETRESUID_X", num("res", res), num("ruid", real), num("euid", effective), num("suid", saved));
    res = CALL(__NR_getresuid, 1, 2, 3);
    EXPECT("SYSCALL_GETRESUID_X", num("res", res));
    res = CALL(__NR_getresgid, &real, &effective, &saved);
    EXPECT("SYSCALL_GETRESGID_X", num("res", res), num("rgid", real), num("egid", effective), num("sgid", saved));
    res = CALL(__NR_getresgid, 1, 2, 3);
    EXPECT("SYSCALL_GETRESGID_X", num("res", res));
}

/* The same calls twice: first allowed, then, as somebody else, refused. */
static void change_groups(int group)
{
    long res = CALL(__NR_setregid, -1, group);
    EXPECT("SYSCALL_SETREGID_X", num("res", res), big("rgid", 0xffffffff), num("egid", group));
    res = CALL(__NR_setresgid, -1, group + 1, -1);
    EXPECT("SYSCALL_SETRESGID_X", num("res", res), big("rgid", 0xffffffff), num("egid", group + 1), big("sgid", 0xffffffff));
    res = CALL(__NR_setgid, group + 2);
    EXPECT("SYSCALL_SETGID_X", num("res", res), num("gid", group + 2));
}

static void change_users(int user)
{
    long res = CALL(__NR_setreuid, -1, user);
    EXPECT("SYSCALL_SETREUID_X", num("res", res), big("ruid", 0xffffffff), num("euid", user));
    if (res == 0)
        QUIET(__NR_setreuid, -1, 0);
    res = CALL(__NR_setresuid, user + 1, -1, 0);
    EXPECT("SYSCALL_SETRESUID_X", num("res", res), num("ruid", user + 1), big("euid", 0xffffffff), num("suid", 0));
    res = CALL(__NR_setuid, user + 2);
    EXPECT("SYSCALL_SETUID_X", num("res", res), num("uid", user + 2));
}

static void changed(void)
{
    change_groups(20001);
    change_users(10001);
    asked();
    change_groups(0);
    change_users(0);
}

static void capset_(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{1, 0xff, 2}, {0, 1, 0}};
    sets[0].effective = 1 | 1 << 6, sets[0].permitted = 0xff, sets[0].inheritable = 2;
    sets[1].effective = 0, sets[1].permitted = 1, sets[1].inheritable = 0;
    long res = CALL(__NR_capset, &head, sets);
    EXPECT("SYSCALL_CAPSET_X", num("res", res), num("cap_inheritable", 2), big("cap_permitted", 0x1000000ff), num("cap_effective", 0x41));
    sets[1].permitted = 0xff;
    res = CALL(__NR_capset, &head, sets);
    EXPECT("SYSCALL_CAPSET_X", num("res", res));
}

static void limits(void)
{
    struct { unsigned long cur, max; } limit = {60, 70}, old;
    long res = CALL(__NR_setrlimit, 7, &limit);
    EXPECT("SYSCALL_SETRLIMIT_X", num("res", res), num("cur", 60), num("max", 70), names("resource", "RLIMIT_NOFILE"));
    res = CALL(__NR_setrlimit, 99, &limit);
    EXPECT("SYSCALL_SETRLIMIT_X", num("res", res), num("cur", 60), num("max", 70), names("resource", "RLIMIT_UNKNOWN"));
    res = CALL(__NR_getrlimit, 7, &old);
    EXPECT("SYSCALL_GETRLIMIT_X", num("res", res), num("cur", 60), num("max", 70), names("resource", "RLIMIT_NOFILE"));
    res = CALL(__NR_getrlimit, 98, &old);
    EXPECT("SYSCALL_GETRLIMIT_X", num("res", res), num("cur", -1), num("max", -1), names("resource", "RLIMIT_UNKNOWN"));
    limit.cur = 50;
    limit.max = 65;
    res = CALL(__NR_prlimit64, self.pid, 7, &limit, &old);
    EXPECT("SYSCALL_PRLIMIT_X", num("res", res), num("newcur", 50), num("newmax", 65), num("oldcur", 60), num("oldmax", 70),
           num("pid", self.pid), names("resource", "RLIMIT_NOFILE"));
    res = CALL(__NR_prlimit64, 0, 0, NULL, &old);
    EXPECT("SYSCALL_PRLIMIT_X", num("res", res), num("oldcur", old.cur), num("oldmax", old.max), num("pid", 0), names("resource", "RLIMIT_CPU"));
    res = CALL(__NR_prlimit64, -6, 1, &limit, &old);
    EXPECT("SYSCALL_PRLIMIT_X", num("res", res), num("newcur", 50), num("newmax", 65), num("pid", -6), names("resource", "RLIMIT_FSIZE"));
}

static void groups(void)
{
    long res = CALL(__NR_setpgid, 0, self.pid);
    EXPECT("SYSCALL_SETPGID_X", num("res", res), num("pid", 0), num("pgid", self.pid));
    res = CALL(__NR_setpgid, self.pid, -3);
    EXPECT("SYSCALL_SETPGID_X", num("res", res), num("pid", self.pid), num("pgid", -3));
    res = CALL(__NR_setsid);
    EXPECT("SYSCALL_SETSID_X", num("res", res));
    long child = fork_quiet();
    if (child == 0) {
        res = CALL(__NR_setsid);
        EXPECT("SYSCALL_SETSID_X", num("res", res));
        exit_now(0);
    }
    wait_for(child);
}

static void name_spaces(void)
{
    int fd = open_file("/proc/self/ns/uts", O_RDONLY, 0);
    long res = CALL(__NR_setns, fd, CLONE_NEWUTS);
    EXPECT("SYSCALL_SETNS_X", num("res", res), num("fd", fd), names("nstype", "CLONE_NEWUTS"));
    res = CALL(__NR_setns, -1, CLONE_NEWNET | CLONE_NEWPID);
    EXPECT("SYSCALL_SETNS_X", num("res", res), num("fd", -1), names("nstype", "CLONE_NEWNET|CLONE_NEWPID"));
    res = CALL(__NR_unshare, CLONE_NEWNS | CLONE_FS | CLONE_NEWUTS | CLONE_NEWIPC);
    EXPECT("SYSCALL_UNSHARE_X", num("res", res), names("flags", "CLONE_NEWNS|CLONE_FS|CLONE_NEWUTS|CLONE_NEWIPC"));
    res = CALL(__NR_unshare, CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_PARENT);
    EXPECT("SYSCALL_UNSHARE_X", num("res", res), names("flags", "CLONE_NEWUSER|CLONE_NEWCGROUP|CLONE_PARENT"));
}

const struct live_case identity_cases[] = CASES(
    {"asked", asked}, {"changed", changed}, {"capset", capset_}, {"limits", limits}, {"groups", groups}, {"name-spaces", name_spaces});
