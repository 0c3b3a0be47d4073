/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* io_uring: no system call is made for what a program asks for through its queues. A request is noted when the kernel
 * has taken it over, from the kernel's own copies, and told when it is complete (include/requests.h). */
#pragma once
#include "../include/requests.h"
#include "calls.h"

INLINE u32 native_of(u32 code, u64 offset)
{
	bool is_here = offset == CURRENT_POSITION;

	switch (code) {
	case REQUEST_READ:
	case REQUEST_READ_FIXED: return is_here ? NATIVE_READ : NATIVE_PREAD;
	case REQUEST_WRITE:
	case REQUEST_WRITE_FIXED: return is_here ? NATIVE_WRITE : NATIVE_PWRITE;
	case REQUEST_READV: return is_here ? NATIVE_READV : NATIVE_PREADV;
	case REQUEST_WRITEV: return is_here ? NATIVE_WRITEV : NATIVE_PWRITEV;
	case REQUEST_SENDMSG:
	case REQUEST_SENDMSG_ZC: return NATIVE_SENDMSG;
	case REQUEST_RECVMSG: return NATIVE_RECVMSG;
	case REQUEST_SEND:
	case REQUEST_SEND_ZC: return NATIVE_SENDTO;
	case REQUEST_RECV: return NATIVE_RECVFROM;
	case REQUEST_ACCEPT: return NATIVE_ACCEPT4;
	case REQUEST_CONNECT: return NATIVE_CONNECT;
	case REQUEST_OPENAT: return NATIVE_OPENAT;
	case REQUEST_OPENAT2: return NATIVE_OPENAT2;
	case REQUEST_CLOSE: return NATIVE_CLOSE;
	case REQUEST_SPLICE: return NATIVE_SPLICE;
	case REQUEST_SHUTDOWN: return NATIVE_SHUTDOWN;
	case REQUEST_RENAMEAT: return NATIVE_RENAMEAT2;
	case REQUEST_UNLINKAT: return NATIVE_UNLINKAT;
	case REQUEST_MKDIRAT: return NATIVE_MKDIRAT;
	case REQUEST_SYMLINKAT: return NATIVE_SYMLINKAT;
	case REQUEST_LINKAT: return NATIVE_LINKAT;
	case REQUEST_SOCKET: return NATIVE_SOCKET;
	case REQUEST_FIXED_FD_INSTALL: return NATIVE_DUP;
	case REQUEST_BIND: return NATIVE_BIND;
	case REQUEST_LISTEN: return NATIVE_LISTEN;
	}
	return NATIVE_NONE;
}

/* The name that a request of some kind has, which newer kernels keep in a structure of its own. */
#define NAME_IN(kind, request, member)                                                                  \
	((u64)(HAS(struct kind##___7_0, member)                                                         \
		       ? READ((struct kind##___7_0 *)(request), member.__incomplete_filename)            \
		       : READ((struct kind *)(request), member)))

/* Keeps a text that the kernel copied from the program when it took the request over. */
GLOBAL int keep_text(u64 key, u64 pointer)
{
	struct scratch *s = my_scratch();
	struct filename *name = (void *)pointer;
	char *to;

	if (!s)
		return 0;
	to = (char *)s->record + TEXT_AT;
	if (!name || read_kernel_text(to, PATH_MOST, READ(name, name)) <= 0)
		return 0;
	if (map_update(&tercel_texts, &key, to, 0))
		count_lost_request();
	return 0;
}

/* The address to connect or bind to, from the kernel's copy where it has one by now. That has been by itself and part of
 * a message, which begins with a pointer: the families that are reported are no multiples of eight. */
INLINE void keep_address(struct request *r, struct io_kiocb *req, u64 given, u32 size)
{
	struct io_async_msghdr *copy = READ(req, async_data);

	r->size = size;
	if (copy)
		read_kernel(r->socket, sizeof(r->socket), copy);
	if (r->socket[0] & 7)
		return;
	if (copy && HAS(struct io_async_msghdr, addr))
		read_kernel(r->socket, sizeof(r->socket), &copy->addr);
	if (given && (!copy || read_user16(given) != *(u16 *)r->socket))
		read_user(r->socket, at_most(size, sizeof(r->socket)), (void *)given);
}

/* Notes what a request is to do. The kinds are in groups that are laid out alike in the kernel. */
INLINE void note_names(struct request *r, struct io_kiocb *req, u64 key)
{
	switch (r->code) {
	case REQUEST_OPENAT:
	case REQUEST_OPENAT2: {
		struct io_open *open = (void *)req;

		r->fd = READ(open, dfd);
		r->slot = READ(open, file_slot);
		r->flags = READ(open, how.flags);
		r->mode = READ(open, how.mode);
		r->offset = READ(open, how.resolve);
		r->flags &= ~(u64)O_LARGEFILE; /* the kernel adds this one */
		keep_text(key, NAME_IN(io_open, req, filename));
		break;
	}
	case REQUEST_UNLINKAT: {
		struct io_unlink *unlink = (void *)req;

		r->fd = READ(unlink, dfd);
		r->flags = READ(unlink, flags);
		keep_text(key, NAME_IN(io_unlink, req, filename));
		break;
	}
	case REQUEST_MKDIRAT: {
		struct io_mkdir *mkdir = (void *)req;

		r->fd = READ(mkdir, dfd);
		r->mode = READ(mkdir, mode);
		keep_text(key, NAME_IN(io_mkdir, req, filename));
		break;
	}
	case REQUEST_RENAMEAT: {
		struct io_rename *rename = (void *)req;

		r->fd = READ(rename, old_dfd);
		r->second = READ(rename, new_dfd);
		r->flags = READ(rename, flags);
		keep_text(key, NAME_IN(io_rename, req, oldpath));
		keep_text(key + 1, NAME_IN(io_rename, req, newpath));
		break;
	}
	case REQUEST_SYMLINKAT:
	case REQUEST_LINKAT: {
		struct io_link *link = (void *)req;

		r->fd = READ(link, old_dfd);
		r->second = READ(link, new_dfd);
		r->flags = READ(link, flags);
		keep_text(key, NAME_IN(io_link, req, oldpath));
		keep_text(key + 1, NAME_IN(io_link, req, newpath));
		break;
	}
	}
}

INLINE void note_socket(struct request *r, struct io_kiocb *req)
{
	switch (r->code) {
	case REQUEST_SOCKET: {
		struct io_socket *socket = (void *)req;

		r->fd = READ(socket, domain);
		r->second = READ(socket, type);
		r->mode = READ(socket, protocol);
		r->slot = READ(socket, file_slot);
		break;
	}
	case REQUEST_CONNECT: {
		struct io_connect *connect = (void *)req;

		keep_address(r, req, (u64)READ(connect, addr), READ(connect, addr_len));
		break;
	}
	case REQUEST_BIND:
		keep_address(r, req, 0, READ_IF(struct io_bind, req, addr_len));
		break;
	case REQUEST_LISTEN:
		r->mode = READ_IF(struct io_listen, req, backlog);
		break;
	case REQUEST_ACCEPT: {
		struct io_accept *accept = (void *)req;

		r->flags = READ(accept, flags);
		r->slot = READ(accept, file_slot);
		break;
	}
	case REQUEST_SHUTDOWN: {
		struct io_shutdown *shutdown = (void *)req;

		r->flags = READ(shutdown, how);
		break;
	}
	case REQUEST_SENDMSG:
	case REQUEST_SENDMSG_ZC:
	case REQUEST_RECVMSG:
	case REQUEST_SEND:
	case REQUEST_SEND_ZC:
	case REQUEST_RECV: {
		struct io_sr_msg *message = (void *)req;

		r->address = (u64)READ(message, buf);
		r->length = READ(message, len);
		break;
	}
	}
}

INLINE void note_file(struct request *r, struct io_kiocb *req)
{
	switch (r->code) {
	case REQUEST_CLOSE: {
		struct io_close *close = (void *)req;

		r->fd = READ(close, fd);
		r->slot = READ(close, file_slot);
		if (r->slot)
			r->fd = DIRECT_BASE + r->slot - 1;
		r->slot = 0;
		break;
	}
	case REQUEST_READ:
	case REQUEST_WRITE:
	case REQUEST_READ_FIXED:
	case REQUEST_WRITE_FIXED:
	case REQUEST_READV:
	case REQUEST_WRITEV: {
		struct io_rw *rw = (void *)req;

		r->address = READ(rw, addr);
		r->length = READ(rw, len);
		break;
	}
	case REQUEST_SPLICE: {
		struct io_splice *splice = (void *)req;

		r->second = READ(splice, splice_fd_in);
		r->address = READ(splice, len);
		r->flags = READ(splice, flags);
		break;
	}
	}
}

/* The memory of a request is another one's now, so that it has ended, and was not told yet. Its result is still there. */
INLINE void end_unseen(struct io_kiocb *req, u64 key, u64 ring, struct request *r)
{
	if (r->ring == ring) {
		tell_request(key, READ(req, cqe.res), ANY_TIME);
		return;
	}
	forget_request(key);
	count_lost_request();
}

/* A request was taken over: it is checked, and what it names is copied. */
INLINE void take_request(struct io_kiocb *req)
{
	struct task_struct *task = current_task();
	struct scratch *s = my_scratch();
	u64 ids = current_pid_tgid(), key, offset = 0;
	u32 code = READ(req, opcode), number;
	struct request *r;
	u64 ring, flags;

	if (!s)
		return;
	key = number_of(s, req);
	ring = number_of(s, READ(req, ctx));
	r = map_lookup(&tercel_requests, &key);
	if (unlikely(r))
		end_unseen(req, key, ring, r);
	if (moves_data(code))
		offset = READ((struct io_rw *)req, kiocb.ki_pos);
	number = native_of(code, offset);
	if (number >= MAX_CALLS || !calls[below(number, MAX_CALLS)].row)
		return;
	if ((u32)(ids >> 32) == settings.own_pid)
		return;
	untrack_current();
	flags = READ(req, flags);
	if (flags & REQUEST_SKIPS)
		note_silent(s, ring);
	r = (void *)s->record;
	__builtin_memset(r, 0, sizeof(*r));
	r->task = (u64)task;
	r->ring = ring;
	r->noted = boot_time();
	r->pid = ids >> 32;
	/* A thread that polls the queue is the kernel's: the program's first one stands for it. */
	r->tid = READ(task, flags) & PF_IO_WORKER ? r->pid : (u32)ids;
	r->is_compat = is_32bit(task);
	r->code = code;
	r->call = number;
	r->offset = offset;
	r->fd = READ(req, cqe.fd);
	if (flags & REQUEST_FIXED_FILE)
		r->fd += DIRECT_BASE;
	note_names(r, req, key);
	note_socket(r, req);
	note_file(r, req);
	if (map_update(&tercel_requests, &key, r, 0))
		count_lost_request();
}

/* Kernels since 6.3. */
SEC("tp_btf/io_uring_submit_req")
int tercel_request(u64 *ctx)
{
	hold_processor();
	take_request((void *)ctx[0]);
	release_processor();
	return 0;
}

/* Those from 5.19 to 6.2. */
SEC("tp_btf/io_uring_submit_sqe")
int tercel_request_sqe(u64 *ctx)
{
	hold_processor();
	take_request((void *)ctx[0]);
	release_processor();
	return 0;
}

INLINE void report_complete(u64 *ctx)
{
	struct scratch *s = my_scratch();
	struct io_kiocb *req = (void *)ctx[1]; /* none where one request completes several times */
	u64 ring, key;

	if (!req || !s)
		return;
	ring = number_of(s, (void *)ctx[0]);
	key = number_of(s, req);
	if (map_lookup(&tercel_silent, &ring)) {
		tell_cleared(ring);
		tell_finished(ring, key);
	}
	tell_request(key, READ(req, cqe.res), ANY_TIME);
}

SEC("tp_btf/io_uring_complete")
int tercel_complete(u64 *ctx)
{
	hold_processor();
	report_complete(ctx);
	release_processor();
	return 0;
}

/* There is no room for a completion in the program's queue: what it is of is told when it is cleared away. */
INLINE void report_overflow(u64 *ctx)
{
	struct scratch *s = my_scratch();

	if (s)
		note_silent(s, number_of(s, (void *)ctx[0]));
}

SEC("tp_btf/io_uring_cqe_overflow")
int tercel_overflow(u64 *ctx)
{
	hold_processor();
	report_overflow(ctx);
	release_processor();
	return 0;
}

/* What was finished by others is cleared away by the program itself, or by the thread that polls its queue. */
INLINE void report_work(u64 *ctx)
{
	struct scratch *s = my_scratch();

	if (s)
		tell_cleared(number_of(s, (void *)ctx[0]));
}

SEC("tp_btf/io_uring_task_work_run")
int tercel_work(u64 *ctx)
{
	hold_processor();
	report_work(ctx);
	release_processor();
	return 0;
}
