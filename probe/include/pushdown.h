/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the loader tells the probe of the rules, so that events that none of them can need are not made: a guard for each
 * system call, and tables of the paths that rules ask for. judge.h reads them. */
#pragma once
#include "scratch.h"

/* How a call is judged. */
enum guard_kind {
	GUARD_PASS,  /* always told */
	GUARD_OPEN,  /* by its path and flags, and by the descriptor that it makes */
	GUARD_PATH,  /* by its path */
	GUARD_CLOSE, /* by whether the reader may have an entry of the descriptor */
	GUARD_COPY,  /* the same for one descriptor that becomes another one */
	GUARD_ON_FD, /* by the descriptor that it uses */
};

/* What makes a call droppable. */
enum guard_drop {
	DROP_FAILED = 1,  /* it failed */
	DROP_UNKNOWN = 2, /* the reader has no entry of its descriptor */
	DROP_STREAM = 4,  /* it moved data over a TCP connection whose ends were told */
	DROP_COMMAND = 8, /* it is fcntl with a command that changes no descriptor */
	DROP_ALL = 16,	  /* in any case */
};

/* What a call that succeeds does to descriptors, whatever its kind. */
enum guard_effect {
	EFFECT_NONE,
	EFFECT_MAKES,	     /* its result is a new one */
	EFFECT_MAKES_PAIR,   /* two new ones are where argument `fd` points to */
	EFFECT_CLOSES_RANGE, /* names of dropped files are forgotten; an entry that is gone may be taken for there */
	EFFECT_ACCEPTS,	     /* its result is a new one, of a connection whose ends it tells */
	EFFECT_CONNECTS,     /* it tells the ends of the connection of argument `fd` */
};

#define NO_ARGUMENT 7

/* By number of a system call. The combo of a call is a number of five bits: whether it failed, the access mode of an
 * open, whether it creates, whether it truncates; of other calls only the first. */
struct guard {
	u8 kind, drops, effect;
	u8 fd;	  /* the argument that is a descriptor, or points to a new pair */
	u8 path;  /* the argument that is a path; of ON_FD the one that is a socket address */
	u8 flags; /* the argument that has the flags; of ON_FD those of a message, of fcntl its command */
	u8 dirfd; /* the argument that a relative path begins at */
	u8 announces; /* a bit for each argument that is a descriptor: what was opened there is told first, if it was not */
	u8 is_how; /* the flags are the first ones of a structure that the argument points to */
	u8 padding[3];
	u32 maybe;  /* combos for which some rule may match some path */
	u32 always; /* combos for which the path cannot decide */
	u32 paths;  /* combos for which the tables of paths are asked; for the others only the path's form counts */
	u32 comms;  /* combos for which the program's name may be enough */
	u32 more_padding;
};

/* A state of both tries: the next one for a byte is at `base ^ byte`, if its `check` is this state. The others are
 * combos: of paths that pass here, that end here, that have no slash after it; and those that no path below here has. */
struct state {
	u32 check, base;
	u32 anywhere, at_end, in_dir, veto;
	u32 padding[2];
};

/* Four bytes anywhere in a path; without combos the place is free. */
struct gram {
	u32 text;
	u32 combos;
};

/* The name of a program, zeros behind it. */
struct comm {
	char name[16];
	u32 combos;
	u32 padding;
};

#define MOST_STATES 65536
#define MOST_GRAMS 1024
/* Where a gram's bucket is, and in how many places from there on it may be. */
#define GRAM_FACTOR 0x9E3779B1u
#define GRAM_SHIFT 22
#define GRAM_STEPS 4
#define MOST_COMMS 256
#define COMM_STEPS 8
#define FORWARD_ROOT 1
#define BACKWARD_ROOT 2

struct policy {
	struct guard guards[MAX_CALLS];
	struct guard compat_guards[MAX_CALLS];
	u32 has_grams, has_comms;
	u32 serial;   /* what was dropped by another policy may be wanted by this one */
	u32 open_row; /* how an open is told that was dropped before */
	u32 padding[4]; /* a state is never in two lines of the cache */
	struct gram grams[MOST_GRAMS + GRAM_STEPS]; /* each at its bucket or right behind it */
	struct comm comms[MOST_COMMS + COMM_STEPS];
	struct state states[MOST_STATES];
};

/* One is read while the loader writes the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct policy);
} tercel_policies SEC(".maps");

#define MOST_DESCRIPTORS 1024
#define MOST_OPENED 32
#define OPENED_PATH 120
#define O_CLOEXEC 02000000
#define UNTRACKED (~0ULL)
#define BUSY 0x80000000u

/* A file whose opening was dropped, so that it can be told when a call on it is, whatever is known of the descriptor. It
 * counts only while the descriptor is of that file. */
struct opened {
	u64 owner; /* the descriptor plus one, 0 for nobody, BUSY while it is written; in the upper half a count of changes */
	u64 inode; /* its address */
	u32 serial; /* of the policy that dropped it */
	u32 flags;  /* as they were passed */
	u32 length; /* of the path, with its zero */
	u32 padding;
	char path[OPENED_PATH];
};

/* Which descriptors of a process the reader may have an entry of (a clear bit: it has none), and of which it knows the
 * ends of the connection. Without this everything is known and nothing settled, and the same goes for greater numbers.
 * Whatever is uncertain sets bits. The reader has a table for each process, whatever its threads share. */
struct descriptors {
	u64 epoch; /* what is from another one counts as everything known; UNTRACKED for good */
	u32 has_comm, comm_serial; /* `comm` is what the reader knows; the policy that `comm_mask` is of */
	struct {
		u64 known, settled;
	} words[MOST_DESCRIPTORS / 64];
	char comm[16];
	u32 comm_mask, padding;
	struct opened opened[MOST_OPENED]; /* by the last bits of the descriptor */
};

/* Of the first thread of each process. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct descriptors);
} tercel_descriptors SEC(".maps");

/* The setting's lowest byte says which policy calls are judged by, 0 for none; what is above is the epoch, which is never
 * 0 where calls are judged. The epoch's upper bits are its era: from one to the next nothing was noted. */
#define EPOCH_SHIFT 8
#define ERA_SHIFT 48

INLINE bool is_judging(u64 pushdown)
{
	return pushdown & ((1 << EPOCH_SHIFT) - 1);
}

INLINE u64 epoch_of(u64 pushdown)
{
	return pushdown >> EPOCH_SHIFT;
}

INLINE u32 half_of(u64 pushdown)
{
	return (u32)(pushdown & ((1 << EPOCH_SHIFT) - 1)) - 1;
}

INLINE struct policy *policy_of(u64 pushdown)
{
	u32 half = half_of(pushdown);

	return map_lookup(&tercel_policies, &half);
}

/* Everything counts as known again, in every process: there was no way to note that something is. */
INLINE void begin_epoch(void)
{
	__sync_fetch_and_add(&settings.pushdown, 1ULL << EPOCH_SHIFT);
}

INLINE u64 next_owner(u64 owner, u32 value)
{
	return ((owner >> 32) + 1) << 32 | value;
}

INLINE void know_all(struct descriptors *d)
{
	for (u32 i = 0; i < MOST_DESCRIPTORS / 64; i++) {
		d->words[i].known = ~0ULL;
		d->words[i].settled = 0;
	}
}

/* Has the bits of the process that runs be of this epoch, with everything known. What was opened is still to be told,
 * unless nothing was noted for a while. */
GLOBAL int renew_descriptors(u64 epoch)
{
	struct descriptors *d = task_storage(&tercel_descriptors, running_task()->group_leader, NULL, 0);
	u64 old;

	if (!d)
		return 0;
	old = d->epoch;
	if (old == UNTRACKED)
		return 0;
	know_all(d);
	if ((old ^ epoch) >> ERA_SHIFT)
		for (u32 i = 0; i < MOST_OPENED; i++)
			d->opened[i].owner = next_owner(d->opened[i].owner, 0);
	d->has_comm = 0;
	/* Another thread may do the same, which does no harm, or may have said that nothing is tracked. */
	__sync_val_compare_and_swap(&d->epoch, old, epoch);
	return 0;
}

/* The bits of the process that runs, of this epoch; nothing when everything counts as known. */
INLINE struct descriptors *descriptors_of(struct task_struct *task, u64 pushdown)
{
	struct descriptors *d =
		task_storage(&tercel_descriptors, task->group_leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (d && unlikely(d->epoch != epoch_of(pushdown)) && d->epoch != UNTRACKED)
		renew_descriptors(epoch_of(pushdown));
	return d;
}

INLINE u64 bit_of(u32 number)
{
	return 1ULL << (number & 63);
}

INLINE bool is_known(struct descriptors *d, u32 number)
{
	return !d || number >= MOST_DESCRIPTORS || d->words[below(number >> 6, 16)].known & bit_of(number);
}

INLINE bool is_settled(struct descriptors *d, u32 number)
{
	u32 word = below(number >> 6, 16);

	return d && number < MOST_DESCRIPTORS && d->epoch != UNTRACKED &&
	       d->words[word].known & d->words[word].settled & bit_of(number);
}

INLINE struct opened *place_of(struct descriptors *d, u32 number)
{
	return &d->opened[below(number, MOST_OPENED)];
}

/* Whether the name of what was opened as a descriptor was kept. */
INLINE bool has_name(struct descriptors *d, u32 number)
{
	return d && (u32)place_of(d, number)->owner == number + 1;
}

INLINE void forget_name(struct descriptors *d, u32 number)
{
	struct opened *place = place_of(d, number);
	u64 owner = place->owner;

	if ((u32)owner == number + 1)
		__sync_val_compare_and_swap(&place->owner, owner, next_owner(owner, 0));
}

/* Other threads change bits of the same word meanwhile. */
INLINE void set_known(struct descriptors *d, u32 number, bool is_now_settled)
{
	u32 word = below(number >> 6, 16);
	u64 bit = bit_of(number);

	if (!d || number >= MOST_DESCRIPTORS)
		return;
	if (!(d->words[word].known & bit))
		__sync_fetch_and_or(&d->words[word].known, bit);
	if (is_now_settled && !(d->words[word].settled & bit))
		__sync_fetch_and_or(&d->words[word].settled, bit);
	else if (!is_now_settled && d->words[word].settled & bit)
		__sync_fetch_and_and(&d->words[word].settled, ~bit);
	forget_name(d, number);
}

INLINE void clear_known(struct descriptors *d, u32 number)
{
	u32 word = below(number >> 6, 16);
	u64 bit = bit_of(number);

	if (!d || number >= MOST_DESCRIPTORS || d->epoch == UNTRACKED)
		return;
	if (d->words[word].settled & bit)
		__sync_fetch_and_and(&d->words[word].settled, ~bit);
	__sync_fetch_and_and(&d->words[word].known, ~bit);
}

/* From now on everything is known of a process, for good. Where that cannot be noted nothing is pushed down. */
INLINE void untrack(struct task_struct *leader)
{
	struct descriptors *d = task_storage(&tercel_descriptors, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!d) {
		__sync_fetch_and_and(&settings.pushdown, ~0xffULL);
	} else if (d->epoch != UNTRACKED) {
		d->epoch = UNTRACKED;
		know_all(d);
	}
}

/* The same for the process that runs, if it matters. */
INLINE void untrack_current(void)
{
	if (kernel.has_pushdown && is_judging(settings.pushdown))
		untrack(running_task()->group_leader);
}

/* At an exec: notes what the reader was told that the program is called, and forgets what is closed by it, which the
 * reader knows. Kernels once left something behind the name's end. */
GLOBAL int note_exec(u64 pushdown, u32 is_told)
{
	struct task_struct *task = running_task();
	struct descriptors *d;
	u32 is_over = 0;

	d = descriptors_of(task, pushdown);
	if (!d)
		return 0;
	for (u32 i = 0; i < MOST_OPENED; i++)
		if (d->opened[i].flags & O_CLOEXEC)
			d->opened[i].owner = next_owner(d->opened[i].owner, 0);
	d->has_comm = 0;
	if (!is_told || read_kernel(d->comm, sizeof(d->comm), &task->comm))
		return 0;
	for (u32 i = 0; i < 16; i++) {
		is_over |= !d->comm[i];
		if (is_over)
			d->comm[i] = 0;
	}
	d->comm_serial = 0;
	d->has_comm = 1;
	return 0;
}
