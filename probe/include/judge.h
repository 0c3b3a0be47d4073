/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Whether any rule can need a call that is wanted, decided before anything is made of it. What is found for a call is a
 * plan: whether it is dropped, and what its record, if one is made, changes about descriptors. The reader learns of them
 * in the order of the records: a bit is cleared before the record of a close is handed over, and set after that of what
 * makes a descriptor. */
#pragma once
#include "pushdown.h"
#include "steps.h"

#define PLAN_DROP 1ULL
#define PLAN_MARK 2ULL	  /* the record is made all the same, with a mark */
#define PLAN_KNOW 4ULL	  /* the descriptor is known once the record is made */
#define PLAN_SETTLE 8ULL  /* and settled; by itself: settled if it is known */
#define PLAN_PAIR 16ULL	  /* both descriptors that the record told are known */
#define PLAN_CLOSE 32ULL  /* the descriptor is known again if the record is lost */
#define PLAN_PATH 256ULL  /* times the judged path's argument plus one */
#define PLAN_PATHS (7 * PLAN_PATH)
#define PLAN_ANNOUNCE 65536ULL /* times a mask of arguments: what was opened as them is told first */
#define PLAN_ANNOUNCES (63 * PLAN_ANNOUNCE)
#define PLAN_RANGE (1ULL << 22) /* names of the range of descriptors are forgotten */
#define PLAN_GONE (1ULL << 23)  /* what is told first is closed already */
#define PLAN_NUMBER 32	  /* above: the descriptor */

#define O_TRUNC 01000
#define O_PATH 010000000
#define IN_PROGRESS 115
#define MSG_FASTOPEN 0x20000000
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFSOCK 0140000
#define SOCK_STREAM 1
#define FAMILY_INET 2
#define PROTOCOL_TCP 6
#define F_DUPFD 0
#define F_SETFD 2
#define F_DUPFD_CLOEXEC 1030
#define CLOSE_RANGE_CLOEXEC 4

/* Who calls what. */
struct caller {
	struct task_struct *task;
	struct scratch *s; /* with the arguments */
	struct policy *policy;
	s64 result;
	u64 pushdown;
};

INLINE u64 argument_of(struct caller *c, u32 index)
{
	return argument(c->s, index);
}

INLINE u64 plan_for(u32 number, u64 plan)
{
	return (u64)number << PLAN_NUMBER | plan;
}

/* The file behind a descriptor of the task that runs, as a number: read_kernel reads it. */
INLINE struct file *file_now(struct task_struct *task, u32 number)
{
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (number < table->max_fds)
		read_kernel(&file, sizeof(file), (void *)((u64)table->fd + 8ULL * number));
	return file;
}

/* The same as a pointer whose members are read without helpers, whose calls cost more than everything else here. */
INLINE struct file *typed_file_now(struct task_struct *task, u32 number)
{
	struct fdtable *table = task->files->fdt;

	if (number >= table->max_fds)
		return NULL;
	return AS(struct epoll_filefd, (u64)table->fd + 8ULL * number)->file;
}

/* The address of the inode behind a descriptor of the task that runs, and its kind by its mode: 0 where it cannot be
 * read. */
INLINE u64 inode_now(struct task_struct *task, u32 number, u32 *kind)
{
	struct file *file;
	struct inode *inode = NULL;

	*kind = 0;
	if (kernel.has_cast) {
		file = typed_file_now(task, number);
		if (file) {
			inode = file->f_inode;
			*kind = inode->i_mode & S_IFMT;
		}
		return (u64)inode;
	}
	file = file_now(task, number);
	if (file)
		inode = READ(file, f_inode);
	if (inode)
		*kind = READ(inode, i_mode) & S_IFMT;
	return (u64)inode;
}

INLINE bool is_tcp4_socket(u32 type, u32 family, u32 protocol)
{
	return type == SOCK_STREAM && family == FAMILY_INET && protocol == PROTOCOL_TCP;
}

/* A descriptor without a socket behind it moved no data, so that a mode is enough to tell one. */
INLINE bool is_tcp4(struct task_struct *task, u32 number)
{
	struct file *file;
	struct socket *socket;
	struct sock *sk;
	u32 kind;

	inode_now(task, number, &kind);
	if (kind != S_IFSOCK)
		return false;
	if (kernel.has_cast) {
		file = typed_file_now(task, number);
		if (!file)
			return false;
		socket = AS(struct socket, file->private_data);
		sk = socket->sk;
		return is_tcp4_socket(socket->type, sk->__sk_common.skc_family, sk->sk_protocol);
	}
	file = file_now(task, number);
	socket = READ(file, private_data);
	sk = READ(socket, sk);
	return is_tcp4_socket(READ(socket, type), READ(sk, __sk_common.skc_family), READ(sk, sk_protocol));
}

#define ALL(byte) (0x0101010101010101ULL * (byte))

/* The upper bit of each byte that is zero. */
INLINE u64 zero_bytes(u64 word)
{
	return ~(((word & ALL(0x7f)) + ALL(0x7f)) | word | ALL(0x7f));
}

/* Whether one of the bytes is no visible character of ASCII: the reader shows such paths in another form. */
INLINE bool has_odd_byte(u64 word)
{
	return ((word - ALL(0x20)) & ~word & ALL(0x80)) | (word & ALL(0x80)) | zero_bytes(word ^ ALL(0x7f));
}

/* A dot and a slash differ in the lowest bit only. The upper bit of each byte that begins "/.", "//" or "./". */
INLINE u64 odd_pairs(u64 word, u64 next)
{
	return zero_bytes(((word ^ ALL('.')) | (next ^ ALL('.'))) & ALL(0xfe)) & (word | next) << 7;
}

/* All bits for zero, none for other numbers: a branch would have the verifier go both ways, every time. */
INLINE u32 if_zero(u32 value)
{
	opaque(value);
	return (u32)(((u64)value - 1) >> 32);
}

/* The combos of four bytes, if they are at their bucket or right behind it. */
GLOBAL u32 combos_of_gram(u32 half, u32 bucket, u32 text)
{
	struct policy *policy = map_lookup(&tercel_policies, &half);
	u32 mask = 0;

	if (!policy)
		return ~0u;
	for (u32 i = 0; i < GRAM_STEPS; i++) {
		struct gram *gram = &policy->grams[below(bucket, MOST_GRAMS) + i];

		if (gram->text == text)
			mask |= gram->combos;
	}
	return mask;
}

/* The combos of the fours of bytes that lie anywhere in the judged path. */
GLOBAL u32 combos_of_grams(u32 half)
{
	struct policy *policy = map_lookup(&tercel_policies, &half);
	struct scratch *s = my_scratch();
	u32 mask = 0;

	if (!policy || !s)
		return ~0u;
	for (u32 i = 0; i < PATH_JUDGED; i++) {
		u32 text = *(u32 *)(s->text + PATH_AT + i), bucket = text * GRAM_FACTOR >> GRAM_SHIFT;

		if (!(text >> 24))
			break; /* the path's end is among them */
		if (policy->grams[below(bucket, MOST_GRAMS)].combos)
			mask |= combos_of_gram(half, bucket, text);
	}
	return mask;
}

/* Whether the path is one that the tables cannot tell: another one may name the same file, or it depends on a directory.
 * Notes where its last eight bytes with a slash are, and which of them are one. */
INLINE bool has_odd_shape(struct scratch *s, u32 size)
{
	if (s->text[PATH_AT] != '/' || s->text[PATH_AT + below(size - 1, PATH_JUDGED)] == '/')
		return true;
	*(u64 *)(s->text + PATH_AT + below(size, PATH_JUDGED)) = 0;
	for (u32 i = 0; i < PATH_JUDGED; i += 8) {
		u64 word, slashes;

		if (i >= size)
			break;
		word = *(u64 *)(s->text + PATH_AT + i);
		if (odd_pairs(word, *(u64 *)(s->text + PATH_AT + i + 1)))
			return true;
		/* What follows the path are zeros. */
		if (has_odd_byte(size - i < 8 ? word | ALL(0x20) << 8 * (size - i) : word))
			return true;
		slashes = zero_bytes(word ^ ALL('/'));
		if (slashes) {
			s->slash_at = i;
			s->slashes = slashes;
		}
	}
	return false;
}

INLINE bool has_slash_after(struct scratch *s, u32 at)
{
	u32 passed = at - s->slash_at;

	return at <= s->slash_at || (passed < 8 && s->slashes >> 8 * passed);
}

/* A function that is verified by itself: after what goes over the path before it would be verified for each length again.
 *
 * The combos of the path by one of the tries, and in the upper half those that it cannot have after all. What is read
 * from the last byte on has masks of the first kind only. Both ends are told by a zero byte: a comparison would have the
 * verifier go through every length. */
GLOBAL u64 combos_of_path(u32 half, u32 at, u32 step, u32 root)
{
	struct policy *policy = map_lookup(&tercel_policies, &half);
	struct scratch *s = my_scratch();
	u32 i, here = 0, mask, veto;
	struct state *state;

	if (!policy || !s)
		return ~0u;
	state = &policy->states[below(root, MOST_STATES)];
	mask = state->anywhere;
	veto = state->veto;
	for (i = 0; i < PATH_JUDGED; i++) {
		u32 byte = s->text[below(PATH_AT + at, 2 * PATH_JUDGED)], next;

		if (!byte)
			break;
		next = below(state->base ^ byte, MOST_STATES);
		state = &policy->states[next];
		if (state->check != root)
			break;
		root = next;
		at += step;
		mask |= state->anywhere;
		veto |= state->veto;
		here = (here & ~if_zero(byte ^ '/')) | state->in_dir;
	}
	i = forget(s, i);
	if (i + 1 >= s->path_size)
		mask |= policy->states[below(root, MOST_STATES)].at_end;
	if (here && !has_slash_after(s, i))
		mask |= here;
	return (u64)veto << 32 | mask;
}

/* Whether a trie may have something for a path that begins with two bytes: mostly the second one is none of its. */
INLINE bool may_walk(struct policy *policy, u32 root, u32 first, u32 second)
{
	struct state *state = &policy->states[below(root, MOST_STATES)];
	u32 next = below(state->base ^ first, MOST_STATES);

	if (state->anywhere | state->veto)
		return true;
	state = &policy->states[next];
	if (state->check != root)
		return false;
	if (state->anywhere | state->at_end | state->in_dir | state->veto)
		return true;
	return policy->states[below(state->base ^ second, MOST_STATES)].check == next;
}

#define ASKS_PATHS 1
#define IS_NAMED 2

/* Reads a path once and returns whether a rule may need it; of odd ones the form says so. What `asks` says: the tables are
 * asked, or else no path of the usual form is needed; the program's name is enough unless they say no. */
GLOBAL u32 needs_path(u64 pointer, u32 half, u32 combo, u32 asks)
{
	struct policy *policy = map_lookup(&tercel_policies, &half);
	struct scratch *s = my_scratch();
	u64 forward = 0;
	u32 size, last;
	long got;

	if (!policy || !s)
		return 1;
	s->path_size = 0;
	got = read_user_text(s->text + PATH_AT, PATH_JUDGED + 1, (void *)pointer);
	if (got < 2 || got > PATH_JUDGED)
		return 1;
	s->path_size = got;
	size = got - 1;
	if (has_odd_shape(s, size))
		return 1;
	if (!asks)
		return 0;
	combo &= 31;
	if (may_walk(policy, FORWARD_ROOT, '/', s->text[PATH_AT + 1]))
		forward = combos_of_path(half, 0, 1, FORWARD_ROOT);
	if (forward >> (32 + combo) & 1)
		return 0;
	if (asks & IS_NAMED)
		return 1;
	last = PATH_AT + below(size - 1, PATH_JUDGED);
	if (may_walk(policy, BACKWARD_ROOT, s->text[last], s->text[last - 1]))
		forward |= combos_of_path(half, size - 1, ~0u, BACKWARD_ROOT);
	if (forward >> combo & 1)
		return 1;
	return policy->has_grams ? combos_of_grams(half) >> combo & 1 : 0;
}

/* The combos of the name of the program that runs, which are looked up once for each policy. */
GLOBAL u32 find_comm(u64 pushdown)
{
	struct descriptors *d = descriptors_of(running_task(), pushdown);
	struct policy *policy = policy_of(pushdown);
	u32 hash = 0x811c9dc5, mask = 0;

	if (!d || !policy)
		return ~0u;
	for (u32 i = 0; i < 16; i++)
		hash = (hash ^ (u8)d->comm[i]) * 0x01000193;
	for (u32 i = 0; i < COMM_STEPS; i++) {
		struct comm *comm = &policy->comms[below(hash, MOST_COMMS) + i];
		u64 *name = (u64 *)comm->name, *own = (u64 *)d->comm;

		if (name[0] == own[0] && name[1] == own[1])
			mask |= comm->combos;
	}
	d->comm_mask = mask;
	d->comm_serial = policy->serial;
	return mask;
}

/* Each thread has a name, and only of first ones it is known what the reader knows. */
INLINE u32 combos_of_comm(struct caller *c)
{
	struct descriptors *d;

	if (c->task->pid != c->task->tgid)
		return ~0u;
	d = descriptors_of(c->task, c->pushdown);
	if (!d || !d->has_comm)
		return ~0u;
	return d->comm_serial == c->policy->serial ? d->comm_mask : find_comm(c->pushdown);
}

/* Judges the path of a call. */
INLINE bool is_path_needed(struct caller *c, struct guard *guard, u32 combo, u64 *plan)
{
	u32 asks = 0;

	if (guard->dirfd != NO_ARGUMENT && (s32)argument_of(c, guard->dirfd) >= 0)
		return true;
	if (guard->maybe >> combo & 1) {
		asks = guard->paths >> combo & ASKS_PATHS;
		if (guard->comms >> combo & 1 && combos_of_comm(c) >> combo & 1)
			asks |= IS_NAMED;
	}
	*plan |= PLAN_PATH * ((guard->path & 7) + 1);
	return needs_path(argument_of(c, guard->path), half_of(c->pushdown), combo, asks);
}

INLINE u64 judge_path(struct caller *c, struct guard *guard)
{
	u32 combo = c->result < 0;
	u64 plan = 0;

	if (guard->always >> combo & 1)
		return 0;
	if (guard->maybe >> combo & 1 && is_path_needed(c, guard, combo, &plan))
		return plan;
	return plan | PLAN_DROP;
}

/* Keeps what was opened, for the case that a call on it is told; returns false where it cannot be. */
static __attribute__((noinline)) bool keep_name(struct descriptors *d, u32 number, u32 flags, u64 inode, u32 serial)
{
	struct scratch *s = my_scratch();
	struct opened *place;
	u64 owner, busy;

	if (!d || !s)
		return false;
	place = place_of(d, number);
	owner = place->owner;
	busy = next_owner(owner, BUSY);
	if (((u32)owner && (u32)owner != number + 1) || !s->path_size || s->path_size > OPENED_PATH)
		return false;
	if (__sync_val_compare_and_swap(&place->owner, owner, busy) != owner)
		return false;
	place->inode = inode;
	place->serial = serial;
	place->flags = flags;
	place->length = s->path_size;
	/* What is behind the path's end does no harm, and a helper would cost more than it saves. */
	for (u32 i = 0; i < OPENED_PATH / 8; i++)
		((u64 *)place->path)[i] = ((u64 *)(s->text + PATH_AT))[i];
	__sync_lock_test_and_set(&place->owner, next_owner(busy, number + 1));
	return true;
}

INLINE u64 judge_open(struct caller *c, struct guard *guard)
{
	bool has_failed = c->result < 0;
	u64 flags = argument_of(c, guard->flags);
	/* What the record makes known, if the call made a descriptor. */
	u64 plan = has_failed ? 0 : plan_for(c->result, PLAN_KNOW);
	struct descriptors *d;
	u32 combo, kind;
	u64 inode;

	if (guard->is_how && read_user(&flags, sizeof(flags), (void *)flags))
		return plan;
	if (flags & (O_DIRECTORY | O_PATH | O_TMPFILE_BIT))
		return plan;
	combo = has_failed | (flags & O_ACCMODE) << 1 | (flags & O_CREAT ? 8 : 0) | (flags & O_TRUNC ? 16 : 0);
	if (guard->always >> combo & 1)
		return plan;
	/* An open that failed is about the directory that it was to look in. */
	if (has_failed && !(guard->maybe >> combo & 1))
		return guard->dirfd != NO_ARGUMENT && (s32)argument_of(c, guard->dirfd) >= 0 ? plan : plan | PLAN_DROP;
	if (is_path_needed(c, guard, combo, &plan))
		return plan;
	if (has_failed)
		return plan | PLAN_DROP;
	d = descriptors_of(c->task, c->pushdown);
	if (is_known(d, c->result))
		return plan;
	inode = inode_now(c->task, c->result, &kind);
	if (!kind || kind == S_IFDIR || !keep_name(d, c->result, flags, inode, c->policy->serial))
		return plan;
	return plan | PLAN_DROP;
}

INLINE u64 announces(u32 argument)
{
	return PLAN_ANNOUNCE << (argument & 7) & PLAN_ANNOUNCES;
}

/* A close that failed with an error of the file has closed it all the same, and the reader keeps its entry. */
INLINE u64 judge_close(struct caller *c, struct guard *guard)
{
	u32 number = argument_of(c, guard->fd);
	u64 drop = guard->drops & DROP_UNKNOWN ? PLAN_DROP : 0;
	struct descriptors *d;

	if (c->result < 0 && guard->drops & DROP_FAILED)
		return PLAN_DROP;
	d = descriptors_of(c->task, c->pushdown);
	if (!is_known(d, number)) {
		if (c->result < 0 || !has_name(d, number))
			return drop;
		if (!drop)
			return announces(guard->fd) | plan_for(number, PLAN_CLOSE | PLAN_GONE);
		forget_name(d, number);
		return drop;
	}
	if (c->result < 0 || !d || number >= MOST_DESCRIPTORS)
		return 0;
	clear_known(d, number);
	if (!drop && has_name(d, number))
		return announces(guard->fd) | plan_for(number, PLAN_CLOSE | PLAN_GONE);
	forget_name(d, number);
	return plan_for(number, PLAN_CLOSE);
}

INLINE u64 judge_copy(struct caller *c, struct guard *guard)
{
	u32 from = argument_of(c, guard->fd), to = c->result, command = F_DUPFD;
	u64 plan = announces(guard->fd);
	struct descriptors *d;
	bool is_needed;

	if (guard->flags != NO_ARGUMENT) {
		command = argument_of(c, guard->flags);
		if (command != F_DUPFD && command != F_SETFD && command != F_DUPFD_CLOEXEC)
			return guard->drops & DROP_COMMAND ? PLAN_DROP : plan;
	}
	if (c->result < 0)
		return guard->drops & DROP_FAILED ? PLAN_DROP : plan;
	d = descriptors_of(c->task, c->pushdown);
	is_needed = !(guard->drops & DROP_UNKNOWN) || is_known(d, from) || has_name(d, from);
	if (command == F_SETFD)
		return is_needed ? plan : PLAN_DROP;
	/* Whatever was there is not there any more. */
	if (d && from != to)
		forget_name(d, to);
	plan |= plan_for(to, is_settled(d, from) ? PLAN_KNOW | PLAN_SETTLE : PLAN_KNOW);
	return is_needed || is_known(d, to) ? plan : plan | PLAN_DROP;
}

INLINE u64 judge_use(struct caller *c, struct guard *guard)
{
	u32 number = argument_of(c, guard->fd);
	struct descriptors *d;

	if (c->result < 0 && guard->drops & DROP_FAILED)
		return PLAN_DROP;
	if (!(guard->drops & (DROP_UNKNOWN | DROP_STREAM)))
		return 0;
	d = descriptors_of(c->task, c->pushdown);
	if (guard->drops & DROP_UNKNOWN && !is_known(d, number)) {
		/* What an older policy dropped may be wanted by this one. */
		if (has_name(d, number) && place_of(d, number)->serial != c->policy->serial)
			return announces(guard->fd);
		return PLAN_DROP;
	}
	if (!(guard->drops & DROP_STREAM) || c->result < 0)
		return 0;
	/* What names its peer, or connects by sending, may tell something new. */
	if (argument_of(c, guard->path) || argument_of(c, guard->flags) & MSG_FASTOPEN)
		return 0;
	return is_settled(d, number) && is_tcp4(c->task, number) ? PLAN_DROP : 0;
}

INLINE u64 judge_kind(struct caller *c, struct guard *guard)
{
	if (guard->drops & DROP_ALL)
		return PLAN_DROP;
	switch (guard->kind) {
	case GUARD_CLOSE:
		return judge_close(c, guard);
	case GUARD_OPEN:
		return judge_open(c, guard);
	case GUARD_ON_FD:
		return judge_use(c, guard);
	case GUARD_PATH:
		return judge_path(c, guard);
	case GUARD_COPY:
		return judge_copy(c, guard);
	}
	return 0;
}

/* Counts a call that is dropped, if it is. In a shadow run the record is made all the same, and nothing is changed about
 * descriptors, as though it had been dropped; for a sample all is as though it could not be. */
INLINE u64 drop(u64 plan, u32 number, bool is_small)
{
	struct counters *counts = my_counters();

	if (!counts)
		return PLAN_DROP;
	if (unlikely(settings.shadow)) {
		counts->marked++;
		return (plan & PLAN_PATHS) | PLAN_MARK;
	}
	if (settings.sample_every && ++counts->since_sample >= settings.sample_every) {
		counts->since_sample = 0;
		counts->marked++;
		return (plan & ~PLAN_DROP) | PLAN_MARK;
	}
	if (is_small)
		counts->dropped_compat[below(number, MAX_CALLS)]++;
	else
		counts->dropped[below(number, MAX_CALLS)]++;
	return PLAN_DROP;
}

INLINE u64 effect_of(struct caller *c, struct guard *guard, u64 plan)
{
	if (guard->effect == EFFECT_CONNECTS) {
		if (c->result && c->result != -IN_PROGRESS)
			return plan;
		return (u32)plan | plan_for(argument_of(c, guard->fd), PLAN_SETTLE);
	}
	if (c->result < 0)
		return plan;
	if (guard->effect == EFFECT_MAKES)
		return ((u32)plan & ~(PLAN_CLOSE | PLAN_SETTLE)) | plan_for(c->result, PLAN_KNOW);
	if (guard->effect == EFFECT_ACCEPTS)
		return ((u32)plan & ~PLAN_CLOSE) | plan_for(c->result, PLAN_KNOW | PLAN_SETTLE);
	if (guard->effect == EFFECT_MAKES_PAIR)
		return plan | PLAN_PAIR;
	return plan | PLAN_RANGE;
}

/* Judges a call; `is_small` says that its number is one of 32-bit programs. */
INLINE u64 judge(struct caller *c, u32 number, bool is_small)
{
	struct guard *guard;
	u64 plan;

	c->policy = policy_of(c->pushdown);
	if (!c->policy)
		return 0;
	number = below(number, MAX_CALLS);
	guard = is_small ? &c->policy->compat_guards[number] : &c->policy->guards[number];
	plan = judge_kind(c, guard);
	if (unlikely(guard->effect))
		plan = effect_of(c, guard, plan);
	if (plan & PLAN_DROP)
		return drop(plan, number, is_small);
	return plan | (guard->announces * PLAN_ANNOUNCE & PLAN_ANNOUNCES);
}

/* Makes the next value of an open's record. Older verifiers count the room on the stack that other steps would take: there
 * is not so much left where this is called. */
GLOBAL int run_open_step(u32 code, u32 a, u32 b)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	if (code == STEP_RESULT)
		put64(s, s->result);
	else if (code == STEP_FD)
		put64(s, (s64)(s32)argument(s, a));
	else if (code == STEP_PATH)
		put_judged_path(s);
	else
		run_file_step(code, a, b);
	return 0;
}

INLINE void make_open_record(struct scratch *s, u32 number)
{
	struct row *row = &rows[below(number, MAX_ROWS)];
	u32 steps = row->steps;

	begin_record(s, row);
	for (u32 i = 0; i < MAX_STEPS; i++) {
		if (i >= steps)
			break;
		run_open_step(row->step[i].code, row->step[i].a, row->step[i].b);
	}
	end_record(s, row);
}

/* Makes the record of an open that was dropped. What it needs of the call that is about to be told is put aside in the
 * buffer: there is little room on the stack. */
INLINE void tell_opened(struct scratch *s, struct opened *place, u32 number, u32 row)
{
	u64 owner = place->owner;
	u32 length = place->length;

	opaque(length);
	length &= 127;
	read_kernel(s->text + PATH_AT, length, place->path);
	s->aside[0] = s->args[0];
	s->aside[1] = s->args[2];
	s->aside[2] = s->args[3];
	s->aside[3] = s->result;
	s->aside[4] = s->mark;
	s->args[0] = -100; /* AT_FDCWD */
	s->args[2] = place->flags;
	s->args[3] = 0;
	s->result = number;
	s->path_size = length;
	s->path_from = 2;
	s->mark = MARK_STATE;
	/* Another thread may have written there meanwhile. In a shadow run the reader was told when it was opened. */
	if (place->owner == owner && !settings.shadow)
		make_open_record(s, row);
	s->path_from = 0;
	s->path_size = 0;
	s->args[0] = s->aside[0];
	s->args[2] = s->aside[1];
	s->args[3] = s->aside[2];
	s->result = s->aside[3];
	s->mark = s->aside[4];
}

/* Tells of the files that a call is about, as far as their opening was dropped, before the call itself is told: `which` has
 * a bit for each argument that is a descriptor. */
GLOBAL int announce_all(u32 which, u64 pushdown, u32 is_gone)
{
	struct task_struct *task = running_task();
	struct descriptors *d = descriptors_of(task, pushdown);
	struct policy *policy = policy_of(pushdown);
	struct scratch *s = my_scratch();

	if (!d || !policy || !s)
		return 0;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < 6; i++) {
		u32 number = s->args[i];
		struct file *file;

		if (!(which >> i & 1) || !has_name(d, number))
			continue;
		/* Something that was not seen may have put another file in its place. */
		file = file_now(task, number);
		if (!is_gone && (!file || (u64)READ(file, f_inode) != place_of(d, number)->inode)) {
			forget_name(d, number);
			continue;
		}
		tell_opened(s, place_of(d, number), number, policy->open_row);
		if (is_gone)
			forget_name(d, number);
		else
			set_known(d, number, false);
	}
	return 0;
}

INLINE void forget_range(struct descriptors *d, u32 first, u32 last)
{
	for (u32 i = 0; i < MOST_OPENED; i++) {
		u32 number = (u32)d->opened[i].owner - 1;

		if (number >= first && number <= last)
			forget_name(d, number);
	}
}

/* Once the record is made: changes what is known. What was lost tells nothing of the ends of a connection, and leaves an
 * entry where it should have taken one away. */
GLOBAL int follow_plan(u64 plan, u64 pushdown)
{
	struct scratch *s = my_scratch();
	struct task_struct *task = running_task();
	struct descriptors *d = descriptors_of(task, pushdown);
	u32 number = plan >> PLAN_NUMBER;

	if (!s)
		return 0;
	if (!d) {
		/* Where nothing is tracked there is nothing to note. Otherwise there was no way to. */
		if (!task_storage(&tercel_descriptors, task->group_leader, NULL, 0))
			begin_epoch();
		return 0;
	}
	if (plan & PLAN_RANGE) {
		if (!(s->args[2] & CLOSE_RANGE_CLOEXEC))
			forget_range(d, s->args[0], s->args[1]);
	} else if (plan & PLAN_PAIR) {
		set_known(d, s->pair[0], false);
		set_known(d, s->pair[1], false);
	} else if (plan & (PLAN_KNOW | PLAN_CLOSE) || (is_known(d, number) && !s->is_lost)) {
		set_known(d, number, plan & PLAN_SETTLE && !s->is_lost);
	}
	return 0;
}
