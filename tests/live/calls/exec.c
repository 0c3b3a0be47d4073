/* Programs that are begun: by name, by descriptor, with little and with much, from threads. */
#define _GNU_SOURCE
#include "image.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MOST (300UL << 10)
/* Where the new image is what is reported, nothing tells which of the two calls asked for it. */
#define EXECVEAT "SYSCALL_EXECVEAT_X|SYSCALL_EXECVE_19_X"

static char *env[] = {"TERCEL=live", "EMPTY=", "ODD=caf\xe9", NULL};
static const char env_area[] = "TERCEL=live\0EMPTY=\0ODD=caf\xe9";
static char *argv_of[512];
static char room[MOST];
static size_t used;

/* Arguments after the two that make the program end. */
static void begin_args(void)
{
    used = 0;
    argv_of[0] = "any-name";
    argv_of[1] = "--exit";
    argv_of[2] = "4";
    argv_of[3] = NULL;
}

static size_t args_area(char *into)
{
    size_t at = 0;
    for (int k = 1; argv_of[k]; k++) {
        size_t size = strlen(argv_of[k]) + 1;
        memcpy(into + at, argv_of[k], size);
        at += size;
    }
    return at;
}

/* Text in which every place looks different, so that a wrong cut shows. */
static char *filler(size_t size)
{
    char *made = room + used;
    size_t at = 0;
    for (unsigned k = 0; at < size; k++) {
        char piece[16];
        int got = snprintf(piece, sizeof piece, "%06x.", k);
        for (int j = 0; j < got && at < size; j++)
            made[at++] = piece[j];
    }
    made[size] = 0;
    used += size + 1;
    return made;
}

static char shown[MOST];

static void begun(const char *event, const struct image *image, long tid, int after, long parent, const char *comm,
                  const char *flags, const char *path)
{
    size_t size = args_area(shown);
    expect_of(tid, after, event);
    num("res", 0);
    process_params(image, argv_of[0], shown, size, tid, tid, parent, comm);
    exec_end(image, env_area, sizeof env_area, flags, path);
}

/* The child executes after a marker, and the parent, which outlives it, tells what is expected. */
static long make_child(long number, long a, long b, long c, long d, long e, int *after)
{
    static volatile int *marked;
    if (marked == NULL)
        marked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    long child = QUIET(__NR_fork);
    if (child == 0) {
        *marked = mark();
        QUIET(number, a, b, c, d, e);
        exit_now(127);
    }
    int status = 0;
    QUIET(__NR_wait4, child, &status, 0, NULL);
    need(status == 4 << 8, "exec did not work");
    *after = *marked;
    return child;
}

static void run(const char *filename)
{
    struct image image;
    int after;
    look(&image, exe_path);
    long child = make_child(__NR_execve, (long)filename, (long)argv_of, (long)env, 0, 0, &after);
    begun("SYSCALL_EXECVE_19_X", &image, child, after, self.pid, "calls", "EXE_WRITABLE", exe_path);
    text("filename", filename);
    done();
    expect_of(child, 0, "PROCEXIT_1_E");
    num("status", 4 << 8), num("ret", 4), num("sig", 0), num("core", 0), num("reaper_tid", 0), done();
}

static void execve_(void)
{
    begin_args();
    argv_of[3] = "caf\xe9 \xff";
    argv_of[4] = "";
    argv_of[5] = NULL;
    run(exe_path);
}

static void execve_relative(void)
{
    static char copy[4096];
    QUIET(__NR_symlink, exe_path, "exec-link");
    begin_args();
    struct image image;
    int after;
    look(&image, exe_path);
    strcpy(copy, long_path("exec-link"));
    long child = make_child(__NR_execve, (long)copy, (long)argv_of, (long)env, 0, 0, &after);
    begun("SYSCALL_EXECVE_19_X", &image, child, after, self.pid, "exec-link", "EXE_WRITABLE", exe_path);
    text("filename", copy);
    done();
}

static void execve_300_arguments(void)
{
    begin_args();
    for (int k = 3; k < 300; k++) {
        char *made = room + used;
        used += snprintf(made, 32, "argument-%d", k) + 1;
        argv_of[k] = made;
    }
    argv_of[300] = NULL;
    run(exe_path);
}

static void execve_32k(void)
{
    begin_args();
    argv_of[3] = filler(20000);
    argv_of[4] = filler(32768 - (strlen("--exit") + 1 + 2 + 20001) - 1);
    argv_of[5] = NULL;
    run(exe_path);
}

static void execve_128k(void)
{
    begin_args();
    argv_of[3] = filler(65536);
    argv_of[4] = filler(65536);
    argv_of[5] = "the end";
    argv_of[6] = NULL;
    run(exe_path);
}

static void execve_fails(void)
{
    struct image image;
    look(&image, exe_path);
    begin_args();
    argv_of[3] = "caf\xe9";
    argv_of[4] = NULL;
    size_t size = args_area(shown);
    long res = CALL(__NR_execve, "./absent", argv_of, env);
    expect("SYSCALL_EXECVE_19_X");
    num("res", res);
    process_params(&image, argv_of[0], shown, size, self.tid, self.pid, self.parent, "calls");
    exec_end(&image, env_area, sizeof env_area, "EXE_WRITABLE", exe_path);
    text("filename", "./absent");
    done();
    res = CALL(__NR_execveat, -1, "absent", argv_of, env, 0);
    expect("SYSCALL_EXECVEAT_X");
    num("res", res);
    process_params(&image, argv_of[0], shown, size, self.tid, self.pid, self.parent, "calls");
    exec_end(&image, env_area, sizeof env_area, "EXE_WRITABLE", exe_path);
    done();
}

/* What was given is read from the caller's memory, one argument at a time. */
static void fails_with(const char *filename)
{
    struct image image;
    look(&image, exe_path);
    size_t size = args_area(shown);
    long res = CALL(__NR_execve, filename, argv_of, env);
    expect("SYSCALL_EXECVE_19_X");
    num("res", res), text("exe", argv_of[0]), area("args", shown, size), bytes("env", env_area, sizeof env_area);
    text("filename", filename), done();
}

static void execve_fails_with_much(void)
{
    begin_args();
    for (int k = 3; k < 300; k++)
        argv_of[k] = "one more";
    argv_of[300] = NULL;
    fails_with("/absent/program");
    begin_args();
    argv_of[3] = filler(10000);
    argv_of[4] = "the end";
    argv_of[5] = NULL;
    fails_with(LONG_NAME);
    argv_of[0] = NULL;
    long res = CALL(__NR_execve, "/absent", argv_of, NULL);
    EXPECT("SYSCALL_EXECVE_19_X", num("res", res), none("exe"), none("args"), none("env"), text("filename", "/absent"));
    res = CALL(__NR_execve, 1, argv_of, env);
    EXPECT("SYSCALL_EXECVE_19_X", num("res", res), none("filename"));
}

static void execve_8k_environment(void)
{
    static char *large[] = {NULL, "LAST=1", NULL};
    static char expected[9000];
    struct image image;
    int after;
    look(&image, exe_path);
    begin_args();
    large[0] = filler(8192);
    large[0][1] = '=';
    size_t size = strlen(large[0]) + 1;
    memcpy(expected, large[0], size);
    memcpy(expected + size, large[1], sizeof "LAST=1");
    long child = make_child(__NR_execve, (long)exe_path, (long)argv_of, (long)large, 0, 0, &after);
    expect_of(child, after, "SYSCALL_EXECVE_19_X");
    num("res", 0), text("exe", argv_of[0]), bytes("env", expected, size + sizeof "LAST=1"), done();
}

static void execveat_(void)
{
    struct image image;
    int after;
    look(&image, exe_path);
    begin_args();
    long child = make_child(__NR_execveat, AT_FDCWD, (long)exe_path, (long)argv_of, (long)env, 0, &after);
    begun(EXECVEAT, &image, child, after, self.pid, "calls", "EXE_WRITABLE", exe_path);
    done();
}

static int memory_file(const char *name)
{
    static char block[65536];
    int from = open_file(exe_path, O_RDONLY, 0), to = QUIET(__NR_memfd_create, name, 1);
    long got;
    while ((got = QUIET(__NR_read, from, block, sizeof block)) > 0)
        QUIET(__NR_write, to, block, got);
    QUIET(__NR_close, from);
    return to;
}

static void memory_image(struct image *image, int fd, char *path)
{
    sprintf(path, "/proc/self/fd/%d", fd);
    look(image, path);
}

static void execveat_memfd(void)
{
    struct image image;
    int after, fd = memory_file("hidden");
    char path[64], comm[32];
    memory_image(&image, fd, path);
    begin_args();
    long child = make_child(__NR_execveat, fd, (long)"", (long)argv_of, (long)env, AT_EMPTY_PATH, &after);
    /* Since 6.14 the name is that of the file, before that the descriptor's number. */
    snprintf(comm, sizeof comm, "\"%d\", \"hidden\", \"memfd:hidden\"", fd);
    size_t size = args_area(shown);
    expect_of(child, after, EXECVEAT);
    num("res", 0), text("exe", argv_of[0]), area("args", shown, size), num("tid", child), num("pid", child);
    num("ptid", self.pid), either("comm", comm);
    exec_end(&image, env_area, sizeof env_area, "EXE_WRITABLE|EXE_FROM_MEMFD", NULL);
    done();
}

/* What fexecve(3) did before there was execveat. */
static void execve_memfd(void)
{
    struct image image;
    int after, fd = memory_file("hidden");
    char path[64], comm[32];
    memory_image(&image, fd, path);
    begin_args();
    long child = make_child(__NR_execve, (long)path, (long)argv_of, (long)env, 0, 0, &after);
    sprintf(comm, "%d", fd);
    begun("SYSCALL_EXECVE_19_X", &image, child, after, self.pid, comm, "EXE_WRITABLE|EXE_FROM_MEMFD", NULL);
    text("filename", path);
    done();
}

static char stack[65536] __attribute__((aligned(16)));

static void exec_in_thread(void *arg __attribute__((unused)))
{
    QUIET(__NR_execve, exe_path, argv_of, env);
    for (;;)
        QUIET(__NR_exit_group, 127);
}

/* The thread takes the leader's place and number: the event bears that number, after the leader's marker. */
static void execve_from_thread(void)
{
    struct image image;
    volatile int *after = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0, ignored;
    look(&image, exe_path);
    begin_args();
    long child = QUIET(__NR_fork);
    if (child == 0) {
        *after = mark();
        thread_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, stack + sizeof stack,
                     exec_in_thread, NULL, &ignored, &ignored);
        for (;;)
            QUIET(__NR_pause);
    }
    QUIET(__NR_wait4, child, &status, 0, NULL);
    need(status == 4 << 8, "exec from a thread did not work");
    begun("SYSCALL_EXECVE_19_X", &image, child, *after, self.pid, "calls", "EXE_WRITABLE", exe_path);
    text("filename", exe_path);
    done();
}

static void execve_after_vfork(void)
{
    struct image image;
    look(&image, exe_path);
    begin_args();
    int status = 0;
    volatile long child = CALL(__NR_vfork);
    if (child == 0) {
        QUIET(__NR_execve, exe_path, argv_of, env);
        QUIET(__NR_exit_group, 127);
    }
    QUIET(__NR_wait4, child, &status, 0, NULL);
    need(status == 4 << 8, "exec after vfork did not work");
    begun("SYSCALL_EXECVE_19_X", &image, child, 0, self.pid, "calls", "EXE_WRITABLE", exe_path);
    text("filename", exe_path);
    done();
}

const struct live_case exec_cases[] = CASES(
    {"execve", execve_}, {"execve-relative", execve_relative}, {"execve-300-arguments", execve_300_arguments},
    {"execve-32k", execve_32k}, {"execve-128k", execve_128k}, {"execve-fails", execve_fails},
    {"execve-fails-with-much", execve_fails_with_much}, {"execve-8k-environment", execve_8k_environment}, {"execveat", execveat_},
    {"execveat-memfd", execveat_memfd}, {"execve-memfd", execve_memfd}, {"execve-from-thread", execve_from_thread},
    {"execve-after-vfork", execve_after_vfork});
