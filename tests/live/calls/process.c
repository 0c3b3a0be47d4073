/* New processes and threads, their end, and signals. */
#define _GNU_SOURCE
#include "image.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)
#define NAMESPACE_NAMES "CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET|CLONE_NEWCGROUP"
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define THREAD_NAMES \
    "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID"
#define STACK 65536

static char stack[STACK] __attribute__((aligned(16)));

static void ended(long tid, int status)
{
    expect_of(tid, 0, "PROCEXIT_1_E");
    num("status", status);
    num("ret", status >> 8 & 255);
    num("sig", status & 127);
    num("core", 0);
    num("reaper_tid", 0);
    done();
}

/* Both returns of a call that makes a process, told by the parent, which knows the child's number in its own name space. */
static void born(const char *event, const struct image *image, long child, const char *flags, long inner)
{
    expect(event);
    num("res", child);
    own_process(image, self.tid, self.pid, self.parent);
    clone_end(image, flags, self.tid, self.pid);
    done();
    expect_of(child, 0, event);
    num("res", 0);
    own_process(image, child, child, self.pid);
    clone_end(image, flags, inner ? inner : child, inner ? inner : child);
    done();
}

static void fork_(void)
{
    struct image image;
    look(&image, exe_path);
    long child = CALL(__NR_fork);
    if (child == 0)
        QUIET(__NR_exit_group, 7);
    wait_for(child);
    born("SYSCALL_FORK_20_X", &image, child, "", 0);
    ended(child, 7 << 8);
}

static void vfork_(void)
{
    struct image image;
    look(&image, exe_path);
    volatile long child = CALL(__NR_vfork);
    if (child == 0)
        QUIET(__NR_exit_group, 3);
    wait_for(child);
    born("SYSCALL_VFORK_20_X", &image, child, "", 0);
    ended(child, 3 << 8);
}

static void clone_(void)
{
    struct image image;
    look(&image, exe_path);
    long child = CALL(__NR_clone, CLONE_FS | CLONE_FILES | CLONE_IO | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        QUIET(__NR_exit_group, 0);
    wait_for(child);
    born("SYSCALL_CLONE_20_X", &image, child, "CLONE_FS|CLONE_FILES|CLONE_IO", 0);
    ended(child, 0);
}

static void clone_pid_namespace(void)
{
    struct image image;
    look(&image, exe_path);
    long child = CALL(__NR_clone, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        QUIET(__NR_exit_group, 0);
    need(child > 0, "no name spaces");
    wait_for(child);
    born("SYSCALL_CLONE_20_X", &image, child, "CLONE_NEWPID|CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWNET", 1);
}

static void clone3_namespaces(void)
{
    struct image image;
    struct clone_args args = {.flags = NAMESPACES, .exit_signal = SIGCHLD};
    look(&image, exe_path);
    long child = CALL(__NR_clone3, &args, sizeof args);
    if (child == 0)
        QUIET(__NR_exit_group, 0);
    need(child > 0, "no name spaces");
    wait_for(child);
    born("SYSCALL_CLONE3_X", &image, child, NAMESPACE_NAMES, 1);
}

static void failed(const char *event, long res, const struct image *image, const char *flags)
{
    expect(event);
    num("res", res);
    num("tid", self.tid);
    num("pid", self.pid);
    num("ptid", self.parent);
    text("comm", "calls");
    clone_end(image, flags, self.tid, self.pid);
    done();
}

static void clone_fails(void)
{
    struct image image;
    struct clone_args args = {.flags = CLONE_THREAD, .exit_signal = 0};
    look(&image, exe_path);
    failed("SYSCALL_CLONE_20_X", CALL(__NR_clone, CLONE_SIGHAND | CLONE_UNTRACED, NULL, NULL, NULL, NULL), &image, "CLONE_SIGHAND|CLONE_UNTRACED");
    failed("SYSCALL_CLONE3_X", CALL(__NR_clone3, &args, sizeof args), &image, "CLONE_THREAD");
    struct { long cur, max; } one = {1, 1};
    QUIET(__NR_setresuid, 4321, 4321, 4321);
    image.uid = 4321;
    QUIET(__NR_setrlimit, 6, &one);
    long kept = QUIET(__NR_fork);
    if (kept == 0) {
        QUIET(__NR_pause);
        exit_now(0);
    }
    long res = CALL(__NR_fork);
    need(res == -EAGAIN || kept < 0, "fork did not fail");
    failed("SYSCALL_FORK_20_X", res, &image, "");
    res = CALL(__NR_vfork);
    failed("SYSCALL_VFORK_20_X", res, &image, "");
    if (kept > 0) {
        QUIET(__NR_kill, kept, SIGKILL);
        wait_for(kept);
    }
}

static int thread_tid, thread_number;

/* Runs as a thread while its maker waits, and speaks for itself. */
static void in_thread(void *arg)
{
    struct who maker = self;
    self.tid = QUIET(__NR_gettid);
    long fd = CALL(__NR_dup, 2);
    EXPECT("SYSCALL_DUP_1_X", num("res", fd), num("oldfd", 2));
    self = maker;
    *(volatile int *)arg = 1;
    for (;;)
        QUIET(__NR_exit, 5);
}

static void wait_cleared(void)
{
    int tid;
    while ((tid = __atomic_load_n(&thread_tid, __ATOMIC_SEQ_CST)) != 0)
        QUIET(__NR_futex, &thread_tid, FUTEX_WAIT, tid, NULL);
}

static void threaded(const char *event, const struct image *image, long thread, const char *flags)
{
    wait_cleared();
    expect(event);
    num("res", thread);
    own_process(image, self.tid, self.pid, self.parent);
    clone_end(image, flags, self.tid, self.pid);
    done();
    expect_of(thread, 0, event);
    num("res", 0);
    own_process(image, thread, self.pid, self.parent);
    clone_end(image, flags, thread, self.pid);
    done();
    ended(thread, 5 << 8);
}

static void thread_(void)
{
    struct image image;
    int ran = 0;
    look(&image, exe_path);
    thread_tid = 1;
    mark();
    struct who own = self;
    long thread = thread_clone(THREAD_FLAGS, stack + STACK, in_thread, &ran, &thread_number, &thread_tid);
    wait_cleared();
    self = own;
    threaded("SYSCALL_CLONE_20_X", &image, thread, THREAD_NAMES);
    need(ran, "the thread did not run");
}

static void thread3(void)
{
    struct image image;
    int ran = 0;
    struct clone_args args = {.flags = THREAD_FLAGS, .stack = (long)stack, .stack_size = STACK, .child_tid = (long)&thread_tid,
                              .parent_tid = (long)&thread_number};
    look(&image, exe_path);
    thread_tid = 1;
    mark();
    struct who own = self;
    long thread = thread_clone3(&args, sizeof args, in_thread, &ran);
    wait_cleared();
    self = own;
    threaded("SYSCALL_CLONE3_X", &image, thread, THREAD_NAMES);
    need(ran, "the thread did not run");
}

/* A child is killed; another leaves a child behind, which the subreaper takes over. */
static void ends(void)
{
    int fds[2];
    char byte;
    long child = fork_quiet();
    if (child == 0) {
        QUIET(__NR_pause);
        exit_now(0);
    }
    QUIET(__NR_kill, child, SIGKILL);
    wait_for(child);
    ended(child, SIGKILL);
    QUIET(__NR_pipe, fds);
    QUIET(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1);
    child = QUIET(__NR_fork);
    if (child == 0) {
        if (QUIET(__NR_fork) == 0) {
            QUIET(__NR_close, fds[1]);
            QUIET(__NR_read, fds[0], &byte, 1);
            exit_now(0);
        }
        exit_now(9);
    }
    wait_for(child);
    expect_of(child, 0, "PROCEXIT_1_E");
    num("status", 9 << 8), num("ret", 9), num("sig", 0), num("core", 0), num("reaper_tid", self.tid), done();
    QUIET(__NR_close, fds[1]);
    wait_for(-1);
}

static volatile int caught;

static void catch_signal(int number)
{
    caught = number;
}

static void signals(void)
{
    signal(SIGTERM, catch_signal);
    signal(SIGUSR1, catch_signal);
    long res = CALL(__NR_kill, self.pid, SIGTERM);
    EXPECT("SYSCALL_KILL_X", num("res", res), num("pid", self.pid), num("sig", SIGTERM));
    EXPECT("SIGNALDELIVER_E", num("spid", self.pid), num("dpid", self.pid), num("sig", SIGTERM));
    need(caught == SIGTERM, "the signal did not come");
    res = CALL(__NR_kill, 0x7ffffff0, 0);
    EXPECT("SYSCALL_KILL_X", num("res", res), num("pid", 0x7ffffff0), num("sig", 0));
    res = CALL(__NR_kill, -0x7ffffff0, SIGUSR2);
    EXPECT("SYSCALL_KILL_X", num("res", res), num("pid", -0x7ffffff0), num("sig", SIGUSR2));
    res = CALL(__NR_tkill, self.tid, SIGUSR1);
    EXPECT("SYSCALL_TKILL_X", num("res", res), num("tid", self.tid), num("sig", SIGUSR1));
    EXPECT("SIGNALDELIVER_E", num("dpid", self.tid), num("sig", SIGUSR1));
    res = CALL(__NR_tkill, -1, SIGUSR1);
    EXPECT("SYSCALL_TKILL_X", num("res", res), num("tid", -1), num("sig", SIGUSR1));
    res = CALL(__NR_tgkill, self.pid, self.tid, 0);
    EXPECT("SYSCALL_TGKILL_X", num("res", res), num("pid", self.pid), num("tid", self.tid), num("sig", 0));
    res = CALL(__NR_tgkill, 1, self.tid, 9);
    EXPECT("SYSCALL_TGKILL_X", num("res", res), num("pid", 1), num("tid", self.tid), num("sig", 9));
}

const struct live_case process_cases[] = CASES(
    {"fork", fork_}, {"vfork", vfork_}, {"clone", clone_}, {"clone-pid-namespace", clone_pid_namespace},
    {"clone3-namespaces", clone3_namespaces}, {"clone-fails", clone_fails}, {"thread", thread_}, {"thread-clone3", thread3},
    {"ends", ends}, {"signals", signals});
