/* uring -C folder: asks the kernel for the same things through io_uring, in several ways, and prints what events must say
 * of them. Like the program of system calls, whose parts it uses, but one process with one thread: the thread that polls a
 * queue works in its name.
 * uring way file: only opens a file, in one of the ways.
 */
#define _GNU_SOURCE
#include "../calls/addresses.h"
#include "../calls/report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Newer than the headers that are usual. */
#define OP_FIXED_FD_INSTALL 54
#define OP_BIND 56
#define OP_LISTEN 57
#define SETUP_SINGLE_ISSUER (1U << 12)
#define SETUP_DEFER_TASKRUN (1U << 13)
#define SKIP_SUCCESS (1U << 6)
#define DIRECT_BASE 0x40000000
#define WAITS 2000

struct way {
    const char *name;
    unsigned setup, flags;
};

static struct ring {
    int fd;
    unsigned setup, flags, queued;
    unsigned *head, *tail, *mask, *array, *state, *done_head, *done_tail, *done_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
} ring;

int open_file(const char *path, int flags, int mode)
{
    return QUIET(__NR_openat, AT_FDCWD, path, flags, mode);
}

void fill_file(const char *path, size_t size)
{
    static const char block[4096] = "abcdefghijklmnopqrstuvwxyz";
    int fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    QUIET(__NR_write, fd, block, size);
    QUIET(__NR_close, fd);
}

void file_ids(int fd, unsigned *dev, unsigned long long *ino)
{
    struct statx found = {0};
    QUIET(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &found);
    *dev = (found.stx_dev_minor & 0xff) | found.stx_dev_major << 8 | (found.stx_dev_minor & ~0xffU) << 12;
    *ino = found.stx_ino;
}

static int next_descriptor(void)
{
    int fd = QUIET(__NR_dup, 0);
    QUIET(__NR_close, fd);
    return fd;
}

static void open_ring(const struct way *way, unsigned entries, unsigned completions)
{
    struct io_uring_params made = {.flags = way->setup, .sq_thread_idle = 100};
    if (completions)
        made.flags |= IORING_SETUP_CQSIZE, made.cq_entries = completions;
    ring.fd = QUIET(__NR_io_uring_setup, entries, &made);
    need(ring.fd >= 0, "no ring");
    char *area = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQ_RING);
    ring.setup = way->setup;
    ring.flags = way->flags;
    ring.queued = 0;
    ring.head = (unsigned *)(area + made.sq_off.head);
    ring.tail = (unsigned *)(area + made.sq_off.tail);
    ring.mask = (unsigned *)(area + made.sq_off.ring_mask);
    ring.array = (unsigned *)(area + made.sq_off.array);
    ring.state = (unsigned *)(area + made.sq_off.flags);
    ring.done_head = (unsigned *)(area + made.cq_off.head);
    ring.done_tail = (unsigned *)(area + made.cq_off.tail);
    ring.done_mask = (unsigned *)(area + made.cq_off.ring_mask);
    ring.cqes = (struct io_uring_cqe *)(area + made.cq_off.cqes);
    ring.sqes = mmap(NULL, made.sq_entries * sizeof *ring.sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
                     IORING_OFF_SQES);
    need(area != MAP_FAILED && ring.sqes != MAP_FAILED, "the ring cannot be mapped");
}

/* Puts a request into the queue; the next call of `enter` hands all of them over at once. */
static void queue(struct io_uring_sqe request)
{
    unsigned at = ring.queued++ & *ring.mask;
    request.flags |= ring.flags;
    ring.sqes[at] = request;
    ring.array[at] = at;
}

static void publish(void)
{
    __atomic_store_n(ring.tail, ring.queued, __ATOMIC_SEQ_CST);
}

static void enter(unsigned count, unsigned wanted)
{
    publish();
    if (!(ring.setup & IORING_SETUP_SQPOLL))
        QUIET(__NR_io_uring_enter, ring.fd, count, wanted, IORING_ENTER_GETEVENTS, NULL, 0);
    else if (__atomic_load_n(ring.state, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
        QUIET(__NR_io_uring_enter, ring.fd, count, wanted, IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, NULL, 0);
    else
        QUIET(__NR_io_uring_enter, ring.fd, 0, wanted, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* Returns the result of the oldest completion. */
static int completion(void)
{
    unsigned head = *ring.done_head;
    for (int k = 0; k < WAITS && head == __atomic_load_n(ring.done_tail, __ATOMIC_ACQUIRE); k++)
        enter(0, 1);
    need(head != *ring.done_tail, "a request did not end");
    int result = ring.cqes[head & *ring.done_mask].res;
    __atomic_store_n(ring.done_head, head + 1, __ATOMIC_RELEASE);
    return result;
}

static int ask_quietly(struct io_uring_sqe request)
{
    queue(request);
    enter(1, 1);
    return completion();
}

#define ASK(...) (mark(), ask_quietly((struct io_uring_sqe){__VA_ARGS__}))
#define PATH(path) .addr = (unsigned long)(path)
#define SECOND(path) .addr2 = (unsigned long)(path)

static void opened_ids(int fd)
{
    unsigned dev = 0;
    unsigned long long ino = 0;
    if (fd >= 0)
        file_ids(fd, &dev, &ino);
    big("dev", dev);
    big("ino", ino);
}

static void opened(int fd, int dirfd, const char *path, const char *flags, int mode)
{
    expect("SYSCALL_OPENAT_2_X");
    num("fd", fd);
    num("dirfd", dirfd);
    text("name", path);
    names("flags", flags);
    num("mode", mode);
    opened_ids(fd);
    done();
}

static void opens(void)
{
    static char far[3000];
    int dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    fill_file("here", 3);
    for (size_t k = 0; k + 6 < sizeof far; k += 2)
        memcpy(far + k, "./here", 7);
    int fd = ASK(.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH("here"), .open_flags = O_RDONLY | O_CLOEXEC);
    opened(fd, -100, "here", "O_RDONLY|O_CLOEXEC", 0);
    fd = ASK(.opcode = IORING_OP_OPENAT, .fd = dir, PATH("new-" LONG_NAME), .open_flags = O_RDWR | O_CREAT | O_EXCL, .len = 0640);
    opened(fd, dir, "new-" LONG_NAME, "O_RDWR|O_CREAT|O_EXCL|O_F_CREATED", 0640);
    fd = ASK(.opcode = IORING_OP_OPENAT, .fd = dir, PATH("absent/file"), .open_flags = O_WRONLY);
    need(fd == -ENOENT, "an absent file was opened");
    opened(fd, dir, "absent/file", "O_WRONLY", 0);
    fd = ASK(.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH(far), .open_flags = O_RDONLY);
    opened(fd, -100, far, "O_RDONLY", 0);
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
    fd = ASK(.opcode = IORING_OP_OPENAT2, .fd = dir, PATH("here"), .len = sizeof how, .off = (unsigned long)&how);
    EXPECT("SYSCALL_OPENAT2_X", num("fd", fd), num("dirfd", dir), text("name", "here"), names("flags", "O_RDONLY"), num("mode", 0),
           names("resolve", "RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH"), opened_ids(fd));
    how.resolve = RESOLVE_BENEATH;
    fd = ASK(.opcode = IORING_OP_OPENAT2, .fd = dir, PATH("/etc"), .len = sizeof how, .off = (unsigned long)&how);
    EXPECT("SYSCALL_OPENAT2_X", num("fd", fd), num("dirfd", dir), text("name", "/etc"), names("flags", "O_RDONLY"), num("mode", 0),
           names("resolve", "RESOLVE_BENEATH"), num("dev", 0), num("ino", 0));
    int res = ASK(.opcode = IORING_OP_CLOSE, .fd = dir);
    EXPECT("SYSCALL_CLOSE_X", num("res", res), num("fd", dir));
    res = ASK(.opcode = IORING_OP_CLOSE, .fd = 777);
    need(res == -EBADF, "no descriptor was closed");
    EXPECT("SYSCALL_CLOSE_X", num("res", res), num("fd", 777));
}

/* What a program writes over a name meanwhile is not what was opened. */
static void changed_name(void)
{
    char name[] = "here";
    mark();
    queue((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH(name), .open_flags = O_RDONLY, .flags = IOSQE_ASYNC});
    publish();
    if (ring.setup & IORING_SETUP_SQPOLL)
        enter(1, 1);
    else
        QUIET(__NR_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0);
    memcpy(name, "gone", 4);
    int fd = completion();
    need(fd >= 0, "the name was not taken over");
    opened(fd, -100, "here", "O_RDONLY", 0);
}

static void on_names(void)
{
    int dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    int res = ASK(.opcode = IORING_OP_MKDIRAT, .fd = dir, PATH("made"), .len = 0711);
    EXPECT("SYSCALL_MKDIRAT_X", num("res", res), num("dirfd", dir), text("path", "made"), num("mode", 0711));
    need(res == 0, "no folder was made");
    res = ASK(.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, PATH("absent/made"), .len = 0700);
    EXPECT("SYSCALL_MKDIRAT_X", num("res", res), num("dirfd", -100), text("path", "absent/made"), num("mode", 0700));
    res = ASK(.opcode = IORING_OP_SYMLINKAT, .fd = dir, PATH("to/any"), SECOND("made/link"));
    EXPECT("SYSCALL_SYMLINKAT_X", num("res", res), text("target", "to/any"), num("linkdirfd", dir), text("linkpath", "made/link"));
    need(res == 0, "no link was made");
    res = ASK(.opcode = IORING_OP_SYMLINKAT, .fd = dir, PATH("to/any"), SECOND("made/link"));
    EXPECT("SYSCALL_SYMLINKAT_X", num("res", res), text("target", "to/any"), num("linkdirfd", dir), text("linkpath", "made/link"));
    res = ASK(.opcode = IORING_OP_LINKAT, .fd = dir, PATH("here"), .len = AT_FDCWD, SECOND("made/hard"), .hardlink_flags = AT_SYMLINK_FOLLOW);
    EXPECT("SYSCALL_LINKAT_2_X", num("res", res), num("olddir", dir), text("oldpath", "here"), num("newdir", -100),
           text("newpath", "made/hard"), names("flags", "AT_SYMLINK_FOLLOW"));
    need(res == 0, "no hard link was made");
    res = ASK(.opcode = IORING_OP_LINKAT, .fd = -9, PATH("here"), .len = dir, SECOND("other"));
    EXPECT("SYSCALL_LINKAT_2_X", num("res", res), num("olddir", -9), text("oldpath", "here"), num("newdir", dir), text("newpath", "other"),
           num("flags", 0));
    res = ASK(.opcode = IORING_OP_RENAMEAT, .fd = dir, PATH("made/hard"), .len = AT_FDCWD, SECOND("made/moved"), .rename_flags = 1);
    EXPECT("SYSCALL_RENAMEAT2_X", num("res", res), num("olddirfd", dir), text("oldpath", "made/hard"), num("newdirfd", -100),
           text("newpath", "made/moved"), names("flags", "RENAME_NOREPLACE"));
    need(res == 0, "nothing was renamed");
    res = ASK(.opcode = IORING_OP_RENAMEAT, .fd = dir, PATH("absent"), .len = dir, SECOND("x"));
    EXPECT("SYSCALL_RENAMEAT2_X", num("res", res), num("olddirfd", dir), text("oldpath", "absent"), num("newdirfd", dir),
           text("newpath", "x"), num("flags", 0));
    ask_quietly((struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = dir, PATH("made/moved")});
    res = ASK(.opcode = IORING_OP_UNLINKAT, .fd = dir, PATH("made/link"));
    EXPECT("SYSCALL_UNLINKAT_2_X", num("res", res), num("dirfd", dir), text("name", "made/link"), num("flags", 0));
    need(res == 0, "nothing was removed");
    res = ASK(.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, PATH("made"), .unlink_flags = AT_REMOVEDIR);
    EXPECT("SYSCALL_UNLINKAT_2_X", num("res", res), num("dirfd", -100), text("name", "made"), names("flags", "AT_REMOVEDIR"));
    need(res == 0, "no folder was removed");
    res = ASK(.opcode = IORING_OP_UNLINKAT, .fd = dir, PATH("absent"));
    EXPECT("SYSCALL_UNLINKAT_2_X", num("res", res), num("dirfd", dir), text("name", "absent"), num("flags", 0));
}

static int connected(const struct endpoint *at, int listening, struct endpoint *client)
{
    int fd = new_socket(at->address.head.sa_family, SOCK_STREAM);
    int res = ASK(.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)&at->address, .off = at->size);
    *client = bound_to(fd);
    EXPECT("SOCKET_CONNECT_X", num("res", res), tuple("tuple", client, at), num("fd", fd), addr("addr", at));
    need(res == 0, "not connected");
    res = ASK(.opcode = IORING_OP_ACCEPT, .fd = listening, .accept_flags = SOCK_CLOEXEC);
    EXPECT("SOCKET_ACCEPT4_6_X", num("fd", res), tuple("tuple", client, at), num("queuepct", 0), num("queuelen", 0), num("queuemax", 7),
           num("flags", SOCK_CLOEXEC));
    need(res >= 0, "not accepted");
    QUIET(__NR_close, res);
    return fd;
}

static void sockets(void)
{
    struct endpoint server, client, at = ipv4("127.0.0.1", 0), six = ipv6("::1", 0), nobody = ipv4("127.0.0.1", 1);
    int res = ASK(.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_DGRAM | SOCK_CLOEXEC, .len = 17);
    need(res >= 0, "no socket");
    EXPECT("SOCKET_SOCKET_X", num("fd", res), names("domain", "AF_INET"), num("type", SOCK_DGRAM | SOCK_CLOEXEC), num("proto", 17),
           names("flags", "O_CLOEXEC"));
    res = ASK(.opcode = IORING_OP_SOCKET, .fd = AF_INET6, .off = SOCK_STREAM, .len = 200);
    EXPECT("SOCKET_SOCKET_X", num("fd", res), names("domain", "AF_INET6"), num("type", SOCK_STREAM), num("proto", 200), num("flags", 0));
    int listening = listener(&at, &server, 7);
    connected(&server, listening, &client);
    listening = listener(&six, &server, 7);
    int fd = connected(&server, listening, &client);
    res = ASK(.opcode = IORING_OP_SHUTDOWN, .fd = fd, .len = 1);
    EXPECT("SOCKET_SHUTDOWN_X", num("res", res), num("fd", fd), num("how", 1));
    fd = new_socket(AF_INET, SOCK_STREAM);
    res = ASK(.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)&nobody.address, .off = nobody.size);
    need(res == -ECONNREFUSED, "somebody listens");
    EXPECT("SOCKET_CONNECT_X", num("res", res), none("tuple"), num("fd", fd), addr("addr", &nobody));
    res = ASK(.opcode = IORING_OP_ACCEPT, .fd = 0);
    EXPECT("SOCKET_ACCEPT4_6_X", num("fd", res), none("tuple"), num("flags", 0));
}

static void local_sockets(void)
{
    struct endpoint at = local_name("listening.sock"), client;
    QUIET(__NR_unlinkat, AT_FDCWD, "listening.sock", 0);
    listener(&at, &client, 7);
    int fd = new_socket(AF_UNIX, SOCK_STREAM);
    int res = ASK(.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)&at.address, .off = at.size);
    need(res == 0, "not connected");
    EXPECT("SOCKET_CONNECT_X", num("res", res), unix_tuple("tuple", "listening.sock"), num("fd", fd), addr("addr", &at));
}

/* Binding and listening can be asked for since 6.11. */
static void servers(void)
{
    struct endpoint at = ipv4("127.0.0.1", 0);
    int fd = new_socket(AF_INET, SOCK_STREAM);
    int res = ASK(.opcode = OP_BIND, .fd = fd, .addr = (unsigned long)&at.address, .off = at.size);
    if (res == -EINVAL)
        return;
    EXPECT("SOCKET_BIND_X", num("res", res), addr("addr", &at), num("fd", fd));
    res = ASK(.opcode = OP_LISTEN, .fd = fd, .len = 23);
    EXPECT("SOCKET_LISTEN_X", num("res", res), num("fd", fd), num("backlog", 23));
}

static char out[300], in[300];

static void data(const char *from, size_t size)
{
    bytes("data", from, size < 80 ? size : 80);
}

static void messages(void)
{
    struct endpoint left, right, at = ipv4("127.0.0.1", 0);
    int to = new_socket(AF_INET, SOCK_DGRAM), from = new_socket(AF_INET, SOCK_DGRAM);
    QUIET(__NR_bind, to, &at.address, at.size);
    right = bound_to(to);
    QUIET(__NR_connect, from, &right.address, right.size);
    left = bound_to(from);
    QUIET(__NR_connect, to, &left.address, left.size);
    int res = ASK(.opcode = IORING_OP_SEND, .fd = from, PATH(out), .len = 120);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 120), num("fd", from), num("size", 120), tuple("tuple", &left, &right));
    res = ASK(.opcode = IORING_OP_RECV, .fd = to, PATH(in), .len = 300);
    EXPECT("SOCKET_RECVFROM_X", num("res", res), data(out, 120), tuple("tuple", &left, &right), num("fd", to), num("size", 300));
    struct iovec parts[] = {{out, 30}, {out + 30, 20}}, places[] = {{in, 300}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2}, room = {.msg_iov = places, .msg_iovlen = 1};
    res = ASK(.opcode = IORING_OP_SENDMSG, .fd = from, PATH(&message), .len = 1);
    EXPECT("SOCKET_SENDMSG_X", num("res", res), data(out, 50), num("fd", from), num("size", 50), tuple("tuple", &left, &right));
    res = ASK(.opcode = IORING_OP_RECVMSG, .fd = to, PATH(&room), .len = 1);
    EXPECT("SOCKET_RECVMSG_X", num("res", res), num("size", 50), data(out, 50), tuple("tuple", &left, &right), none("msgcontrol"), num("fd", to));
    res = ASK(.opcode = IORING_OP_SEND, .fd = 0, PATH(out), .len = 7);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 7), num("fd", 0), num("size", 7), none("tuple"));
}

static void moved(const char *event, int res, const char *from, int fd, int size)
{
    expect(event);
    num("res", res);
    num("fd", fd);
    num("size", size);
    if (from)
        data(from, size);
    else
        none("data");
}

static void files(void)
{
    struct iovec parts[] = {{out, 30}, {out + 30, 20}}, places[] = {{in, 10}, {in + 10, 40}};
    int fd = open_file("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
    moved("SYSCALL_PWRITE_X", ASK(.opcode = IORING_OP_WRITE, .fd = fd, PATH(out), .len = 100, .off = 0), out, fd, 100), num("pos", 0), done();
    moved("SYSCALL_PREAD_X", ASK(.opcode = IORING_OP_READ, .fd = fd, PATH(in), .len = 70, .off = 3), out + 3, fd, 70), num("pos", 3), done();
    moved("SYSCALL_WRITE_X", ASK(.opcode = IORING_OP_WRITE, .fd = fd, PATH(out), .len = 50, .off = -1), out, fd, 50), done();
    moved("SYSCALL_READ_X", ASK(.opcode = IORING_OP_READ, .fd = fd, PATH(in), .len = 50, .off = -1), out + 50, fd, 50), done();
    moved("SYSCALL_READ_X", ASK(.opcode = IORING_OP_READ, .fd = 777, PATH(in), .len = 50, .off = -1), NULL, 777, 50), done();
    moved("SYSCALL_PWRITEV_X", ASK(.opcode = IORING_OP_WRITEV, .fd = fd, PATH(parts), .len = 2, .off = 200), out, fd, 50), num("pos", 200), done();
    moved("SYSCALL_PREADV_X", ASK(.opcode = IORING_OP_READV, .fd = fd, PATH(places), .len = 2, .off = 200), out, fd, 50), num("pos", 200), done();
    moved("SYSCALL_WRITEV_X", ASK(.opcode = IORING_OP_WRITEV, .fd = fd, PATH(parts), .len = 2, .off = -1), out, fd, 50), done();
    QUIET(__NR_lseek, fd, 200, 0);
    moved("SYSCALL_READV_X", ASK(.opcode = IORING_OP_READV, .fd = fd, PATH(places), .len = 2, .off = -1), out, fd, 50), done();
}

/* Files of the ring's own table have numbers that no descriptor has. */
static void direct(void)
{
    int none_yet[] = {-1, -1, -1, -1};
    QUIET(__NR_io_uring_register, ring.fd, IORING_REGISTER_FILES, none_yet, 4);
    int slot = DIRECT_BASE + 2;
    int res = ASK(.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH("here"), .open_flags = O_RDONLY, .file_index = 3);
    need(res == 0, "not opened in the table");
    EXPECT("SYSCALL_OPENAT_2_X", num("fd", slot), num("dirfd", -100), text("name", "here"), names("flags", "O_RDONLY"), num("mode", 0));
    res = ASK(.opcode = IORING_OP_READ, .fd = 2, .flags = IOSQE_FIXED_FILE, PATH(in), .len = 2, .off = -1);
    EXPECT("SYSCALL_READ_X", num("res", res), num("fd", slot), num("size", 2));
    res = ASK(.opcode = OP_FIXED_FD_INSTALL, .fd = 2, .flags = IOSQE_FIXED_FILE);
    if (res >= 0)
        EXPECT("SYSCALL_DUP_1_X", num("res", res), num("oldfd", slot));
    res = ASK(.opcode = IORING_OP_CLOSE, .file_index = 3);
    EXPECT("SYSCALL_CLOSE_X", num("res", res), num("fd", slot));
}

static void made_silently(int result)
{
    mark();
    queue((struct io_uring_sqe){.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, PATH("silent"), .len = 0700, .flags = SKIP_SUCCESS | IOSQE_IO_LINK});
    queue((struct io_uring_sqe){.opcode = IORING_OP_NOP});
    enter(2, 1);
    completion();
    for (int k = 0; k < 3; k++) /* one round of the thread that polls may have to pass */
        ask_quietly((struct io_uring_sqe){.opcode = IORING_OP_NOP});
    EXPECT("SYSCALL_MKDIRAT_X", num("res", result), num("dirfd", -100), text("path", "silent"), num("mode", 0700));
}

/* Nobody is told of these when they go well, and of some not even when they fail: they are seen all the same. */
static void silent(void)
{
    int fd = next_descriptor();
    if (!ring.flags && !(ring.setup & IORING_SETUP_SQPOLL)) {
        mark();
        queue((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH("here"), .open_flags = O_RDONLY, .flags = SKIP_SUCCESS});
        enter(1, 0);
        opened(fd, -100, "here", "O_RDONLY", 0);
        QUIET(__NR_close, fd);
    }
    made_silently(0);
    made_silently(-EEXIST);
    QUIET(__NR_unlinkat, AT_FDCWD, "silent", AT_REMOVEDIR);
}

/* One after the other: what comes behind one that failed is not done, and says so. */
static void linked(void)
{
    mark();
    queue((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH("absent"), .flags = IOSQE_IO_LINK});
    queue((struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, PATH("here")});
    enter(2, 2);
    need(completion() == -ENOENT && completion() == -ECANCELED, "links went on");
    EXPECT("SYSCALL_OPENAT_2_X", num("fd", -ENOENT), text("name", "absent"));
    EXPECT("SYSCALL_UNLINKAT_2_X", num("res", -ECANCELED), text("name", "here"));
}

/* There is no room for these completions. */
static void overflow(const struct way *way)
{
    open_ring(way, 2, 2);
    for (int k = 0; k < 2; k++) {
        queue((struct io_uring_sqe){.opcode = IORING_OP_NOP});
        enter(1, 0);
    }
    int fd = next_descriptor();
    mark();
    queue((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH("."), .open_flags = O_RDONLY});
    publish();
    QUIET(__NR_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0);
    opened(fd, -100, ".", "O_RDONLY", 0);
    QUIET(__NR_close, ring.fd);
}

static const struct way ways[] = {
    {"plain", 0, 0},
    {"workers", 0, IOSQE_ASYNC},
    {"polled", IORING_SETUP_SQPOLL, 0},
    {"polled-workers", IORING_SETUP_SQPOLL, IOSQE_ASYNC},
    {"deferred", SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN, 0},
    {"deferred-workers", SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN, IOSQE_ASYNC},
};

#define WAYS (sizeof ways / sizeof *ways)

static int only_open(const char *name, const char *path)
{
    size_t k = 0;
    while (k < WAYS - 1 && strcmp(ways[k].name, name))
        k++;
    open_ring(ways + k, 8, 0);
    return ask_quietly((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, PATH(path), .open_flags = O_RDONLY}) < 0;
}

int main(int argc, char **argv)
{
    report_open();
    self.tid = QUIET(__NR_gettid);
    if (argc != 3 || strcmp(argv[1], "-C"))
        return argc == 3 ? only_open(argv[1], argv[2]) : 2;
    need(QUIET(__NR_chdir, argv[2]) == 0, "no such folder");
    for (size_t k = 0; k < sizeof out; k++)
        out[k] = 'a' + k % 26;
    for (size_t k = 0; k < WAYS; k++) {
        self.name = ways[k].name;
        QUIET(__NR_mkdirat, AT_FDCWD, ways[k].name, 0755);
        QUIET(__NR_chdir, ways[k].name);
        open_ring(ways + k, 8, 0);
        opens();
        changed_name();
        on_names();
        sockets();
        local_sockets();
        servers();
        messages();
        files();
        direct();
        silent();
        linked();
        QUIET(__NR_close, ring.fd);
        QUIET(__NR_chdir, "..");
    }
    self.name = "overflow";
    overflow(ways);
    report_write(1);
    return report_failures() != 0;
}
