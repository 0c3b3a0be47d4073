/* What the families of cases share: system calls made directly, and the expectations that are told about them.
 *
 * Nothing here calls the kernel except `call`, `quiet` and what is named after a system call: expectations are gathered in
 * shared memory and written when everything is over, so that the program's own doings stay out of the record.
 */
#ifndef CALLS_H
#define CALLS_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct live_case {
    const char *name;
    void (*run)(void);
};

#define CASES(...) { __VA_ARGS__, {NULL, NULL} }

/* Made with the stack and registers of the caller: a child that shares its memory may return from this. */
static inline __attribute__((always_inline)) long raw(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* A marker is the close of a descriptor that cannot be: what comes next in this thread is a call under test. */
#define MARK_BASE 1000000
#define QUIET(number, ...) QUIET_(number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define QUIET_(number, a, b, c, d, e, f, ...) \
    raw(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL(number, ...) (mark(), QUIET(number, ##__VA_ARGS__))

/* Who runs: kept here because asking the kernel would be noise. */
struct who {
    long tid, pid, parent;
    const char *name;
    int mark;
};
extern struct who self;
extern int own_argc;
extern char **own_argv, **own_environ;
extern char exe_path[];

int mark(void);

/* An expectation: `expect` begins one for the calling thread, after its last marker. */
void expect(const char *event);
void expect_of(long tid, int after, const char *event);
void num(const char *name, long long value);
void big(const char *name, unsigned long long value);
void text(const char *name, const char *value);
void bytes(const char *name, const void *data, size_t size);
void names(const char *name, const char *value);
void names_but(const char *name, const char *value, const char *ignored);
void none(const char *name);
void between(const char *name, long long least, long long most);
void holds(const char *name, const char *part);
void either(const char *name, const char *json);
void sysname(const char *name, const char *call);
void unix_tuple(const char *name, const char *path);
void area(const char *name, const char *data, size_t size);
void done(void);

/* The same in one line, for the many that have only a result. */
#define EXPECT(event, ...) do { expect(event); __VA_ARGS__; done(); } while (0)

void need(int truth, const char *what);
int open_file(const char *path, int flags, int mode);
void fill_file(const char *path, size_t size);
size_t read_file(const char *path, char *into, size_t size);
void file_ids(int fd, unsigned *dev, unsigned long long *ino);
const char *long_path(const char *name);
int descriptor(void);
void wait_for(long pid);
long fork_quiet(void);
void exit_now(int status) __attribute__((noreturn));

/* A thread on a stack of its own; `fn` ends the thread itself. */
long thread_clone(unsigned long flags, void *stack_top, void (*fn)(void *), void *arg, int *child_tid, int *cleared);
long thread_clone3(void *args, size_t size, void (*fn)(void *), void *arg);

#define LONG_NAME "caf\xe9-\xff\xfe"

extern const struct live_case file_cases[], path_cases[], descriptor_cases[], socket_cases[], message_cases[];
extern const struct live_case container_cases[], process_cases[], exec_cases[], memory_cases[], identity_cases[], ipc_cases[], misc_cases[];

#endif
