/* What events about processes say of one, found out beforehand. */
#define _GNU_SOURCE
#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static unsigned long long status_set(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at ? strtoull(at + strlen(name), NULL, 16) : 0;
}

/* The memory controller's group, of whichever hierarchy has it. */
static void memory_group(char *into)
{
    static char groups[8192];
    read_file("/proc/self/cgroup", groups, sizeof groups);
    const char *at = strstr(groups, ":memory:");
    at = at ? at + 8 : strstr(groups, "0::") ? strstr(groups, "0::") + 3 : "/";
    sprintf(into, "memory=%.*s", (int)strcspn(at, "\n"), at);
}

void look(struct image *image, const char *program)
{
    static char status[8192];
    struct { unsigned long cur, max; } limit;
    struct stat st = {0};
    memset(image, 0, sizeof *image);
    read_file("/proc/self/status", status, sizeof status);
    image->inheritable = status_set(status, "CapInh:");
    image->permitted = status_set(status, "CapPrm:");
    image->effective = status_set(status, "CapEff:");
    read_file("/proc/self/loginuid", status, sizeof status);
    image->loginuid = strtoul(status, NULL, 10);
    QUIET(__NR_getrlimit, 7, &limit);
    image->fdlimit = limit.cur;
    QUIET(__NR_newfstatat, AT_FDCWD, program, &st, 0);
    image->ino = st.st_ino;
    image->ctime = st.st_ctim.tv_sec * 1000000000ULL + st.st_ctim.tv_nsec;
    image->mtime = st.st_mtim.tv_sec * 1000000000ULL + st.st_mtim.tv_nsec;
    image->uid = QUIET(__NR_geteuid);
    image->gid = QUIET(__NR_getegid);
    image->vpgid = QUIET(__NR_getpgid, 0);
    QUIET(__NR_getcwd, image->cwd, sizeof image->cwd);
    memory_group(image->cgroup);
}

void process_params(const struct image *image, const char *exe, const char *args, size_t size, long tid, long pid, long ptid, const char *comm)
{
    char cwd[3 * sizeof image->cwd];
    exe ? text("exe", exe) : none("exe");
    args ? area("args", args, size) : none("args");
    num("tid", tid);
    num("pid", pid);
    num("ptid", ptid);
    snprintf(cwd, sizeof cwd, "null, \"\", \"%s\", \"%s/\"", image->cwd, image->cwd);
    either("cwd", cwd);
    big("fdlimit", image->fdlimit);
    between("pgft_maj", 0, 10000);
    between("pgft_min", 0, 1000000);
    between("vm_size", 100, 4000000);
    between("vm_rss", 0, 2000000);
    num("vm_swap", 0);
    text("comm", comm);
    holds("cgroups", image->cgroup);
}

void own_process(const struct image *image, long tid, long pid, long ptid)
{
    const char *end = own_argv[0];
    for (int k = 0; k < own_argc; k++)
        end = own_argv[k] + strlen(own_argv[k]) + 1;
    const char *args = own_argv[0] + strlen(own_argv[0]) + 1;
    process_params(image, own_argv[0], args, end - args, tid, pid, ptid, "calls");
}

void clone_end(const struct image *image, const char *flags, long vtid, long vpid)
{
    *flags ? names_but("flags", flags, "CLONE_CHILD_IN_PIDNS") : num("flags", 0);
    num("uid", image->uid);
    num("gid", image->gid);
    num("vtid", vtid);
    num("vpid", vpid);
    between("pidns_init_start_ts", 0, 0x7fffffffffffffff);
}

void exec_end(const struct image *image, const char *env, size_t size, const char *flags, const char *path)
{
    area("env", env, size);
    between("tty", 0, 0xffffffffL);
    num("vpgid", image->vpgid);
    num("loginuid", image->loginuid);
    names("flags", flags);
    big("cap_inheritable", image->inheritable);
    big("cap_permitted", image->permitted);
    big("cap_effective", image->effective);
    big("exe_ino", image->ino);
    big("exe_ino_ctime", image->ctime);
    big("exe_ino_mtime", image->mtime);
    num("uid", image->uid);
    path ? text("trusted_exepath", path) : holds("trusted_exepath", "memfd");
    num("pgid", image->vpgid);
    num("gid", image->gid);
}
