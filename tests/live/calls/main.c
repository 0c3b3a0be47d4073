/* calls [-l] [-C folder] [case ...]: makes system calls with known arguments and prints what events must say of them.
 *
 * Each case runs in a child of its own. After `--exit STATUS` the program only ends: that is what cases execute.
 */
#define _GNU_SOURCE
#include "calls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

static const struct live_case *const families[] = {
    file_cases, path_cases, descriptor_cases, socket_cases, message_cases, process_cases,
    container_cases, exec_cases, memory_cases, identity_cases, ipc_cases, misc_cases,
};
#define FAMILIES (sizeof families / sizeof *families)
#define CASE_SECONDS 15

int own_argc;
char **own_argv, **own_environ;
char exe_path[4096];

void exit_now(int status)
{
    for (;;)
        QUIET(__NR_exit_group, status);
}

int open_file(const char *path, int flags, int mode)
{
    return QUIET(__NR_openat, AT_FDCWD, path, flags, mode);
}

void fill_file(const char *path, size_t size)
{
    char block[4096];
    int fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (size_t k = 0; k < size && k < sizeof block; k++)
        block[k] = 'a' + k % 26;
    QUIET(__NR_write, fd, block, size);
    QUIET(__NR_close, fd);
}

size_t read_file(const char *path, char *into, size_t size)
{
    int fd = open_file(path, O_RDONLY, 0);
    long got = fd < 0 ? 0 : QUIET(__NR_read, fd, into, size - 1);
    QUIET(__NR_close, fd);
    into[got > 0 ? got : 0] = 0;
    return got > 0 ? got : 0;
}

void file_ids(int fd, unsigned *dev, unsigned long long *ino)
{
    struct stat st = {0};
    QUIET(__NR_fstat, fd, &st);
    *dev = st.st_dev;
    *ino = st.st_ino;
}

/* A path of the greatest length that the kernel takes, 4095 bytes, to a name in the working directory. */
const char *long_path(const char *name)
{
    static char path[4096];
    size_t rest = sizeof path - 1 - strlen(name);
    for (size_t k = 0; k < rest; k++)
        path[k] = k % 2 ? '/' : '.';
    if (rest % 2)
        path[rest - 1] = '/';
    strcpy(path + rest, name);
    return path;
}

int descriptor(void)
{
    return open_file("/dev/null", O_RDWR, 0);
}

void wait_for(long pid)
{
    QUIET(__NR_wait4, pid, NULL, __WALL, NULL);
}

long fork_quiet(void)
{
    long parent = self.pid;
    long child = QUIET(__NR_fork);
    if (child == 0) {
        self.tid = self.pid = QUIET(__NR_getpid);
        self.parent = parent;
        self.mark = 0;
    }
    return child;
}

static int run_case(const struct live_case *one)
{
    int status = -1;
    long child = fork_quiet();
    if (child == 0) {
        self.name = one->name;
        QUIET(__NR_alarm, CASE_SECONDS);
        one->run();
        exit_now(0);
    }
    QUIET(__NR_wait4, child, &status, __WALL, NULL);
    if (status == 0)
        return 0;
    fprintf(stderr, "calls: %s ended with status %#x\n", one->name, status);
    return 1;
}

static int is_wanted(const char *name, char **wanted)
{
    if (*wanted == NULL)
        return 1;
    for (; *wanted; wanted++)
        if (strcmp(name, *wanted) == 0)
            return 1;
    return 0;
}

static void list_cases(void)
{
    for (size_t k = 0; k < FAMILIES; k++)
        for (const struct live_case *one = families[k]; one->name; one++)
            puts(one->name);
}

int main(int argc, char **argv, char **environ)
{
    int failures = 0, output, found = 0;
    if (argc > 1 && strcmp(argv[1], "--exit") == 0)
        exit_now(argc > 2 ? atoi(argv[2]) : 0);
    own_argc = argc;
    own_argv = argv;
    own_environ = environ;
    if (argc > 1 && strcmp(argv[1], "-l") == 0) {
        list_cases();
        return 0;
    }
    argv++;
    if (*argv && strcmp(*argv, "-C") == 0) {
        if (argv[1] == NULL || chdir(argv[1]) != 0) {
            perror("calls: -C");
            return 2;
        }
        argv += 2;
    }
    readlink("/proc/self/exe", exe_path, sizeof exe_path - 1);
    umask(0);
    output = dup(1);
    report_open();
    self.tid = self.pid = getpid();
    for (size_t k = 0; k < FAMILIES; k++)
        for (const struct live_case *one = families[k]; one->name; one++)
            if (is_wanted(one->name, argv)) {
                found++;
                failures += run_case(one);
            }
    report_write(output);
    if (found == 0)
        fprintf(stderr, "calls: no such case; -l lists them\n");
    return failures || report_failures() || found == 0 ? 1 : 0;
}
