/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Where a record is put together: one buffer per processor, filled from the front by steps that only know it by name.
 * No other program that makes records may run on the processor meanwhile: system calls and the tracepoints used here run
 * in the context of a process, and what could come between is another process. Kernels before 7.0 run the programs of
 * tracepoints with preemption off; with later ones a program sees to that itself. */
#pragma once
#include "contract.h"
#include "kernel.h"

#define RECORD_MOST 65536
#define PARAM_MOST 32768
#define HEAD_SIZE sizeof(struct event_head)
#define MOST_CUT 4
#define MOST_NAMES 96
#define PATH_MOST 4096
#define ARGS_HALF 16384
#define ENV_MOST 12288
#define PATH_AT 8
#define PATH_JUDGED 128 /* longer ones, with their zero, are not judged */

struct scratch {
	u8 record[RECORD_MOST + PARAM_MOST + 256];
	u64 args[6];
	s64 result;
	u32 tid;	/* of the thread that the record is about */
	u32 call;	/* number of the system call, as this architecture has it */
	u32 is_compat;	/* made by a 32-bit program */
	u32 at;		/* where the next value goes */
	u32 words;	/* where its length goes */
	u32 is_over;	/* the record has become longer than one may be */
	u32 index;	/* the parameter's number */
	u32 cuts;
	u32 cut_index[MOST_CUT];
	u32 cut_length[MOST_CUT];
	struct task_struct *task;
	struct file *file;	/* found once per record, by the first step that needs it */
	struct linux_binprm *binary;
	u32 has_file;
	u32 names_count;
	const char *names[MOST_NAMES];
	struct dentry *dentry;
	struct mount *mount;
	u64 total;
	u64 left;
	u64 vector;
	u64 count;
	u64 message[7];
	u32 mark;	/* for the record's head */
	u32 is_lost;	/* the record did not fit */
	u32 path_from;	/* the argument whose text was judged, plus one: it is told as it was then */
	u32 path_size;	/* with its zero */
	u32 walked;	/* how far a loop came */
	u32 slash_at;	/* where the path's last eight bytes with a slash are, and the upper bits of those */
	u64 slashes;
	u64 aside[5];	/* of the call, while another record is made before its own */
	s32 pair[2];	/* descriptors that the record told */
	u8 text[2 * PATH_JUDGED + 16]; /* zeros in front, the path, a zero behind it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the loader makes it the number of processors */
	__type(key, u32);
	__type(value, struct scratch);
} tercel_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the number of processors */
	__type(key, u32);
	__type(value, struct counters);
} tercel_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} tercel_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} tercel_vital SEC(".maps");

/* Written by the loader through shared memory, while the probe runs. */
struct settings settings SEC(".data.settings") = {};
struct row rows[MAX_ROWS] SEC(".data.rows") = {};
struct call calls[MAX_CALLS] SEC(".data.calls") = {};

/* A number below `size`, a power of two, so that the verifier sees it whatever the compiler knows. */
INLINE u32 below(u32 value, u32 size)
{
	opaque(value);
	return value & (size - 1);
}

/* What this kernel does: whether it would let another process come between. Constants when the probe is checked, so that
 * kernels without the functions never see them called. */
struct kernel {
	u32 is_preemptible;
	u32 has_pushdown; /* it keeps memory of a program's for each task */
	u32 has_cast;	  /* it offers bpf_rdonly_cast */
};
const volatile struct kernel kernel SEC(".rodata.kernel") = {};

INLINE void hold_processor(void)
{
	if (kernel.is_preemptible)
		bpf_preempt_disable();
}

INLINE void release_processor(void)
{
	if (kernel.is_preemptible)
		bpf_preempt_enable();
}

INLINE struct scratch *my_scratch(void)
{
	u32 cpu = current_cpu();
	return map_lookup(&tercel_scratch, &cpu);
}

INLINE struct counters *my_counters(void)
{
	u32 cpu = current_cpu();
	return map_lookup(&tercel_counts, &cpu);
}

INLINE void count_unreadable(void)
{
	struct counters *counters = my_counters();
	if (counters)
		counters->unreadable++;
}

/* Where in the record the next value goes: always so far from the buffer's end that a value fits. */
INLINE u8 *place(struct scratch *s)
{
	u32 at = s->at;

	opaque(at);
	at &= RECORD_MOST - 1;
	return s->record + at;
}

/* Ends a value whose bytes are in place. */
INLINE void end_value(struct scratch *s, u32 size)
{
	u32 at = s->words;

	opaque(at);
	at &= 255;
	*(u16 *)(s->record + at) = size;
	s->words = at + 2;
	s->at += size;
	s->index++;
	/* Room is left for the block's end and the list of what was cut. */
	if (s->at >= RECORD_MOST - 128) {
		s->at = RECORD_MOST - 1024;
		s->is_over = 1;
	}
}

INLINE void put64(struct scratch *s, u64 value)
{
	*(u64 *)place(s) = value;
	end_value(s, 8);
}

INLINE void put32(struct scratch *s, u32 value)
{
	*(u32 *)place(s) = value;
	end_value(s, 4);
}

INLINE void put16(struct scratch *s, u16 value)
{
	*(u16 *)place(s) = value;
	end_value(s, 2);
}

INLINE void put8(struct scratch *s, u8 value)
{
	*place(s) = value;
	end_value(s, 1);
}

INLINE void put_nothing(struct scratch *s)
{
	end_value(s, 0);
}

/* The same number, which the verifier does not know any more: what follows a loop is then the same for all of its ends. */
INLINE u32 forget(struct scratch *s, u32 number)
{
	*(volatile u32 *)&s->walked = number;
	return *(volatile u32 *)&s->walked;
}

INLINE u64 argument(struct scratch *s, u32 index)
{
	opaque(index);
	index &= 7;
	return index < 6 ? s->args[index] : 0;
}

/* A text of the program's memory; with `size` 4096 the longest path fits. */
INLINE void put_user_text(struct scratch *s, u64 pointer)
{
	long size = 0;

	if (pointer) {
		size = read_user_text(place(s), PATH_MOST, (void *)pointer);
		if (size < 0) {
			count_unreadable();
			size = 0;
		}
	}
	end_value(s, size & 0xffff);
}

INLINE void put_kernel_text(struct scratch *s, const void *pointer)
{
	long size = 0;

	if (pointer)
		size = read_kernel_text(place(s), PATH_MOST, pointer);
	end_value(s, size > 0 ? size & 0xffff : 0);
}

/* Notes that of a value of `length` bytes only a part is reported. */
INLINE void note_cut(struct scratch *s, u32 length)
{
	u32 cuts = s->cuts;
	struct counters *counters = my_counters();

	if (counters)
		counters->truncated++;
	if (cuts < MOST_CUT) {
		s->cut_index[cuts] = s->index;
		s->cut_length[cuts] = length;
		s->cuts = cuts + 1;
	}
}

/* Bytes of the program's memory, as many as fit into a parameter. */
INLINE void put_user_bytes(struct scratch *s, u64 pointer, u64 size)
{
	if (size > PARAM_MOST)
		size = PARAM_MOST;
	opaque(size);
	size &= 0xffff;
	if (size > PARAM_MOST)
		size = PARAM_MOST;
	if (!pointer || (size && read_user(place(s), size, (void *)pointer))) {
		if (pointer)
			count_unreadable();
		size = 0;
	}
	end_value(s, size);
}

INLINE u64 at_most(u64 size, u64 most)
{
	return size < most ? size : most;
}

INLINE u64 read_user64(u64 pointer)
{
	u64 value = 0;

	read_user(&value, sizeof(value), (void *)pointer);
	return value;
}

INLINE u32 read_user32(u64 pointer)
{
	u32 value = 0;

	read_user(&value, sizeof(value), (void *)pointer);
	return value;
}

INLINE u16 read_user16(u64 pointer)
{
	u16 value = 0;

	read_user(&value, sizeof(value), (void *)pointer);
	return value;
}

/* A word of the program: eight bytes, or four of a 32-bit one. */
INLINE u64 read_word(struct scratch *s, u64 pointer, u32 index)
{
	return s->is_compat ? read_user32(pointer + 4 * index) : read_user64(pointer + 8 * index);
}
