/* Expectations as JSON lines, gathered in memory that all children share. */
#define _GNU_SOURCE
#include "calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include "report.h"

#define REPORT_SIZE (64UL << 20)
#define LINE_SIZE (1UL << 20)
#define AREA_LIMIT 32768
#define AREA_PART 16384

struct shared {
    size_t used;
    int marks;
    int failures;
    char lines[];
};

static struct shared *shared;
static char line[LINE_SIZE];
static size_t length;
static int params;
struct who self;

void report_open(void)
{
    shared = mmap(NULL, REPORT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int report_failures(void)
{
    return shared->failures;
}

void report_write(int fd)
{
    size_t at = 0;
    while (at < shared->used) {
        long written = QUIET(__NR_write, fd, shared->lines + at, shared->used - at);
        if (written <= 0)
            return;
        at += written;
    }
}

int mark(void)
{
    self.mark = __atomic_add_fetch(&shared->marks, 1, __ATOMIC_SEQ_CST);
    QUIET(__NR_close, -(MARK_BASE + self.mark));
    return self.mark;
}

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    length += vsnprintf(line + length, LINE_SIZE - length, format, args);
    va_end(args);
}

static void put_hex(const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = data;
    line[length++] = '"';
    for (size_t k = 0; k < size; k++) {
        line[length++] = digits[at[k] >> 4];
        line[length++] = digits[at[k] & 15];
    }
    line[length++] = '"';
}

static int is_plain(const char *value)
{
    for (; *value; value++)
        if (*value < ' ' || *value > '~' || *value == '"' || *value == '\\')
            return 0;
    return 1;
}

static void put_text(const char *value)
{
    if (is_plain(value)) {
        put("\"%s\"", value);
        return;
    }
    put("{\"hex\": ");
    put_hex(value, strlen(value));
    put("}");
}

static void key(const char *name)
{
    put("%s\"%s\": ", params++ ? ", " : "", name);
}

void expect_of(long tid, int after, const char *event)
{
    length = 0;
    params = 0;
    put("{\"case\": \"%s\", \"tid\": %ld, ", self.name, tid);
    if (after)
        put("\"mark\": %d, ", after);
    put("\"event\": \"%s\", \"params\": {", event);
}

void expect(const char *event)
{
    expect_of(self.tid, self.mark, event);
}

void num(const char *name, long long value)
{
    key(name);
    put("%lld", value);
}

void big(const char *name, unsigned long long value)
{
    key(name);
    put("%llu", value);
}

void text(const char *name, const char *value)
{
    key(name);
    put_text(value);
}

void bytes(const char *name, const void *data, size_t size)
{
    key(name);
    put("{\"hex\": ");
    put_hex(data, size);
    put("}");
}

static void put_names(const char *value)
{
    put("[");
    for (const char *at = value; *at;) {
        size_t size = strcspn(at, "|");
        put("%s\"%.*s\"", at == value ? "" : ", ", (int)size, at);
        at += size + (at[size] == '|');
    }
    put("]");
}

void names(const char *name, const char *value)
{
    key(name);
    put_names(value);
}

void names_but(const char *name, const char *value, const char *ignored)
{
    key(name);
    put("{\"names\": ");
    put_names(value);
    put(", \"ignore\": ");
    put_names(ignored);
    put("}");
}

void none(const char *name)
{
    key(name);
    put("null");
}

void between(const char *name, long long least, long long most)
{
    key(name);
    put("{\"min\": %lld, \"max\": %lld}", least, most);
}

void holds(const char *name, const char *part)
{
    key(name);
    put("{\"contains\": ");
    put_hex(part, strlen(part));
    put("}");
}

void either(const char *name, const char *json)
{
    key(name);
    put("{\"any\": [%s]}", json);
}

void sysname(const char *name, const char *call)
{
    key(name);
    put("{\"syscall\": \"%s\"}", call);
}

void unix_tuple(const char *name, const char *path)
{
    key(name);
    put("{\"unix_path\": ");
    put_text(path);
    put("}");
}

void area(const char *name, const char *data, size_t size)
{
    if (size <= AREA_LIMIT) {
        bytes(name, data, size);
        return;
    }
    key(name);
    put("{\"head\": ");
    put_hex(data, AREA_PART);
    put(", \"tail\": ");
    put_hex(data + size - AREA_PART, AREA_PART);
    put(", \"total\": %zu}", size);
}

void done(void)
{
    put("}}\n");
    size_t at = __atomic_fetch_add(&shared->used, length, __ATOMIC_SEQ_CST);
    if (at + length < REPORT_SIZE - sizeof(*shared))
        memcpy(shared->lines + at, line, length);
}

/* A case that cannot go on says so; the others run all the same. */
void need(int truth, const char *what)
{
    char message[512];
    if (truth)
        return;
    __atomic_add_fetch(&shared->failures, 1, __ATOMIC_SEQ_CST);
    int size = snprintf(message, sizeof message, "calls: %s: %s\n", self.name, what);
    QUIET(__NR_write, 2, message, size);
}
