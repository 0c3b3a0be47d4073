/* A 32-bit program: its calls have other numbers, smaller structures, and some events of their own.
 *
 * It prints what the events must say in the same form as the larger program; see calls.h there.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

enum {
    EXIT = 1, FORK = 2, READ = 3, WRITE = 4, OPEN = 5, CLOSE = 6, EXECVE = 11, GETPID = 20, MOUNT = 21, UMOUNT = 22,
    MKDIR = 39, SOCKETCALL = 102, WAIT4 = 114, LLSEEK = 140, MMAP2 = 192, STAT64 = 195, LSTAT64 = 196, FSTAT64 = 197,
    CHDIR = 12, OPENAT = 295, UNSHARE = 310,
};
enum { SOCKET = 1, BIND = 2, CONNECT = 3, LISTEN = 4, GETSOCKNAME = 6, SOCKETPAIR = 8, SEND = 9, RECV = 10 };

#define MARK_BASE 1000000

int kernel(int number, ...);
void begin(int argc, char **argv);

static char lines[1 << 18];
static u32 length;
static int tid, marks, params;
static const char *case_name;

/* The compiler makes calls to these of its own accord. */
void *memcpy(void *to, const void *from, unsigned size);
void *memset(void *to, int value, unsigned size);

void *memcpy(void *to, const void *from, unsigned size)
{
    for (unsigned k = 0; k < size; k++)
        ((volatile char *)to)[k] = ((const char *)from)[k];
    return to;
}

void *memset(void *to, int value, unsigned size)
{
    for (unsigned k = 0; k < size; k++)
        ((volatile char *)to)[k] = value;
    return to;
}

static int same(const char *one, const char *two)
{
    while (*one && *one == *two)
        one++, two++;
    return *one == *two;
}

static u32 size_of(const char *text)
{
    u32 size = 0;
    while (text[size])
        size++;
    return size;
}

static void put(const char *text)
{
    while (*text)
        lines[length++] = *text++;
}

static void put_number(s64 value)
{
    char digits[24];
    int at = sizeof digits;
    u64 rest = value < 0 ? -(u64)value : (u64)value;
    digits[--at] = 0;
    do { /* without the library's division of 64-bit numbers */
        u64 tenth = 0, left = 0;
        for (int bit = 63; bit >= 0; bit--) {
            left = left << 1 | (rest >> bit & 1);
            tenth <<= 1;
            if (left >= 10)
                left -= 10, tenth |= 1;
        }
        digits[--at] = '0' + left;
        rest = tenth;
    } while (rest);
    put(value < 0 ? "-" : "");
    put(digits + at);
}

static void key(const char *name)
{
    put(params++ ? ", \"" : "\"");
    put(name);
    put("\": ");
}

static void num(const char *name, s64 value)
{
    key(name);
    put_number(value);
}

static void verbatim(const char *name, const char *json)
{
    key(name);
    put(json);
}

static void text(const char *name, const char *value)
{
    key(name);
    put("\"");
    put(value);
    put("\"");
}

static void bytes(const char *name, const void *data, u32 size)
{
    static const char digits[] = "0123456789abcdef";
    const u8 *at = data;
    key(name);
    put("{\"hex\": \"");
    for (u32 k = 0; k < size; k++) {
        lines[length++] = digits[at[k] >> 4];
        lines[length++] = digits[at[k] & 15];
    }
    put("\"}");
}

static void expect_of(int who, int after, const char *event)
{
    params = 0;
    put("{\"case\": \"");
    put(case_name);
    put("\", \"tid\": ");
    put_number(who);
    put(", \"mark\": ");
    put_number(after);
    put(", \"event\": \"");
    put(event);
    put("\", \"params\": {");
}

static void expect(const char *event)
{
    expect_of(tid, marks, event);
}

static void done(void)
{
    put("}}\n");
}

static void mark(void)
{
    marks++;
    kernel(CLOSE, -(MARK_BASE + marks));
}

#define CALL(...) (mark(), kernel(__VA_ARGS__))

struct facts {
    u64 dev;
    u8 unused[80];
    u64 ino;
};

static void ids(int fd)
{
    struct facts facts = {0};
    if (fd >= 0)
        kernel(FSTAT64, fd, &facts);
    num("dev", facts.dev);
    num("ino", facts.ino);
}

static void opens(void)
{
    case_name = "ia32-open";
    int fd = CALL(OPEN, "ia32-new", 0102 | 02000000, 0640);
    expect("SYSCALL_OPEN_X"), num("fd", fd), text("name", "ia32-new");
    verbatim("flags", "[\"O_RDWR\", \"O_CREAT\", \"O_CLOEXEC\", \"O_F_CREATED\"]"), num("mode", 0640), ids(fd), done();
    fd = CALL(OPEN, "absent/ia32", 0, 0);
    expect("SYSCALL_OPEN_X"), num("fd", fd), text("name", "absent/ia32"), verbatim("flags", "[\"O_RDONLY\"]"), num("mode", 0), ids(fd), done();
    int dir = kernel(OPEN, ".", 0200000, 0);
    fd = CALL(OPENAT, dir, "ia32-new", 1, 0);
    expect("SYSCALL_OPENAT_2_X"), num("fd", fd), num("dirfd", dir), text("name", "ia32-new"), verbatim("flags", "[\"O_WRONLY\"]");
    num("mode", 0), ids(fd), done();
    fd = CALL(OPENAT, -100, "absent/ia32", 0, 0);
    expect("SYSCALL_OPENAT_2_X"), num("fd", fd), num("dirfd", -100), text("name", "absent/ia32"), ids(fd), done();
}

static void one(const char *event, int res, const char *path)
{
    expect(event);
    num("res", res);
    text("path", path);
    done();
}

static void files(void)
{
    struct facts facts[2];
    s64 at = 0;
    case_name = "ia32-files";
    int fd = kernel(OPEN, "ia32-new", 2, 0);
    one("SYSCALL_STAT64_X", CALL(STAT64, "ia32-new", facts), "ia32-new");
    one("SYSCALL_STAT64_X", CALL(STAT64, "absent", facts), "absent");
    one("SYSCALL_LSTAT64_X", CALL(LSTAT64, "ia32-new", facts), "ia32-new");
    one("SYSCALL_LSTAT64_X", CALL(LSTAT64, "absent", facts), "absent");
    int res = CALL(FSTAT64, fd, facts);
    expect("SYSCALL_FSTAT64_X"), num("res", res), done();
    res = CALL(FSTAT64, -1, facts);
    expect("SYSCALL_FSTAT64_X"), num("res", res), done();
    res = CALL(LLSEEK, fd, 2, 5, &at, 0);
    expect("SYSCALL_LLSEEK_X"), num("res", res), num("fd", fd), num("offset", 0x200000005LL), verbatim("whence", "[\"SEEK_SET\"]"), done();
    res = CALL(LLSEEK, -1, 0, 7, &at, 2);
    expect("SYSCALL_LLSEEK_X"), num("res", res), num("fd", -1), num("offset", 7), verbatim("whence", "[\"SEEK_END\"]"), done();
}

static void memory(void)
{
    case_name = "ia32-memory";
    u32 area = CALL(MMAP2, 0, 4096, 3, 0x22, -1, 0);
    expect("SYSCALL_MMAP2_X"), num("res", area), verbatim("vm_size", "{\"min\": 8, \"max\": 100000}");
    verbatim("vm_rss", "{\"min\": 0, \"max\": 100000}"), num("vm_swap", 0), num("addr", 0), num("length", 4096);
    verbatim("prot", "[\"PROT_READ\", \"PROT_WRITE\"]"), verbatim("flags", "[\"MAP_PRIVATE\", \"MAP_ANONYMOUS\"]");
    num("fd", -1), num("pgoffset", 0), done();
    int res = CALL(MMAP2, 0, 0, 1, 1, 99, 3);
    expect("SYSCALL_MMAP2_X"), num("res", res), num("addr", 0), num("length", 0), verbatim("prot", "[\"PROT_READ\"]");
    verbatim("flags", "[\"MAP_SHARED\"]"), num("fd", 99), num("pgoffset", 3), done();
}

static int network(int which, u32 a, u32 b, u32 c, u32 d)
{
    u32 args[4] = {a, b, c, d};
    return kernel(SOCKETCALL, which, args);
}

static void sockets(void)
{
    int pair[2];
    char in[8];
    u8 address[16] = {2, 0, 0, 9, 127, 0, 0, 1}, own[16] = {0}, shown[13] = {2};
    u32 own_size = sizeof own;
    case_name = "ia32-sockets";
    mark();
    int fd = network(SOCKET, 2, 2, 0, 0);
    expect("SOCKET_SOCKET_X"), num("fd", fd), verbatim("domain", "[\"AF_INET\"]"), num("type", 2), num("proto", 0), done();
    mark();
    int res = network(CONNECT, fd, (u32)address, sizeof address, 0);
    int after = marks;
    network(GETSOCKNAME, fd, (u32)own, (u32)&own_size, 0);
    memcpy(shown + 1, own + 4, 4);
    shown[5] = own[3], shown[6] = own[2];
    memcpy(shown + 7, address + 4, 4);
    shown[11] = 9, shown[12] = 0;
    expect_of(tid, after, "SOCKET_CONNECT_X"), num("res", res), bytes("tuple", shown, 13), num("fd", fd);
    verbatim("addr", "{\"hex\": \"027f0000010900\"}"), done();
    mark();
    res = network(CONNECT, -1, (u32)address, sizeof address, 0);
    expect("SOCKET_CONNECT_X"), num("res", res), verbatim("tuple", "null"), num("fd", -1), verbatim("addr", "{\"hex\": \"027f0000010900\"}"), done();
    network(SOCKETPAIR, 1, 1, 0, (u32)pair);
    mark();
    res = network(SEND, pair[0], (u32) "hello", 5, 0);
    expect("SOCKET_SEND_X"), num("res", res), bytes("data", "hello", 5), num("fd", pair[0]), num("size", 5), verbatim("tuple", "{\"unix_path\": \"\"}"), done();
    mark();
    res = network(RECV, pair[1], (u32)in, 8, 0);
    expect("SOCKET_RECV_X"), num("res", res), bytes("data", "hello", 5), num("fd", pair[1]), num("size", 8), verbatim("tuple", "{\"unix_path\": \"\"}"), done();
    mark();
    res = network(SEND, -1, (u32) "hello", 5, 0);
    expect("SOCKET_SEND_X"), num("res", res), bytes("data", "hello", 5), num("fd", -1), num("size", 5), verbatim("tuple", "null"), done();
    mark();
    res = network(RECV, -1, (u32)in, 8, 0);
    expect("SOCKET_RECV_X"), num("res", res), verbatim("data", "null"), num("fd", -1), num("size", 8), verbatim("tuple", "null"), done();
}

static void programs(const char *path)
{
    static const char *argv[] = {"ia32-name", "--exit", "x", 0}, *env[] = {"SMALL=1", 0};
    int status = 0, after;
    case_name = "ia32-execve";
    int res = CALL(EXECVE, "absent-ia32", argv, env);
    expect("SYSCALL_EXECVE_19_X"), num("res", res), text("exe", "ia32-name"), bytes("args", "--exit\0x", 9), num("tid", tid), num("pid", tid);
    text("filename", "absent-ia32"), done();
    int parent = tid;
    after = marks + 1;
    int child = kernel(FORK);
    if (child == 0) {
        mark();
        kernel(EXECVE, path, argv, env);
        kernel(EXIT, 127);
    }
    marks++;
    kernel(WAIT4, child, &status, 0, 0);
    expect_of(child, after, "SYSCALL_EXECVE_19_X"), num("res", 0), text("exe", "ia32-name"), bytes("args", "--exit\0x", 9), num("tid", child);
    num("pid", child), num("ptid", parent), text("comm", "ia32"), bytes("env", "SMALL=1", 8), text("filename", path);
    text("trusted_exepath", path), done();
}

static void rest(void)
{
    case_name = "ia32-rest";
    CALL(GETPID);
    expect("GENERIC_X"), verbatim("ID", "{\"syscall\": \"getpid\"}"), done();
    kernel(MKDIR, "ia32-mnt", 0755);
    kernel(UNSHARE, 0x20000);
    kernel(MOUNT, "none", "/", 0, 0x44000, 0);
    kernel(MOUNT, "none", "ia32-mnt", "tmpfs", 0, 0);
    int res = CALL(UMOUNT, "ia32-mnt");
    expect("SYSCALL_UMOUNT_1_X"), num("res", res), text("name", "ia32-mnt"), done();
    res = CALL(UMOUNT, "absent");
    expect("SYSCALL_UMOUNT_1_X"), num("res", res), text("name", "absent"), done();
}

/* ia32 FOLDER: works in FOLDER; its own name must be an absolute path. */
void begin(int argc, char **argv)
{
    if (argc > 1 && same(argv[1], "--exit"))
        kernel(EXIT, 0);
    if (argc != 2 || kernel(CHDIR, argv[1]) != 0) {
        kernel(WRITE, 2, "usage: ia32 FOLDER\n", 19);
        kernel(EXIT, 2);
    }
    tid = kernel(GETPID);
    opens();
    files();
    memory();
    sockets();
    programs(argv[0]);
    rest();
    kernel(WRITE, 1, lines, length);
    kernel(EXIT, size_of(lines) == length ? 0 : 1);
}
