/* Opening files, and reading and writing them. */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define SNAPLEN 80
/* The library says 0 here, where all files may be large; the kernel takes the bit all the same. */
#define LARGEFILE 0100000

static void opened_ids(long fd)
{
    unsigned dev = 0;
    unsigned long long ino = 0;
    if (fd >= 0)
        file_ids(fd, &dev, &ino);
    big("dev", dev);
    big("ino", ino);
}

static void opened(long fd, const char *path, const char *flags, int mode)
{
    expect("SYSCALL_OPEN_X");
    num("fd", fd);
    text("name", path);
    names("flags", flags);
    num("mode", mode);
    opened_ids(fd);
    done();
}

static void open_(void)
{
    fill_file("open-here", 3);
    opened(CALL(__NR_open, "open-here", O_RDONLY, 0777), "open-here", "O_RDONLY", 0);
    opened(CALL(__NR_open, "open-new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640), "open-new",
           "O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC|O_F_CREATED", 0640);
    opened(CALL(__NR_open, "open-new", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600), "open-new",
           "O_WRONLY|O_CREAT|O_TRUNC|O_APPEND", 0600);
    opened(CALL(__NR_open, "/dev/null", O_RDONLY | O_NONBLOCK | O_SYNC, 0), "/dev/null",
           "O_RDONLY|O_NONBLOCK|O_SYNC|O_DSYNC", 0);
    opened(CALL(__NR_open, ".", O_RDONLY | O_DIRECTORY, 0), ".", "O_RDONLY|O_DIRECTORY", 0);
    opened(CALL(__NR_open, ".", O_RDWR | O_TMPFILE, 0600), ".", "O_RDWR|O_TMPFILE|O_DIRECTORY", 0600);
    opened(CALL(__NR_open, "absent/file", O_RDONLY, 0), "absent/file", "O_RDONLY", 0);
    opened(CALL(__NR_open, "", O_RDONLY, 0), "", "O_RDONLY", 0);
    opened(CALL(__NR_open, LONG_NAME, O_WRONLY | O_CREAT, 0644), LONG_NAME, "O_WRONLY|O_CREAT|O_F_CREATED", 0644);
    opened(CALL(__NR_open, long_path("open-here"), O_RDONLY, 0), long_path("open-here"), "O_RDONLY", 0);
}

static void open_bad_pointer(void)
{
    long fd = CALL(__NR_open, 1, O_RDONLY, 0);
    EXPECT("SYSCALL_OPEN_X", num("fd", fd), none("name"), names("flags", "O_RDONLY"), num("dev", 0), num("ino", 0));
}

static void opened_at(long fd, int dirfd, const char *path, const char *flags, int mode)
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

static void openat_(void)
{
    QUIET(__NR_mkdir, "sub", 0755);
    fill_file("sub/inside", 3);
    int dir = open_file("sub", O_RDONLY | O_DIRECTORY, 0);
    opened_at(CALL(__NR_openat, AT_FDCWD, "sub/inside", O_RDONLY | O_CLOEXEC, 0), -100, "sub/inside", "O_RDONLY|O_CLOEXEC", 0);
    opened_at(CALL(__NR_openat, dir, "inside", O_RDWR, 0), dir, "inside", "O_RDWR", 0);
    opened_at(CALL(__NR_openat, dir, "../sub/new", O_WRONLY | O_CREAT, 0600), dir, "../sub/new",
              "O_WRONLY|O_CREAT|O_F_CREATED", 0600);
    opened_at(CALL(__NR_openat, dir, "/dev/null", O_RDONLY | LARGEFILE, 0), dir, "/dev/null", "O_RDONLY|O_LARGEFILE", 0);
    opened_at(CALL(__NR_openat, dir, "absent", O_RDONLY, 0), dir, "absent", "O_RDONLY", 0);
    opened_at(CALL(__NR_openat, -5, "inside", O_RDONLY, 0), -5, "inside", "O_RDONLY", 0);
    opened_at(CALL(__NR_openat, AT_FDCWD, "at-" LONG_NAME, O_RDWR | O_CREAT, 0), -100, "at-" LONG_NAME, "O_RDWR|O_CREAT|O_F_CREATED", 0);
    opened_at(CALL(__NR_openat, AT_FDCWD, long_path("sub/inside"), O_RDONLY, 0), -100, long_path("sub/inside"), "O_RDONLY", 0);
}

static void opened_at2(long fd, int dirfd, const char *path, const char *flags, int mode, const char *resolve)
{
    expect("SYSCALL_OPENAT2_X");
    num("fd", fd);
    num("dirfd", dirfd);
    text("name", path);
    names("flags", flags);
    num("mode", mode);
    names("resolve", resolve);
    opened_ids(fd);
    done();
}

static void openat2_(void)
{
    struct open_how how = {.flags = O_RDWR | O_CREAT, .mode = 0611, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    opened_at2(CALL(__NR_openat2, AT_FDCWD, "openat2-new", &how, sizeof how), -100, "openat2-new",
               "O_RDWR|O_CREAT|O_F_CREATED", 0611, "RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS");
    how = (struct open_how){.flags = O_RDONLY, .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT};
    int dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    opened_at2(CALL(__NR_openat2, dir, "openat2-new", &how, sizeof how), dir, "openat2-new", "O_RDONLY", 0,
               "RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT");
    how = (struct open_how){.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
    opened_at2(CALL(__NR_openat2, dir, "/dev/null", &how, sizeof how), dir, "/dev/null", "O_RDONLY", 0, "RESOLVE_BENEATH");
}

static void creat_(void)
{
    long fd = CALL(__NR_creat, "creat-new", 0604);
    EXPECT("SYSCALL_CREAT_X", num("fd", fd), text("name", "creat-new"), num("mode", 0604), opened_ids(fd), num("creat_flags", 16384));
    fd = CALL(__NR_creat, "creat-new", 0600);
    EXPECT("SYSCALL_CREAT_X", num("fd", fd), text("name", "creat-new"), num("mode", 0600), opened_ids(fd), num("creat_flags", 0));
    fd = CALL(__NR_creat, "absent/new", 0600);
    EXPECT("SYSCALL_CREAT_X", num("fd", fd), text("name", "absent/new"), num("mode", 0600), opened_ids(fd), num("creat_flags", 0));
}

static void open_by_handle_at_(void)
{
    struct {
        struct file_handle head;
        unsigned char room[128];
    } handle = {.head = {.handle_bytes = 128}};
    int mount_id;
    char cwd[4096], path[8192];
    fill_file("by-handle", 3);
    int dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    need(QUIET(__NR_name_to_handle_at, AT_FDCWD, "by-handle", &handle, &mount_id, 0) == 0, "no file handles here");
    long fd = CALL(__NR_open_by_handle_at, dir, &handle, O_RDWR | O_CLOEXEC);
    QUIET(__NR_getcwd, cwd, sizeof cwd);
    strcat(strcpy(path, cwd), "/by-handle");
    EXPECT("SYSCALL_OPEN_BY_HANDLE_AT_X", num("fd", fd), num("mountfd", dir), names("flags", "O_RDWR|O_CLOEXEC"),
           text("path", path), opened_ids(fd));
    fd = CALL(__NR_open_by_handle_at, -3, &handle, O_RDONLY);
    EXPECT("SYSCALL_OPEN_BY_HANDLE_AT_X", num("fd", fd), num("mountfd", -3), names("flags", "O_RDONLY"), none("path"), opened_ids(fd));
}

static char out[300];

static void prepare(void)
{
    for (size_t k = 0; k < sizeof out; k++)
        out[k] = k == 5 ? 0 : k == 6 ? '\xfe' : (char)('A' + k % 26);
}

static void moved(const char *event, long res, const void *data, int fd, unsigned size)
{
    expect(event);
    num("res", res);
    if (data)
        bytes("data", data, size > SNAPLEN ? SNAPLEN : size);
    else
        none("data");
    num("fd", fd);
    num("size", size);
}

static void read_write(void)
{
    char in[300];
    prepare();
    int fd = open_file("rw", O_RDWR | O_CREAT, 0644);
    moved("SYSCALL_WRITE_X", CALL(__NR_write, fd, out, 40), out, fd, 40), done();
    moved("SYSCALL_WRITE_X", CALL(__NR_write, fd, out, 300), out, fd, 300), done();
    moved("SYSCALL_WRITE_X", CALL(__NR_write, fd, out, 0), NULL, fd, 0), done();
    moved("SYSCALL_WRITE_X", CALL(__NR_write, -1, out, 12), out, -1, 12), done();
    QUIET(__NR_lseek, fd, 0, SEEK_SET);
    moved("SYSCALL_READ_X", CALL(__NR_read, fd, in, 40), out, fd, 40), done();
    moved("SYSCALL_READ_X", CALL(__NR_read, fd, in, 300), out, fd, 300), done();
    moved("SYSCALL_READ_X", CALL(__NR_read, fd, in, 300), NULL, fd, 300), done();
    moved("SYSCALL_READ_X", CALL(__NR_read, -9, in, 7), NULL, -9, 7), done();
}

static void short_read(void)
{
    char in[300];
    prepare();
    int fd = open_file("short", O_RDWR | O_CREAT, 0644);
    QUIET(__NR_write, fd, out, 11);
    QUIET(__NR_lseek, fd, 0, SEEK_SET);
    long res = CALL(__NR_read, fd, in, 200);
    EXPECT("SYSCALL_READ_X", num("res", res), bytes("data", out, 11), num("fd", fd), num("size", 200));
}

static void pread_pwrite(void)
{
    char in[300];
    prepare();
    int fd = open_file("prw", O_RDWR | O_CREAT, 0644);
    moved("SYSCALL_PWRITE_X", CALL(__NR_pwrite64, fd, out, 100, 4096), out, fd, 100), num("pos", 4096), done();
    moved("SYSCALL_PWRITE_X", CALL(__NR_pwrite64, fd, out, 10, -1L), out, fd, 10), big("pos", -1ULL), done();
    moved("SYSCALL_PREAD_X", CALL(__NR_pread64, fd, in, 90, 4096), out, fd, 90), num("pos", 4096), done();
    moved("SYSCALL_PREAD_X", CALL(__NR_pread64, fd, in, 9, 0x500000000), NULL, fd, 9), num("pos", 0x500000000), done();
    moved("SYSCALL_PREAD_X", CALL(__NR_pread64, -1, in, 9, 5), NULL, -1, 9), num("pos", 5), done();
}

static void vectors(const char *event, long res, const void *data, int fd, unsigned size)
{
    moved(event, res, data, fd, size);
}

static void readv_writev(void)
{
    char one[10], two[100];
    struct iovec in[] = {{one, 10}, {two, 100}}, from[] = {{out, 10}, {out + 10, 0}, {out + 10, 100}};
    prepare();
    int fd = open_file("rwv", O_RDWR | O_CREAT, 0644);
    vectors("SYSCALL_WRITEV_X", CALL(__NR_writev, fd, from, 3), out, fd, 110), done();
    vectors("SYSCALL_WRITEV_X", CALL(__NR_writev, -1, from, 3), out, -1, 110), done();
    vectors("SYSCALL_PWRITEV_X", CALL(__NR_pwritev, fd, from, 3, 200, 0), out, fd, 110), num("pos", 200), done();
    vectors("SYSCALL_PWRITEV_X", CALL(__NR_pwritev, -1, from, 3, 7, 0), out, -1, 110), num("pos", 7), done();
    QUIET(__NR_lseek, fd, 0, SEEK_SET);
    vectors("SYSCALL_READV_X", CALL(__NR_readv, fd, in, 2), out, fd, 110), done();
    vectors("SYSCALL_READV_X", CALL(__NR_readv, -1, in, 2), NULL, -1, 0), done();
    vectors("SYSCALL_PREADV_X", CALL(__NR_preadv, fd, in, 2, 200, 0), out, fd, 110), num("pos", 200), done();
    vectors("SYSCALL_PREADV_X", CALL(__NR_preadv, -1, in, 2, 9, 0), NULL, -1, 0), num("pos", 9), done();
}

static void many_pieces(void)
{
    struct iovec from[40];
    prepare();
    for (int k = 0; k < 40; k++)
        from[k] = (struct iovec){out + k, 1};
    int fd = open_file("pieces", O_RDWR | O_CREAT, 0644);
    moved("SYSCALL_WRITEV_X", CALL(__NR_writev, fd, from, 40), out, fd, 40), done();
}

/* A buffer that cannot be read does not keep the rest of the event from being told. */
static void bad_buffers(void)
{
    int fd = open_file("bad-buffers", O_RDWR | O_CREAT, 0644);
    moved("SYSCALL_WRITE_X", CALL(__NR_write, fd, 8, 5), NULL, fd, 5), done();
    moved("SYSCALL_READ_X", CALL(__NR_read, fd, 8, 5), NULL, fd, 5), done();
    long res = CALL(__NR_writev, fd, 8, 2);
    EXPECT("SYSCALL_WRITEV_X", num("res", res), none("data"), num("fd", fd));
    res = CALL(__NR_mkdir, 8, 0700);
    EXPECT("SYSCALL_MKDIR_2_X", num("res", res), none("path"), num("mode", 0700));
}

static void copies(void)
{
    int pipe_fds[2];
    long offset = 2, res;
    fill_file("from", 50);
    int from = open_file("from", O_RDONLY, 0), to = open_file("to", O_RDWR | O_CREAT, 0644);
    QUIET(__NR_pipe, pipe_fds);
    res = CALL(__NR_sendfile, to, from, &offset, 20);
    EXPECT("SYSCALL_SENDFILE_X", num("res", res), num("offset", 22), num("out_fd", to), num("in_fd", from), num("size", 20));
    res = CALL(__NR_sendfile, -1, from, NULL, 0x100000002);
    EXPECT("SYSCALL_SENDFILE_X", num("res", res), num("offset", 0), num("out_fd", -1), num("in_fd", from), big("size", 0x100000002));
    res = CALL(__NR_splice, from, NULL, pipe_fds[1], NULL, 30, 3);
    EXPECT("SYSCALL_SPLICE_X", num("res", res), num("fd_in", from), num("fd_out", pipe_fds[1]), num("size", 30),
           names("flags", "SPLICE_F_MOVE|SPLICE_F_NONBLOCK"));
    res = CALL(__NR_splice, from, NULL, to, NULL, 31, 4);
    EXPECT("SYSCALL_SPLICE_X", num("res", res), num("fd_in", from), num("fd_out", to), num("size", 31), names("flags", "SPLICE_F_MORE"));
    QUIET(__NR_lseek, from, 0, SEEK_SET);
    res = CALL(__NR_copy_file_range, from, NULL, to, NULL, 15, 0);
    EXPECT("SYSCALL_COPY_FILE_RANGE_X", num("res", res), num("fdin", from), num("offin", 0), num("fdout", to), num("offout", 0), num("len", 15));
    res = CALL(__NR_copy_file_range, -1, NULL, to, NULL, 16, 0);
    EXPECT("SYSCALL_COPY_FILE_RANGE_X", num("res", res), num("fdin", -1), num("offin", 0), num("fdout", to), num("offout", 0), num("len", 16));
}

static void positions(void)
{
    char entries[2048];
    fill_file("seek", 50);
    int fd = open_file("seek", O_RDONLY, 0), dir = open_file(".", O_RDONLY | O_DIRECTORY, 0);
    long res = CALL(__NR_lseek, fd, 10, SEEK_SET);
    EXPECT("SYSCALL_LSEEK_X", num("res", res), num("fd", fd), num("offset", 10), names("whence", "SEEK_SET"));
    res = CALL(__NR_lseek, fd, -3, SEEK_CUR);
    EXPECT("SYSCALL_LSEEK_X", num("res", res), num("fd", fd), big("offset", -3ULL), names("whence", "SEEK_CUR"));
    res = CALL(__NR_lseek, -1, 0x200000000, SEEK_END);
    EXPECT("SYSCALL_LSEEK_X", num("res", res), num("fd", -1), big("offset", 0x200000000), names("whence", "SEEK_END"));
    res = CALL(__NR_getdents, dir, entries, sizeof entries);
    EXPECT("SYSCALL_GETDENTS_X", num("res", res), num("fd", dir));
    res = CALL(__NR_getdents, fd, entries, sizeof entries);
    EXPECT("SYSCALL_GETDENTS_X", num("res", res), num("fd", fd));
    QUIET(__NR_lseek, dir, 0, SEEK_SET);
    res = CALL(__NR_getdents64, dir, entries, sizeof entries);
    EXPECT("SYSCALL_GETDENTS64_X", num("res", res), num("fd", dir));
    res = CALL(__NR_getdents64, -1, entries, sizeof entries);
    EXPECT("SYSCALL_GETDENTS64_X", num("res", res), num("fd", -1));
}

const struct live_case file_cases[] = CASES(
    {"open", open_}, {"open-bad-pointer", open_bad_pointer}, {"openat", openat_}, {"openat2", openat2_}, {"creat", creat_},
    {"open_by_handle_at", open_by_handle_at_}, {"read-write", read_write}, {"short-read", short_read},
    {"pread-pwrite", pread_pwrite}, {"readv-writev", readv_writev}, {"many-pieces", many_pieces}, {"bad-buffers", bad_buffers}, {"copies", copies}, {"positions", positions});
