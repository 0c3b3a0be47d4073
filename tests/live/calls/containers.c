/* What containers are made of: a pid name space from within, a control group that bears an id. */
#define _GNU_SOURCE
#include "image.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The number outside, which events bear, is written for the child before it runs. */
static void inside_pid_namespace(void)
{
    struct image image;
    volatile int *outside = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    long parent = self.pid;
    look(&image, exe_path);
    long child = QUIET(__NR_clone, CLONE_NEWPID | CLONE_PARENT_SETTID | SIGCHLD, NULL, outside, NULL, NULL);
    need(child >= 0, "no pid name space");
    if (child) {
        wait_for(child);
        return;
    }
    self.tid = self.pid = *outside;
    self.parent = parent;
    long fd = CALL(__NR_openat, AT_FDCWD, "absent", O_RDONLY, 0);
    EXPECT("SYSCALL_OPENAT_2_X", num("fd", fd), num("dirfd", -100), text("name", "absent"));
    long inner = CALL(__NR_fork);
    if (inner == 0)
        QUIET(__NR_exit_group, 0);
    expect("SYSCALL_FORK_20_X");
    num("res", inner);
    own_process(&image, self.tid, self.pid, parent);
    names("flags", "CLONE_CHILD_IN_PIDNS");
    num("vtid", 1), num("vpid", 1), between("pidns_init_start_ts", 1, 0x7fffffffffffffff), done();
    long res = CALL(__NR_kill, inner, 0);
    EXPECT("SYSCALL_KILL_X", num("res", res), num("pid", inner), num("sig", 0));
    wait_for(inner);
    exit_now(0);
}

static int join(const char *folder)
{
    char path[256], number[32];
    snprintf(path, sizeof path, "%s/docker", folder);
    QUIET(__NR_mkdir, path, 0755);
    strcat(path, "/" ID);
    QUIET(__NR_mkdir, path, 0755);
    strcat(path, "/cgroup.procs");
    int fd = open_file(path, O_WRONLY, 0), size = snprintf(number, sizeof number, "%ld", self.pid);
    long written = QUIET(__NR_write, fd, number, size);
    QUIET(__NR_close, fd);
    return written == size;
}

static void leave(const char *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/docker/" ID, folder);
    QUIET(__NR_rmdir, path);
    snprintf(path, sizeof path, "%s/docker", folder);
    QUIET(__NR_rmdir, path);
}

static const char *const hierarchies[] = {"/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified", "/sys/fs/cgroup", NULL};

static void in_container_group(void)
{
    const char *const *folder = hierarchies;
    long child = fork_quiet();
    if (child == 0) {
        while (*folder && !join(*folder))
            folder++;
        long inner = *folder ? CALL(__NR_fork) : -1;
        if (inner == 0)
            QUIET(__NR_exit_group, 0);
        if (inner > 0) {
            wait_for(inner);
            EXPECT("SYSCALL_FORK_20_X", num("res", inner), holds("cgroups", "/docker/" ID));
            expect_of(inner, 0, "SYSCALL_FORK_20_X"), num("res", 0), holds("cgroups", "/docker/" ID), done();
        }
        exit_now(0);
    }
    wait_for(child);
    for (; *folder; folder++)
        leave(*folder);
}

const struct live_case container_cases[] = CASES({"inside-pid-namespace", inside_pid_namespace}, {"in-container-group", in_container_group});
