/* What fits nowhere else: io_uring, bpf, modules, quotas, tracing, keys, settings, calls without parameters of their own. */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/quota.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define FEATURES 0x7ff

static long setup(unsigned entries, struct io_uring_params *params, const char *flags)
{
    long res = CALL(__NR_io_uring_setup, entries, params);
    expect("SYSCALL_IO_URING_SETUP_X");
    num("res", res);
    num("entries", entries);
    num("sq_entries", params->sq_entries);
    num("cq_entries", params->cq_entries);
    *flags ? names("flags", flags) : num("flags", 0);
    num("sq_thread_cpu", params->sq_thread_cpu);
    num("sq_thread_idle", params->sq_thread_idle);
    num("features", params->features & FEATURES);
    done();
    return res;
}

static void submit_nothing(long ring, struct io_uring_params *params)
{
    char *queue = (char *)QUIET(__NR_mmap, NULL, params->sq_off.array + params->sq_entries * 4 + 65536, PROT_READ | PROT_WRITE,
                                MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries = (void *)QUIET(__NR_mmap, NULL, params->sq_entries * sizeof *entries, PROT_READ | PROT_WRITE,
                                                 MAP_SHARED, ring, IORING_OFF_SQES);
    if ((long)queue < 0 && (long)queue > -4096)
        return;
    memset(entries, 0, sizeof *entries);
    entries->opcode = IORING_OP_NOP;
    ((unsigned *)(queue + params->sq_off.array))[0] = 0;
    __atomic_store_n((unsigned *)(queue + params->sq_off.tail), 1, __ATOMIC_RELEASE);
}

static void io_uring(void)
{
    struct io_uring_params params = {.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, .cq_entries = 16};
    static struct {
        struct io_uring_probe head;
        struct io_uring_probe_op ops[8];
    } probe;
    long ring = setup(4, &params, "IORING_SETUP_CQSIZE|IORING_SETUP_CLAMP");
    need(ring >= 0, "no io_uring");
    submit_nothing(ring, &params);
    long res = CALL(__NR_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    EXPECT("SYSCALL_IO_URING_ENTER_X", num("res", res), num("fd", ring), num("to_submit", 1), num("min_complete", 1),
           names("flags", "IORING_ENTER_GETEVENTS"), num("sig", 0));
    res = CALL(__NR_io_uring_enter, -1, 2, 3, IORING_ENTER_SQ_WAKEUP | IORING_ENTER_SQ_WAIT, NULL, 0);
    EXPECT("SYSCALL_IO_URING_ENTER_X", num("res", res), num("fd", -1), num("to_submit", 2), num("min_complete", 3),
           names("flags", "IORING_ENTER_SQ_WAKEUP|IORING_ENTER_SQ_WAIT"), num("sig", 0));
    res = CALL(__NR_io_uring_register, ring, IORING_REGISTER_PROBE, &probe, 8);
    EXPECT("SYSCALL_IO_URING_REGISTER_X", num("res", res), num("fd", ring), names("opcode", "IORING_REGISTER_PROBE"),
           big("arg", (long)&probe), num("nr_args", 8));
    res = CALL(__NR_io_uring_register, -1, IORING_UNREGISTER_FILES, 0x123456789abc, 7);
    EXPECT("SYSCALL_IO_URING_REGISTER_X", num("res", res), num("fd", -1), names("opcode", "IORING_UNREGISTER_FILES"),
           big("arg", 0x123456789abc), num("nr_args", 7));
    params = (struct io_uring_params){.flags = IORING_SETUP_SQ_AFF, .sq_thread_cpu = 3, .sq_thread_idle = 5};
    setup(0, &params, "IORING_SETUP_SQ_AFF");
}

static void bpf_(void)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    long res = CALL(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
    EXPECT("SYSCALL_BPF_2_X", num("fd", res), names("cmd", "BPF_MAP_CREATE"));
    res = CALL(__NR_bpf, BPF_PROG_LOAD, 1, sizeof attr);
    EXPECT("SYSCALL_BPF_2_X", num("fd", res), names("cmd", "BPF_PROG_LOAD"));
    unsigned action = SECCOMP_RET_ERRNO;
    res = CALL(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    EXPECT("SYSCALL_SECCOMP_X", num("res", res), num("op", 2), num("flags", 0));
    res = CALL(__NR_seccomp, 77, 0x5, NULL);
    EXPECT("SYSCALL_SECCOMP_X", num("res", res), num("op", 77), num("flags", 5));
}

static void modules(void)
{
    static const char image[] = "\177ELF no module at all\0\xff";
    int fd = descriptor();
    long res = CALL(__NR_init_module, image, sizeof image, "a=1 b=\xe9");
    EXPECT("SYSCALL_INIT_MODULE_X", num("res", res), bytes("img", image, sizeof image), num("length", sizeof image), text("uargs", "a=1 b=\xe9"));
    res = CALL(__NR_finit_module, fd, "c=2", 1 | 2);
    EXPECT("SYSCALL_FINIT_MODULE_X", num("res", res), num("fd", fd), text("uargs", "c=2"),
           names("flags", "MODULE_INIT_IGNORE_MODVERSIONS|MODULE_INIT_IGNORE_VERMAGIC"));
    res = CALL(__NR_delete_module, "tercel_absent", O_NONBLOCK | O_TRUNC);
    EXPECT("SYSCALL_DELETE_MODULE_X", num("res", res), text("name", "tercel_absent"), names("flags", "O_NONBLOCK|O_TRUNC"));
}

static void quota(long res, const char *file, const char *cmd, const char *type, int id)
{
    expect("SYSCALL_QUOTACTL_X");
    num("res", res);
    text("special", "/dev/absent");
    file ? text("quotafilepath", file) : none("quotafilepath");
    num("quota_fmt_out", 1);
    names("cmd", cmd);
    names("type", type);
    num("id", id);
}

static void no_block(void)
{
    num("dqb_bhardlimit", 0), num("dqb_bsoftlimit", 0), num("dqb_curspace", 0), num("dqb_ihardlimit", 0);
    num("dqb_isoftlimit", 0), num("dqb_btime", 0), num("dqb_itime", 0);
}

static void no_info(void)
{
    num("dqi_bgrace", 0), num("dqi_igrace", 0), num("dqi_flags", 0);
}

/* What is set is told though the call fails: the structures are the caller's. */
static void quotactl_(void)
{
    struct if_dqblk block = {11, 12, 13, 14, 15, 16, 17, 18, QIF_ALL};
    struct if_dqinfo info = {21, 22, 0, IIF_ALL};
    quota(CALL(__NR_quotactl, QCMD(Q_QUOTAON, USRQUOTA), "/dev/absent", 2, "quota.user"), "quota.user", "Q_QUOTAON", "USRQUOTA", 0);
    no_block(), no_info(), names("quota_fmt", "QFMT_VFS_V0"), done();
    quota(CALL(__NR_quotactl, QCMD(Q_SETQUOTA, GRPQUOTA), "/dev/absent", 1001, &block), NULL, "Q_SETQUOTA", "GRPQUOTA", 1001);
    num("dqb_bhardlimit", 11), num("dqb_bsoftlimit", 12), num("dqb_curspace", 13), num("dqb_ihardlimit", 14);
    num("dqb_isoftlimit", 15), num("dqb_btime", 17), num("dqb_itime", 18), no_info(), num("quota_fmt", 1), done();
    quota(CALL(__NR_quotactl, QCMD(Q_SETINFO, USRQUOTA), "/dev/absent", 0, &info), NULL, "Q_SETINFO", "USRQUOTA", 0);
    no_block(), num("dqi_bgrace", 21), num("dqi_igrace", 22), num("dqi_flags", 0), num("quota_fmt", 1), done();
}

static void pointed(const char *name, int kind, unsigned long value)
{
    unsigned char made[9] = {kind};
    memcpy(made + 1, &value, 8);
    bytes(name, made, kind == 1 ? 2 : 9);
}

static void ptrace_(void)
{
    static unsigned long watched = 0x1122334455667788, seen;
    int status;
    long child = fork_quiet();
    if (child == 0) {
        long res = CALL(__NR_ptrace, PTRACE_TRACEME, 0, 0x10, 0x20);
        EXPECT("SYSCALL_PTRACE_X", num("res", res), pointed("addr", 0, res < 0 ? 0 : 0x10), pointed("data", 0, res < 0 ? 0 : 0x20),
               names("request", "PTRACE_TRACEME"), num("pid", 0));
        if (res == 0)
            QUIET(__NR_kill, self.pid, SIGSTOP);
        exit_now(0);
    }
    QUIET(__NR_wait4, child, &status, __WALL, NULL);
    if ((status & 0xff) != 0x7f)
        return; /* another tracer had the child */
    long res = CALL(__NR_ptrace, PTRACE_PEEKDATA, child, &watched, &seen);
    EXPECT("SYSCALL_PTRACE_X", num("res", res), pointed("addr", 0, (long)&watched), pointed("data", 0, watched),
           names("request", "PTRACE_PEEKDATA"), num("pid", child));
    res = CALL(__NR_ptrace, PTRACE_CONT, child, 0, SIGCONT);
    EXPECT("SYSCALL_PTRACE_X", num("res", res), pointed("addr", 0, 0), pointed("data", 1, SIGCONT), names("request", "PTRACE_CONT"), num("pid", child));
    wait_for(child);
}

static void ptrace_fails(void)
{
    long res = CALL(__NR_ptrace, PTRACE_ATTACH, -4, 0x55, 0x66);
    EXPECT("SYSCALL_PTRACE_X", num("res", res), pointed("addr", 0, 0), pointed("data", 0, 0), names("request", "PTRACE_ATTACH"), num("pid", -4));
}

static void prctl_(void)
{
    int reaps = 0;
    long res = CALL(__NR_prctl, PR_SET_NAME, "renamed\xfe");
    EXPECT("SYSCALL_PRCTL_X", num("res", res), names("option", "PR_SET_NAME"), text("arg2_str", "renamed\xfe"), either("arg2_int", "0, null"));
    res = CALL(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1);
    EXPECT("SYSCALL_PRCTL_X", num("res", res), names("option", "PR_SET_CHILD_SUBREAPER"), none("arg2_str"), num("arg2_int", 1));
    res = CALL(__NR_prctl, PR_GET_CHILD_SUBREAPER, &reaps);
    EXPECT("SYSCALL_PRCTL_X", num("res", res), names("option", "PR_GET_CHILD_SUBREAPER"), none("arg2_str"), num("arg2_int", 1));
    res = CALL(__NR_prctl, PR_SET_DUMPABLE, -77);
    EXPECT("SYSCALL_PRCTL_X", num("res", res), names("option", "PR_SET_DUMPABLE"), none("arg2_str"), num("arg2_int", -77));
}

/* A number or a text behind the byte that says which. */
static void key_text(const char *name, const char *value)
{
    char made[64] = {1};
    strcpy(made + 1, value);
    bytes(name, made, strlen(value) + 2);
}

static void key_rest(void)
{
    either("arg4", "{\"hex\": \"000000000000000000\"}, null"), either("arg5", "{\"hex\": \"000000000000000000\"}, null");
}

static void keyctl_(void)
{
    long res = CALL(__NR_keyctl, KEYCTL_GET_KEYRING_ID, -3L, 1);
    EXPECT("SYSCALL_KEYCTL_X", num("res", res), names("operation", "KEYCTL_GET_KEYRING_ID"), pointed("arg2", 0, -3L), pointed("arg3", 0, 1), key_rest());
    res = CALL(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "tercel-live");
    EXPECT("SYSCALL_KEYCTL_X", num("res", res), names("operation", "KEYCTL_JOIN_SESSION_KEYRING"), key_text("arg2", "tercel-live"), key_rest());
    res = CALL(__NR_keyctl, KEYCTL_REVOKE, 0x7fffff00);
    EXPECT("SYSCALL_KEYCTL_X", num("res", res), names("operation", "KEYCTL_REVOKE"), pointed("arg2", 0, 0x7fffff00), key_rest());
}

static void plain(const char *call, int number)
{
    expect("GENERIC_X");
    sysname("ID", call);
    num("nativeID", number);
    done();
}

static void generic(void)
{
    char name[400];
    CALL(__NR_getpid);
    plain("getpid", __NR_getpid);
    CALL(__NR_uname, name);
    plain("uname", __NR_uname);
    CALL(__NR_readlink, "absent", name, sizeof name);
    plain("readlink", __NR_readlink);
    CALL(__NR_sched_yield);
    plain("sched_yield", __NR_sched_yield);
}

const struct live_case misc_cases[] = CASES(
    {"io_uring", io_uring}, {"bpf", bpf_}, {"modules", modules}, {"quotactl", quotactl_}, {"ptrace", ptrace_},
    {"ptrace-fails", ptrace_fails}, {"prctl", prctl_}, {"keyctl", keyctl_}, {"generic", generic});
