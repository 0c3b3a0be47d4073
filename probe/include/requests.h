/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Requests that reach the kernel through the submission queues of io_uring: what is kept of them while they run, and the
 * records of those that are complete, as the system call that does the same would have made them. The records are made in
 * line by one function that is verified by itself. */
#pragma once
#include "steps.h"

#define PF_IO_WORKER 0x10	    /* a thread of the kernel in a program: polls a queue, or works a request off */
#define REQUEST_FIXED_FILE 1	    /* REQ_F_FIXED_FILE: the number is one of the ring's own table of files */
#define REQUEST_SKIPS 64		    /* REQ_F_CQE_SKIP */
#define ANY_SLOT (~0u)		    /* IORING_FILE_INDEX_ALLOC */
#define DIRECT_BASE 0x40000000	    /* files of such a table get numbers that no descriptor has */
#define CURRENT_POSITION (~0ULL)
#define ANY_TIME (~0ULL)
#define EINPROGRESS 115
#define ROW_UNREPORTED 0xffff	    /* in the place of a row: a call that is looked at, but not told */
#define MOST_REQUESTS 16384
#define MOST_AT_ONCE 64	    /* requests that are told of in one go; others are told one by one */
#define MOST_REQUEST_VECTORS 64	    /* of one request that are looked at */
#define TEXT_AT 4096		    /* where in the buffer a text is put together */

/* The system calls that do what a request does, by number. */
#if defined(__TARGET_ARCH_x86)
#define NATIVE(x86, arm) x86
#else
#define NATIVE(x86, arm) arm
#endif
enum native_call {
	NATIVE_READ = NATIVE(0, 63),
	NATIVE_WRITE = NATIVE(1, 64),
	NATIVE_CLOSE = NATIVE(3, 57),
	NATIVE_PREAD = NATIVE(17, 67),
	NATIVE_PWRITE = NATIVE(18, 68),
	NATIVE_READV = NATIVE(19, 65),
	NATIVE_WRITEV = NATIVE(20, 66),
	NATIVE_DUP = NATIVE(32, 23),
	NATIVE_SOCKET = NATIVE(41, 198),
	NATIVE_CONNECT = NATIVE(42, 203),
	NATIVE_SENDTO = NATIVE(44, 206),
	NATIVE_RECVFROM = NATIVE(45, 207),
	NATIVE_SENDMSG = NATIVE(46, 211),
	NATIVE_RECVMSG = NATIVE(47, 212),
	NATIVE_SHUTDOWN = NATIVE(48, 210),
	NATIVE_BIND = NATIVE(49, 200),
	NATIVE_LISTEN = NATIVE(50, 201),
	NATIVE_OPENAT = NATIVE(257, 56),
	NATIVE_MKDIRAT = NATIVE(258, 34),
	NATIVE_UNLINKAT = NATIVE(263, 35),
	NATIVE_LINKAT = NATIVE(265, 37),
	NATIVE_SYMLINKAT = NATIVE(266, 36),
	NATIVE_SPLICE = NATIVE(275, 76),
	NATIVE_ACCEPT4 = NATIVE(288, 242),
	NATIVE_PREADV = NATIVE(295, 69),
	NATIVE_PWRITEV = NATIVE(296, 70),
	NATIVE_RENAMEAT2 = NATIVE(316, 276),
	NATIVE_OPENAT2 = NATIVE(437, 437),
	NATIVE_NONE = MAX_CALLS,
};

/* Kinds of requests (include/uapi/linux/io_uring.h). */
enum request_code {
	REQUEST_READV = 1,
	REQUEST_WRITEV = 2,
	REQUEST_READ_FIXED = 4,
	REQUEST_WRITE_FIXED = 5,
	REQUEST_SENDMSG = 9,
	REQUEST_RECVMSG = 10,
	REQUEST_ACCEPT = 13,
	REQUEST_CONNECT = 16,
	REQUEST_OPENAT = 18,
	REQUEST_CLOSE = 19,
	REQUEST_READ = 22,
	REQUEST_WRITE = 23,
	REQUEST_SEND = 26,
	REQUEST_RECV = 27,
	REQUEST_OPENAT2 = 28,
	REQUEST_SPLICE = 30,
	REQUEST_SHUTDOWN = 34,
	REQUEST_RENAMEAT = 35,
	REQUEST_UNLINKAT = 36,
	REQUEST_MKDIRAT = 37,
	REQUEST_SYMLINKAT = 38,
	REQUEST_LINKAT = 39,
	REQUEST_SOCKET = 45,
	REQUEST_SEND_ZC = 47,
	REQUEST_SENDMSG_ZC = 48,
	REQUEST_FIXED_FD_INSTALL = 54,
	REQUEST_BIND = 56,
	REQUEST_LISTEN = 57,
};

/* What is noted of a request until it is complete. */
struct request {
	u64 task;    /* that the kernel works for */
	u64 ring;
	u64 noted;   /* when, ns since boot */
	u64 address; /* of a buffer, of vectors or of a message in the program's memory */
	u64 offset;  /* a position; what to resolve how, of an open */
	u64 flags;
	s32 fd, second; /* descriptors, or what the call has in their place */
	u32 tid, pid;
	u32 mode;   /* or a protocol, or a backlog */
	u32 length; /* of what is at the address */
	u32 slot;   /* of the ring's own table of files, plus one: where the new file goes */
	u16 call;   /* number of the system call that does the same */
	u8 code;
	u8 is_compat;
	u32 size;	 /* of the socket address */
	u8 socket[128]; /* a socket address, copied */
};

/* Two texts of a request: by its address in the kernel, and that plus one. */
struct request_text {
	char bytes[PATH_MOST];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MOST_REQUESTS);
	__type(key, u64);
	__type(value, struct request);
} tercel_requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MOST_REQUESTS);
	__type(key, u64);
	__type(value, struct request_text);
} tercel_texts SEC(".maps");

/* Rings with requests that end without a completion that is seen: by themselves, and by what the kernel keeps of the
 * thread that cleared away last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, u64);
	__type(value, u64);
} tercel_silent SEC(".maps");

/* A member that some kernels do not have: 0 there. */
#define READ_IF(type, pointer, member) (HAS(type, member) ? READ((type *)(pointer), member) : 0)

/* A pointer as a number, which the verifier does not know for one any more: other functions may be given it. */
INLINE u64 number_of(struct scratch *s, const void *pointer)
{
	s->vector = (u64)pointer;
	asm volatile("" ::: "memory");
	return s->vector;
}

INLINE void count_lost_request(void)
{
	struct counters *counters = my_counters();

	if (counters)
		counters->lost_requests++;
}

INLINE bool moves_data(u32 code)
{
	return code == REQUEST_READ || code == REQUEST_WRITE || code == REQUEST_READV || code == REQUEST_WRITEV ||
	       code == REQUEST_READ_FIXED || code == REQUEST_WRITE_FIXED;
}

INLINE void put_kept_text(struct scratch *s, u64 key)
{
	put_kernel_text(s, map_lookup(&tercel_texts, &key));
}

/* A socket address as put_address puts it, of a copy. */
INLINE void put_kept_address(struct scratch *s, struct request *r)
{
	u32 start = s->at, size;
	u16 family = r->size >= 2 ? *(u16 *)r->socket : 0;

	if (family == AF_INET && r->size >= 8) {
		*place(s) = AF_INET;
		*(u32 *)(place(s) + 1) = *(u32 *)(r->socket + 4);
		*(u16 *)(place(s) + 5) = swap16(*(u16 *)(r->socket + 2));
		s->at += 7;
	} else if (family == AF_INET6 && r->size >= 24) {
		*place(s) = AF_INET6;
		copy16(place(s) + 1, r->socket + 8);
		*(u16 *)(place(s) + 17) = swap16(*(u16 *)(r->socket + 2));
		s->at += 19;
	} else if (family == AF_UNIX && r->size > 2) {
		*place(s) = AF_UNIX;
		s->at += 1;
		add_unix_path(s, r->socket + 2, r->size, false);
	}
	size = s->at - start;
	s->at = start;
	end_value(s, size & 255);
}

INLINE void tell_names(struct scratch *s, struct request *r, u64 key)
{
	put64(s, s->result);
	switch (r->code) {
	case REQUEST_OPENAT:
	case REQUEST_OPENAT2:
		put64(s, (s64)r->fd);
		put_kept_text(s, key);
		put32(s, open_flags_of(s, r->flags));
		put32(s, open_mode_of(r->flags, r->mode));
		if (r->code == REQUEST_OPENAT2)
			put32(s, convert(OPENAT2_RESOLVE, r->offset));
		put_device(s);
		put64(s, inode_number(result_file(s)));
		break;
	case REQUEST_UNLINKAT:
		put64(s, (s64)r->fd);
		put_kept_text(s, key);
		put32(s, convert(UNLINKAT_FLAGS, r->flags));
		break;
	case REQUEST_MKDIRAT:
		put64(s, (s64)r->fd);
		put_kept_text(s, key);
		put32(s, r->mode);
		break;
	case REQUEST_SYMLINKAT:
		put_kept_text(s, key);
		put64(s, (s64)r->second);
		put_kept_text(s, key + 1);
		break;
	default:
		put64(s, (s64)r->fd);
		put_kept_text(s, key);
		put64(s, (s64)r->second);
		put_kept_text(s, key + 1);
		put32(s, convert(r->code == REQUEST_LINKAT ? LINKAT_FLAGS : RENAMEAT2_FLAGS, r->flags));
	}
}

INLINE void tell_socket(struct scratch *s, struct request *r)
{
	put64(s, s->result);
	switch (r->code) {
	case REQUEST_SOCKET:
		put32(s, r->fd);
		put32(s, r->second);
		put32(s, r->mode);
		put32(s, file_flags(r->second & 02004000) & ~3ULL);
		break;
	case REQUEST_CONNECT:
		if (s->result < 0 && s->result != -EINPROGRESS)
			put_nothing(s);
		else
			put_tuple(r->fd, TO_PEER, 0, 0);
		put64(s, (s64)r->fd);
		put_kept_address(s, r);
		break;
	case REQUEST_BIND:
		put_kept_address(s, r);
		put64(s, (s64)r->fd);
		break;
	case REQUEST_LISTEN:
		put64(s, (s64)r->fd);
		put32(s, r->mode);
		break;
	case REQUEST_SHUTDOWN:
		put64(s, (s64)r->fd);
		put8(s, convert(SHUTDOWN_HOW, r->flags));
		break;
	default: /* accept */
		if (s->result < 0)
			put_nothing(s);
		else
			put_tuple(s->result, ACCEPTED, 0, 0);
		put_queue(s);
		put32(s, r->flags);
	}
}

/* As much of a buffer as was moved; of what could not be written, all that was to be. */
INLINE void put_moved(struct scratch *s, struct request *r, bool is_read)
{
	u64 size = s->result > 0 ? (u64)s->result : is_read ? 0 : r->length;

	put_user_bytes(s, r->address, at_most(size, settings.snaplen));
}

/* put_vectors and vectors_size for the first of many vectors: this is verified once more for each program that tells. */
GLOBAL int put_first_vectors(u64 vectors, u64 count, u64 most)
{
	struct scratch *s = my_scratch();
	u32 start, size;

	if (!s)
		return 0;
	start = s->at;
	s->left = at_most(most, at_most(settings.snaplen, PARAM_MOST));
	s->vector = vectors;
	s->count = count;
	for (u32 i = 0; i < MOST_REQUEST_VECTORS; i++)
		if (!add_vector(i))
			break;
	size = s->at - start;
	s->at = start;
	end_value(s, size & 0xffff);
	return 0;
}

GLOBAL u64 first_vectors_size(u64 vectors, u64 count)
{
	u64 total = 0;

	for (u32 i = 0; i < MOST_REQUEST_VECTORS; i++) {
		if (i >= count)
			break;
		total += vector_length(vectors, i);
	}
	return total;
}

INLINE void put_flow(struct scratch *s, struct request *r, u32 direction, bool has_message)
{
	if (s->result < 0 && has_message)
		put_nothing(s);
	else
		put_tuple(r->fd, direction, has_message ? s->message[0] : 0, has_message ? s->message[1] : 0);
}

INLINE void tell_message(struct scratch *s, struct request *r)
{
	bool is_vector = r->call == NATIVE_SENDMSG || r->call == NATIVE_RECVMSG;

	put64(s, s->result);
	if (is_vector)
		load_message(r->address);
	switch (r->call) {
	case NATIVE_SENDTO:
		put_moved(s, r, false);
		put64(s, (s64)r->fd);
		put32(s, r->length);
		put_flow(s, r, TO_PEER, false);
		break;
	case NATIVE_RECVFROM:
		put_moved(s, r, true);
		put_flow(s, r, FROM_PEER, false);
		put64(s, (s64)r->fd);
		put32(s, r->length);
		break;
	case NATIVE_SENDMSG:
		put_first_vectors(s->message[2], s->message[3], ~0ULL);
		put64(s, (s64)r->fd);
		put32(s, first_vectors_size(s->message[2], s->message[3]));
		put_flow(s, r, TO_PEER, true);
		break;
	default: /* recvmsg */
		put32(s, s->result > 0 ? s->result : 0);
		put_first_vectors(s->message[2], s->message[3], s->result > 0 ? s->result : 0);
		put_flow(s, r, FROM_PEER, true);
		if (s->result < 0)
			put_nothing(s);
		else
			put_user_bytes(s, s->message[4], at_most(s->message[5], 4096));
		put64(s, (s64)r->fd);
	}
}

INLINE void tell_file(struct scratch *s, struct request *r)
{
	put64(s, s->result);
	switch (r->call) {
	case NATIVE_READ:
	case NATIVE_PREAD:
	case NATIVE_WRITE:
	case NATIVE_PWRITE:
		put_moved(s, r, r->call == NATIVE_READ || r->call == NATIVE_PREAD);
		put64(s, (s64)r->fd);
		put32(s, r->length);
		break;
	case NATIVE_READV:
	case NATIVE_PREADV:
		put32(s, s->result < 0 ? 0 : first_vectors_size(r->address, r->length));
		put_first_vectors(r->address, r->length, s->result > 0 ? s->result : 0);
		put64(s, (s64)r->fd);
		break;
	case NATIVE_WRITEV:
	case NATIVE_PWRITEV:
		put_first_vectors(r->address, r->length, ~0ULL);
		put64(s, (s64)r->fd);
		put32(s, first_vectors_size(r->address, r->length));
		break;
	case NATIVE_SPLICE:
		put64(s, (s64)r->second);
		put64(s, (s64)r->fd);
		put64(s, r->address);
		put32(s, convert(SPLICE_FLAGS, r->flags));
		return;
	default: /* close, dup */
		put64(s, (s64)r->fd);
		return;
	}
	if (r->call == NATIVE_PREAD || r->call == NATIVE_PWRITE || r->call == NATIVE_PREADV || r->call == NATIVE_PWRITEV)
		put64(s, r->offset);
}

/* Who the record is about, and from where its user memory and descriptors are read. */
INLINE void begin_request(struct scratch *s, struct request *r, s64 result)
{
	s->task = (void *)r->task;
	s->tid = r->tid;
	s->is_compat = r->is_compat;
	s->binary = NULL;
	s->args[0] = r->fd;
	s->result = result;
	if (result >= 0 && r->slot)
		s->result = DIRECT_BASE + (r->slot == ANY_SLOT ? (u32)result : r->slot - 1);
	if (current_pid_tgid() >> 32 == r->pid)
		s->task = current_task();
	else
		r->address = 0; /* finished for a program that is gone: this memory is not the program's */
}

INLINE void tell(struct scratch *s, struct request *r, struct row *row, u64 key)
{
	begin_record(s, row);
	switch (r->code) {
	case REQUEST_OPENAT:
	case REQUEST_OPENAT2:
	case REQUEST_UNLINKAT:
	case REQUEST_MKDIRAT:
	case REQUEST_RENAMEAT:
	case REQUEST_SYMLINKAT:
	case REQUEST_LINKAT:
		tell_names(s, r, key);
		break;
	case REQUEST_SOCKET:
	case REQUEST_CONNECT:
	case REQUEST_BIND:
	case REQUEST_LISTEN:
	case REQUEST_SHUTDOWN:
	case REQUEST_ACCEPT:
		tell_socket(s, r);
		break;
	case REQUEST_SENDMSG:
	case REQUEST_SENDMSG_ZC:
	case REQUEST_RECVMSG:
	case REQUEST_SEND:
	case REQUEST_SEND_ZC:
	case REQUEST_RECV:
		tell_message(s, r);
		break;
	default:
		tell_file(s, r);
	}
	end_record(s, row);
}

INLINE void forget_texts(u64 key)
{
	u64 second = key + 1;

	map_delete(&tercel_texts, &key);
	map_delete(&tercel_texts, &second);
}

INLINE void forget_request(u64 key)
{
	forget_texts(key);
	map_delete(&tercel_requests, &key);
}

/* A request that was noted before a time is complete: its record is made, once. */
GLOBAL int tell_request(u64 key, s32 result, u64 before)
{
	struct request *r = map_lookup(&tercel_requests, &key);
	struct scratch *s = my_scratch();
	struct counters *counts = my_counters();
	u32 row;

	if (!r || !s || !counts || r->noted >= before)
		return 0;
	row = calls[below(r->call, MAX_CALLS)].row;
	if (row && result < 0 && settings.drops_failed) {
		counts->filtered++;
	} else if (row) {
		begin_request(s, r, result);
		tell(s, r, &rows[below(row - 1, MAX_ROWS)], key);
	}
	if (r->code >= REQUEST_OPENAT && r->code <= REQUEST_LINKAT)
		forget_texts(key);
	map_delete(&tercel_requests, &key);
	return 0;
}

/* Rings have lists of what is finished and of what is cleared away. Another thread may take requests from there while they
 * are looked at, for new ones: those were noted later than the look began. */

/* Tells of requests that a ring has finished before another one, and that want no completion (IOSQE_CQE_SKIP_SUCCESS). */
GLOBAL int tell_finished(u64 ring, u64 until)
{
	u64 now = boot_time();
	struct io_wq_work_node *node = READ((struct io_ring_ctx *)ring, submit_state.compl_reqs.first);

	for (u32 i = 0; i < MOST_AT_ONCE; i++) {
		struct io_kiocb *req = CONTAINER(node, struct io_kiocb, comp_list);

		if (!node || (u64)req == until)
			break;
		if (READ(req, flags) & REQUEST_SKIPS)
			tell_request((u64)req, READ(req, cqe.res), now);
		node = READ(node, next);
	}
	return 0;
}

/* What the kernel keeps of a thread that uses rings. */
INLINE u64 user_of(struct scratch *s, struct task_struct *task)
{
	struct task_struct___io_uring *user = (void *)task;

	return HAS(struct task_struct___io_uring, io_uring) ? number_of(s, READ(user, io_uring)) : 0;
}

INLINE void note_silent(struct scratch *s, u64 ring)
{
	u64 user = user_of(s, current_task());

	if (map_update(&tercel_silent, &ring, &ring, 0) | map_update(&tercel_silent, &user, &ring, 0))
		count_lost_request();
}

/* Whether this kernel has such requests: the looks at its lists are part of a program that every kernel has a place for. */
INLINE bool knows_requests(void)
{
	return HAS(struct io_kiocb, cqe) && HAS(struct io_submit_state, free_list);
}

GLOBAL int tell_listed(u64 first, u64 now)
{
	struct io_wq_work_node *node = (void *)first;

	if (!knows_requests())
		return 0;
	for (u32 i = 0; i < MOST_AT_ONCE; i++) {
		struct io_kiocb *req = CONTAINER(node, struct io_kiocb, comp_list);

		if (!node)
			break;
		tell_request((u64)req, READ(req, cqe.res), now);
		node = READ(node, next);
	}
	return 0;
}

/* Tells of what a ring that a thread uses has cleared away without a completion that was seen. */
GLOBAL int tell_cleared(u64 user)
{
	u64 *found = map_lookup(&tercel_silent, &user), now = boot_time();
	struct io_ring_ctx *ring;

	if (!knows_requests() || !user || !found)
		return 0;
	ring = (void *)*found;
	tell_listed((u64)READ(ring, submit_state.free_list.next), now);
	/* Until 6.9 what others finished was put aside first. */
	if (HAS(struct io_ring_ctx, locked_free_list))
		tell_listed((u64)READ(ring, locked_free_list.first), now);
	return 0;
}
