/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What a BPF program takes from its environment: types, helpers by number, sections, maps, relocated reads.
 * Numbers and signatures are the kernel's user interface (include/uapi/linux/bpf.h). */
#pragma once

struct task_struct;

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed short s16;
typedef signed int s32;
typedef signed long long s64;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
/* Verified once by itself, not again at each call: what keeps the table of system calls cheap to load. */
#define GLOBAL __attribute__((noinline))
/* Compilers leave masks out that they can prove redundant; the verifier needs to see them. */
#define opaque(value) asm volatile("" : "+r"(value))
/* Makes of a number that is too large the largest one, in the register that is used then: compilers like to compare a
 * copy, and older verifiers do not connect the two. */
#define no_more_than(most, value) asm volatile("if %0 <= %1 goto +1\n\t%0 = %1" : "+r"(value) : "i"(most))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Declarations of maps, read by the loader from the object's BTF. */
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

static void *(*map_lookup)(void *map, const void *key) = (void *)1;
static long (*map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*map_delete)(void *map, const void *key) = (void *)3;
static u32 (*current_cpu)(void) = (void *)8;
static u64 (*current_pid_tgid)(void) = (void *)14;
static void *(*current_task)(void) = (void *)35;
static long (*read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*copy_user_text)(void *to, u32 size, const void *from) = (void *)114;
static long (*read_kernel_text)(void *to, u32 size, const void *from) = (void *)115;
static u64 (*boot_time)(void) = (void *)125;
static long (*ring_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static void *(*task_storage)(void *map, struct task_struct *task, void *value, u64 flags) = (void *)156;
/* As current_task, with its type: members are read without a helper. Kernels since 5.11. */
static struct task_struct *(*running_task)(void) = (void *)158;

/* A text of the program with its zero at the end: its size, or an error. Older kernels (6.1 does) tell an empty one
 * as nothing at all. */
INLINE long read_user_text(void *to, u32 size, const void *from)
{
	long got = copy_user_text(to, size, from);

	if (got || !size)
		return got;
	*(u8 *)to = 0;
	return 1;
}

/* Functions of the kernel, which those have that need them. */
extern void bpf_preempt_disable(void) __attribute__((weak, section(".ksyms")));
/* The verifier makes no call of it: an address as a pointer to that type, which is read without a helper. Since 6.2. */
extern void *bpf_rdonly_cast(const void *address, u32 type) __attribute__((weak, section(".ksyms")));
#define AS(type, address)                                                                                            \
	((type *)bpf_rdonly_cast((const void *)(address), __builtin_btf_type_id(*(type *)0, 1 /* the kernel's */)))
extern void bpf_preempt_enable(void) __attribute__((weak, section(".ksyms")));

/* A member of a kernel structure, wherever this kernel has it. */
#define READ(pointer, member)                                                          \
	({                                                                             \
		__typeof__((pointer)->member) _value; /* a failed read leaves zeroes */    \
		read_kernel(&_value, sizeof(_value), &(pointer)->member);              \
		_value;                                                                \
	})
/* The same for a member that is a structure elsewhere: its first bytes as a plain number. */
#define READ_AS(type, pointer, member)                                                 \
	({                                                                             \
		type _value;                                                           \
		read_kernel(&_value, sizeof(_value), &(pointer)->member);              \
		_value;                                                                \
	})
#define HAS(type, member) __builtin_preserve_field_info(((type *)0)->member, 2 /* exists */)
#define SIZE_OF(type) __builtin_preserve_type_info(*(type *)0, 1 /* size */)
#define ENUM_VALUE(type, name) __builtin_preserve_enum_value(*(__typeof__(name) *)name, 1)
#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer) - __builtin_preserve_field_info(((type *)0)->member, 0)))
