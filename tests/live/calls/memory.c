/* Memory: mapped, protected, locked, read from and written to another process. */
#define _GNU_SOURCE
#include "calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>

/* Asked right after the call: the size is exact, what is resident lags behind in the kernel's counters. */
static void sizes(void)
{
    char text[256];
    read_file("/proc/self/statm", text, sizeof text);
    char *rest;
    long pages = strtol(text, &rest, 10), resident = strtol(rest, NULL, 10);
    num("vm_size", pages * 4);
    between("vm_rss", 0, resident * 4 + 4096);
    num("vm_swap", 0);
}

static void mapped(long res, unsigned long at, unsigned long length, const char *prot, const char *flags, int fd, unsigned long offset)
{
    expect("SYSCALL_MMAP_X");
    num("res", res);
    sizes();
    big("addr", at);
    big("length", length);
    names("prot", prot);
    names("flags", flags);
    num("fd", fd);
    big("offset", offset);
    done();
}

static void maps(void)
{
    fill_file("mapped", 4096);
    int fd = open_file("mapped", O_RDWR, 0);
    long res = CALL(__NR_mmap, NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    mapped(res, 0, 8192, "PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE", -1, 0);
    long area = res;
    res = CALL(__NR_mmap, NULL, 100, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 4096);
    mapped(res, 0, 100, "PROT_READ|PROT_EXEC", "MAP_SHARED", fd, 4096);
    res = CALL(__NR_mmap, 0x1001, 0, PROT_NONE, MAP_PRIVATE, -1, 0);
    mapped(res, 0x1001, 0, "PROT_NONE", "MAP_PRIVATE", -1, 0);
    res = CALL(__NR_mprotect, area, 4096, PROT_READ | PROT_EXEC);
    EXPECT("SYSCALL_MPROTECT_X", num("res", res), big("addr", area), num("length", 4096), names("prot", "PROT_READ|PROT_EXEC"));
    res = CALL(__NR_mprotect, 1, 2, PROT_WRITE);
    EXPECT("SYSCALL_MPROTECT_X", num("res", res), num("addr", 1), num("length", 2), names("prot", "PROT_WRITE"));
    res = CALL(__NR_munmap, area, 4096);
    EXPECT("SYSCALL_MUNMAP_X", num("res", res), sizes(), big("addr", area), num("length", 4096));
    res = CALL(__NR_munmap, 3, 4096);
    EXPECT("SYSCALL_MUNMAP_X", num("res", res), sizes(), num("addr", 3), num("length", 4096));
    unsigned long end = CALL(__NR_brk, 0);
    EXPECT("SYSCALL_BRK_4_X", big("res", end), sizes(), num("addr", 0));
    res = CALL(__NR_brk, end + 12288);
    EXPECT("SYSCALL_BRK_4_X", big("res", res), sizes(), big("addr", end + 12288));
}

static void locks(void)
{
    long area = QUIET(__NR_mmap, NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long res = CALL(__NR_mlock, area, 4096);
    EXPECT("SYSCALL_MLOCK_X", num("res", res), big("addr", area), num("len", 4096));
    res = CALL(__NR_mlock, 4096, 4097);
    EXPECT("SYSCALL_MLOCK_X", num("res", res), num("addr", 4096), num("len", 4097));
    res = CALL(__NR_mlock2, area, 4096, 1);
    EXPECT("SYSCALL_MLOCK2_X", num("res", res), big("addr", area), num("len", 4096), names("flags", "MLOCK_ONFAULT"));
    res = CALL(__NR_mlock2, 4096, 4095, 0);
    EXPECT("SYSCALL_MLOCK2_X", num("res", res), num("addr", 4096), num("len", 4095), num("flags", 0));
    res = CALL(__NR_munlock, area, 4096);
    EXPECT("SYSCALL_MUNLOCK_X", num("res", res), big("addr", area), num("len", 4096));
    res = CALL(__NR_munlock, 4096, 1);
    EXPECT("SYSCALL_MUNLOCK_X", num("res", res), num("addr", 4096), num("len", 1));
    res = CALL(__NR_mlockall, 2);
    EXPECT("SYSCALL_MLOCKALL_X", num("res", res), names("flags", "MCL_FUTURE"));
    res = CALL(__NR_mlockall, 4);
    EXPECT("SYSCALL_MLOCKALL_X", num("res", res), names("flags", "MCL_ONFAULT"));
    res = CALL(__NR_munlockall);
    EXPECT("SYSCALL_MUNLOCKALL_X", num("res", res));
}

static void other_memory(void)
{
    char from[100], one[10], two[90];
    for (size_t k = 0; k < sizeof from; k++)
        from[k] = ' ' + k % 90;
    struct iovec local[] = {{one, 10}, {two, 90}}, remote = {from, 100};
    long res = CALL(__NR_process_vm_readv, self.pid, local, 2, &remote, 1, 0);
    EXPECT("SYSCALL_PROCESS_VM_READV_X", num("res", res), num("pid", self.pid), bytes("data", from, 80));
    res = CALL(__NR_process_vm_readv, -5, local, 2, &remote, 1, 0);
    EXPECT("SYSCALL_PROCESS_VM_READV_X", num("res", res), num("pid", -5), none("data"));
    res = CALL(__NR_process_vm_writev, self.pid, local, 1, &remote, 1, 0);
    EXPECT("SYSCALL_PROCESS_VM_WRITEV_X", num("res", res), num("pid", self.pid), bytes("data", from, 10));
    res = CALL(__NR_process_vm_writev, -5, local, 1, &remote, 1, 0);
    EXPECT("SYSCALL_PROCESS_VM_WRITEV_X", num("res", res), num("pid", -5));
}

const struct live_case memory_cases[] = CASES({"maps", maps}, {"memory-locks", locks}, {"other-memory", other_memory});
