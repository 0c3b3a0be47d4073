/* Calls that make, copy, close, wait for and control descriptors. */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <signal.h>
#include <time.h>

static void close_dup(void)
{
    int fd = descriptor();
    long res = CALL(__NR_dup, fd);
    EXPECT("SYSCALL_DUP_1_X", num("res", res), num("oldfd", fd));
    res = CALL(__NR_dup, -1);
    EXPECT("SYSCALL_DUP_1_X", num("res", res), num("oldfd", -1));
    res = CALL(__NR_dup2, fd, 77);
    EXPECT("SYSCALL_DUP2_X", num("res", res), num("oldfd", fd), num("newfd", 77));
    res = CALL(__NR_dup2, -1, 78);
    EXPECT("SYSCALL_DUP2_X", num("res", res), num("oldfd", -1), num("newfd", 78));
    res = CALL(__NR_dup3, fd, 79, O_CLOEXEC);
    EXPECT("SYSCALL_DUP3_X", num("res", res), num("oldfd", fd), num("newfd", 79), names("flags", "O_CLOEXEC"));
    res = CALL(__NR_dup3, fd, fd, 0);
    EXPECT("SYSCALL_DUP3_X", num("res", res), num("oldfd", fd), num("newfd", fd), num("flags", 0));
    res = CALL(__NR_close, fd);
    EXPECT("SYSCALL_CLOSE_X", num("res", res), num("fd", fd));
    res = CALL(__NR_close, fd);
    EXPECT("SYSCALL_CLOSE_X", num("res", res), num("fd", fd));
    res = CALL(__NR_close_range, 77, 78, 4);
    EXPECT("SYSCALL_CLOSE_RANGE_X", num("res", res), num("first", 77), num("last", 78), names("flags", "CLOSE_RANGE_CLOEXEC"));
    res = CALL(__NR_close_range, 77, 4294967295u, 2);
    EXPECT("SYSCALL_CLOSE_RANGE_X", num("res", res), num("first", 77), big("last", 4294967295u), names("flags", "CLOSE_RANGE_UNSHARE"));
    res = CALL(__NR_close_range, 9, 8, 0);
    EXPECT("SYSCALL_CLOSE_RANGE_X", num("res", res), num("first", 9), num("last", 8), num("flags", 0));
}

static void fcntl_(void)
{
    int fd = descriptor();
    long res = CALL(__NR_fcntl, fd, F_DUPFD, 50);
    EXPECT("SYSCALL_FCNTL_X", num("res", res), num("fd", fd), names("cmd", "F_DUPFD"), num("arg", 50));
    res = CALL(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 60);
    EXPECT("SYSCALL_FCNTL_X", num("res", res), num("fd", fd), names("cmd", "F_DUPFD_CLOEXEC"), num("arg", 60));
    res = CALL(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
    EXPECT("SYSCALL_FCNTL_X", num("res", res), num("fd", fd), names("cmd", "F_SETFD"), num("arg", 1));
    res = CALL(__NR_fcntl, fd, F_GETFL, 0x1122334455667788);
    EXPECT("SYSCALL_FCNTL_X", num("res", res), num("fd", fd), names("cmd", "F_GETFL"), big("arg", 0x1122334455667788));
    res = CALL(__NR_fcntl, -1, F_GETFD, 0);
    EXPECT("SYSCALL_FCNTL_X", num("res", res), num("fd", -1), names("cmd", "F_GETFD"), num("arg", 0));
    res = CALL(__NR_flock, fd, LOCK_EX | LOCK_NB);
    EXPECT("SYSCALL_FLOCK_X", num("res", res), num("fd", fd), names("operation", "LOCK_EX|LOCK_NB"));
    res = CALL(__NR_flock, -1, LOCK_UN);
    EXPECT("SYSCALL_FLOCK_X", num("res", res), num("fd", -1), names("operation", "LOCK_UN"));
    res = CALL(__NR_ioctl, fd, TCGETS, 0x7000);
    EXPECT("SYSCALL_IOCTL_3_X", num("res", res), num("fd", fd), num("request", TCGETS), num("argument", 0x7000));
    res = CALL(__NR_ioctl, fd, FIOCLEX, 0);
    EXPECT("SYSCALL_IOCTL_3_X", num("res", res), num("fd", fd), num("request", FIOCLEX), num("argument", 0));
}

static void piped(const char *event, long res, int *fds)
{
    unsigned dev;
    unsigned long long ino = 0;
    if (res == 0)
        file_ids(fds[0], &dev, &ino);
    expect(event);
    num("res", res);
    num("fd1", res == 0 ? fds[0] : -1);
    num("fd2", res == 0 ? fds[1] : -1);
    big("ino", ino);
}

static void pipes(void)
{
    int fds[2];
    piped("SYSCALL_PIPE_X", CALL(__NR_pipe, fds), fds), done();
    piped("SYSCALL_PIPE_X", CALL(__NR_pipe, NULL), fds), done();
    piped("SYSCALL_PIPE2_X", CALL(__NR_pipe2, fds, O_NONBLOCK | O_CLOEXEC), fds), names("flags", "O_NONBLOCK|O_CLOEXEC"), done();
    piped("SYSCALL_PIPE2_X", CALL(__NR_pipe2, NULL, O_CLOEXEC), fds), names("flags", "O_CLOEXEC"), done();
}

/* Where the format's older drivers always said 0, the values passed are 0; other values only where they are told. */
static void made_descriptors(void)
{
    unsigned long none_set = 0;
    long res = CALL(__NR_eventfd, 7);
    EXPECT("SYSCALL_EVENTFD_X", num("res", res), num("initval", 7), num("flags", 0));
    res = CALL(__NR_eventfd2, 5, EFD_CLOEXEC | EFD_NONBLOCK);
    EXPECT("SYSCALL_EVENTFD2_X", num("res", res), num("initval", 5), names("flags", "O_CLOEXEC|O_NONBLOCK"));
    res = CALL(__NR_eventfd2, 5, 0x40000000);
    EXPECT("SYSCALL_EVENTFD2_X", num("res", res), num("initval", 5), num("flags", 0));
    res = CALL(__NR_signalfd, -1, &none_set, 8);
    EXPECT("SYSCALL_SIGNALFD_X", num("res", res), num("fd", -1), num("mask", 0), num("flags", 0));
    res = CALL(__NR_signalfd, -2, &none_set, 3);
    EXPECT("SYSCALL_SIGNALFD_X", num("res", res), num("fd", -2), num("mask", 0), num("flags", 0));
    res = CALL(__NR_signalfd4, -1, &none_set, 8, O_CLOEXEC);
    EXPECT("SYSCALL_SIGNALFD4_X", num("res", res), num("fd", -1), num("mask", 0), names("flags", "O_CLOEXEC"));
    res = CALL(__NR_signalfd4, 0, &none_set, 8, 0);
    EXPECT("SYSCALL_SIGNALFD4_X", num("res", res), num("fd", 0), num("mask", 0), num("flags", 0));
    unsigned long some = 0x4200;
    res = CALL(__NR_signalfd4, -1, &some, 8, O_NONBLOCK);
    EXPECT("SYSCALL_SIGNALFD4_X", num("res", res), num("fd", -1), either("mask", "0, 16896"), names("flags", "O_NONBLOCK"));
    res = CALL(__NR_timerfd_create, CLOCK_BOOTTIME, 0);
    EXPECT("SYSCALL_TIMERFD_CREATE_X", num("res", res), either("clockid", "0, 7"), num("flags", 0));
    res = CALL(__NR_timerfd_create, CLOCK_REALTIME, 0);
    EXPECT("SYSCALL_TIMERFD_CREATE_X", num("res", res), num("clockid", 0), num("flags", 0));
    res = CALL(__NR_timerfd_create, 99, 0);
    EXPECT("SYSCALL_TIMERFD_CREATE_X", num("res", res));
    res = CALL(__NR_inotify_init);
    EXPECT("SYSCALL_INOTIFY_INIT_X", num("res", res), num("flags", 0));
    res = CALL(__NR_inotify_init1, IN_NONBLOCK | IN_CLOEXEC);
    EXPECT("SYSCALL_INOTIFY_INIT1_X", num("res", res), names("flags", "O_NONBLOCK|O_CLOEXEC"));
    res = CALL(__NR_inotify_init1, 1);
    EXPECT("SYSCALL_INOTIFY_INIT1_X", num("res", res));
    res = CALL(__NR_epoll_create, 12);
    EXPECT("SYSCALL_EPOLL_CREATE_X", num("res", res), num("size", 12));
    res = CALL(__NR_epoll_create, -12);
    EXPECT("SYSCALL_EPOLL_CREATE_X", num("res", res), num("size", -12));
    res = CALL(__NR_epoll_create1, EPOLL_CLOEXEC);
    EXPECT("SYSCALL_EPOLL_CREATE1_X", num("res", res), names("flags", "EPOLL_CLOEXEC"));
    res = CALL(__NR_epoll_create1, 0x400);
    EXPECT("SYSCALL_EPOLL_CREATE1_X", num("res", res), num("flags", 0));
    res = CALL(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    EXPECT("SYSCALL_USERFAULTFD_X", num("res", res), names("flags", "O_CLOEXEC|O_NONBLOCK"));
    res = CALL(__NR_userfaultfd, 0x100000);
    EXPECT("SYSCALL_USERFAULTFD_X", num("res", res), num("flags", 0));
    res = CALL(__NR_memfd_create, "mem\xff", 3);
    EXPECT("SYSCALL_MEMFD_CREATE_X", num("fd", res), text("name", "mem\xff"), names("flags", "MFD_CLOEXEC|MFD_ALLOW_SEALING"));
    res = CALL(__NR_memfd_create, "bad", 0x4000);
    EXPECT("SYSCALL_MEMFD_CREATE_X", num("fd", res), text("name", "bad"), num("flags", 0));
}

static void no_descriptors_left(void)
{
    struct { long cur, max; } none_left = {0, 0};
    QUIET(__NR_setrlimit, 7, &none_left);
    long res = CALL(__NR_eventfd, 3);
    EXPECT("SYSCALL_EVENTFD_X", num("res", res), num("initval", 3), num("flags", 0));
    res = CALL(__NR_inotify_init);
    EXPECT("SYSCALL_INOTIFY_INIT_X", num("res", res), num("flags", 0));
}

/* A list of descriptors as events carry it: how many, then number and portable flags of each. */
static size_t fd_list(unsigned char *list, const struct pollfd *fds, unsigned short count, const short *flags)
{
    size_t at = 2;
    memcpy(list, &count, 2);
    for (int k = 0; k < count; k++) {
        long fd = fds[k].fd;
        memcpy(list + at, &fd, 8);
        memcpy(list + at + 8, &flags[k], 2);
        at += 10;
    }
    return at;
}

static void waits(void)
{
    unsigned char list[64];
    int fds[2];
    QUIET(__NR_pipe, fds);
    QUIET(__NR_write, fds[1], "x", 1);
    struct pollfd polled[] = {{fds[0], POLLIN, 0}, {fds[1], POLLOUT, 0}, {900, POLLIN, 0}};
    const short ready[] = {1, 4, 64};
    long res = CALL(__NR_poll, polled, 3, 500);
    size_t size = fd_list(list, polled, 3, ready);
    EXPECT("SYSCALL_POLL_X", num("res", res), bytes("fds", list, size), num("timeout", 500));
    res = CALL(__NR_poll, NULL, 3, -1);
    EXPECT("SYSCALL_POLL_X", num("res", res), num("timeout", -1));
    struct timespec limit = {1, 5};
    unsigned long mask = 0x600;
    res = CALL(__NR_ppoll, polled, 2, &limit, &mask, 8);
    size = fd_list(list, polled, 2, ready);
    EXPECT("SYSCALL_PPOLL_X", num("res", res), bytes("fds", list, size), between("timeout", 0, 1000000005), num("sigmask", 0x600));
    res = CALL(__NR_ppoll, NULL, 0, NULL, &mask, 3);
    EXPECT("SYSCALL_PPOLL_X", num("res", res), num("timeout", 0));
    struct timeval none_left = {0, 0};
    res = CALL(__NR_select, 0, NULL, NULL, NULL, &none_left);
    EXPECT("SYSCALL_SELECT_X", num("res", res));
    res = CALL(__NR_select, -1, NULL, NULL, NULL, &none_left);
    EXPECT("SYSCALL_SELECT_X", num("res", res));
    struct epoll_event events[4], wanted = {.events = EPOLLIN};
    int poller = QUIET(__NR_epoll_create1, 0);
    QUIET(__NR_epoll_ctl, poller, EPOLL_CTL_ADD, fds[0], &wanted);
    res = CALL(__NR_epoll_wait, poller, events, 4, 0);
    EXPECT("SYSCALL_EPOLLWAIT_X", num("res", res), num("maxevents", 4));
    res = CALL(__NR_epoll_wait, -1, events, 3, 0);
    EXPECT("SYSCALL_EPOLLWAIT_X", num("res", res), num("maxevents", 3));
}

static void pidfds(void)
{
    int fd = descriptor();
    long pidfd = CALL(__NR_pidfd_open, self.pid, O_NONBLOCK);
    EXPECT("SYSCALL_PIDFD_OPEN_X", num("fd", pidfd), num("pid", self.pid), names("flags", "PIDFD_NONBLOCK"));
    long res = CALL(__NR_pidfd_open, -7, 0);
    EXPECT("SYSCALL_PIDFD_OPEN_X", num("fd", res), num("pid", -7), num("flags", 0));
    res = CALL(__NR_pidfd_getfd, pidfd, fd, 0);
    EXPECT("SYSCALL_PIDFD_GETFD_X", num("fd", res), num("pid_fd", pidfd), num("target_fd", fd), num("flags", 0));
    res = CALL(__NR_pidfd_getfd, -1, 3, 5);
    EXPECT("SYSCALL_PIDFD_GETFD_X", num("fd", res), num("pid_fd", -1), num("target_fd", 3), num("flags", 5));
}

const struct live_case descriptor_cases[] = CASES(
    {"close-dup", close_dup}, {"fcntl", fcntl_}, {"pipes", pipes}, {"made-descriptors", made_descriptors},
    {"no-descriptors-left", no_descriptors_left}, {"waits", waits}, {"pidfds", pidfds});
