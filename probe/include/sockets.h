/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Addresses, ends of connections, messages. */
#pragma once
#include "convert.h"
#include "files.h"

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define UNIX_PATH 108

INLINE u16 swap16(u16 value)
{
	return value >> 8 | value << 8;
}

INLINE struct socket *socket_of(struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	struct super_block *super;

	if (!file || !inode)
		return NULL;
	super = READ(inode, i_sb);
	return READ(super, s_magic) == SOCKFS_MAGIC ? READ(file, private_data) : NULL;
}

INLINE struct sock *sock_of(struct scratch *s, s32 number)
{
	struct socket *socket = socket_of(file_of(s, number));

	return socket ? READ(socket, sk) : NULL;
}

/* A unix path of a socket address with so many bytes, which need not end with a zero: the name of an abstract socket
 * comes without its leading zero. */
INLINE void add_unix_path(struct scratch *s, const u8 *from, u32 length, bool is_user)
{
	u8 first = 0;
	u32 most = length < 2 ? 0 : length - 2;
	long size;

	if (is_user)
		read_user(&first, 1, from);
	else
		read_kernel(&first, 1, from);
	/* The helpers copy one byte less than they are told and add a zero. */
	most = most > UNIX_PATH ? UNIX_PATH : most;
	most += first ? 1 : 0;
	opaque(most);
	most &= 127;
	if (is_user)
		size = read_user_text(place(s), most, from + !first);
	else
		size = read_kernel_text(place(s), most, from + !first);
	if (size > 0)
		s->at += size & 127;
}

/* An address that a program passed: family, then address and port or path. */
GLOBAL int put_address(u64 pointer, u32 length)
{
	struct scratch *s = my_scratch();
	u32 start, size;
	u16 family;

	if (!s)
		return 0;
	start = s->at;
	family = pointer && length >= 2 ? read_user16(pointer) : 0;
	if (family == AF_INET && length >= 8) {
		*place(s) = AF_INET;
		*(u32 *)(place(s) + 1) = read_user32(pointer + 4);
		*(u16 *)(place(s) + 5) = swap16(read_user16(pointer + 2));
		s->at += 7;
	} else if (family == AF_INET6 && length >= 24) {
		*place(s) = AF_INET6;
		*(u64 *)(place(s) + 1) = read_user64(pointer + 8);
		*(u64 *)(place(s) + 9) = read_user64(pointer + 16);
		*(u16 *)(place(s) + 17) = swap16(read_user16(pointer + 2));
		s->at += 19;
	} else if (family == AF_UNIX && length > 2) {
		*place(s) = AF_UNIX;
		s->at += 1;
		add_unix_path(s, (void *)(pointer + 2), length, true);
	}
	size = s->at - start;
	s->at = start;
	end_value(s, size & 255);
	return 0;
}

enum direction { TO_PEER = 1, FROM_PEER = 0, ACCEPTED = 2 };

INLINE void add_tuple4(struct scratch *s, struct sock *sk, u64 given, bool is_out)
{
	u32 local = READ(sk, __sk_common.skc_rcv_saddr), remote = READ(sk, __sk_common.skc_daddr);
	u16 local_port = READ(sk, __sk_common.skc_num), remote_port = swap16(READ(sk, __sk_common.skc_dport));
	u8 *to = place(s);

	/* A datagram socket that is not connected learns its peer from the call. */
	if (!remote_port && given && read_user16(given) == AF_INET) {
		remote = read_user32(given + 4);
		remote_port = swap16(read_user16(given + 2));
	}
	if (!local && HAS(struct inet_sock, inet_saddr))
		local = READ((struct inet_sock *)sk, inet_saddr);
	to[0] = AF_INET;
	*(u32 *)(to + 1) = is_out ? local : remote;
	*(u16 *)(to + 5) = is_out ? local_port : remote_port;
	*(u32 *)(to + 7) = is_out ? remote : local;
	*(u16 *)(to + 11) = is_out ? remote_port : local_port;
	s->at += 13;
}

INLINE void copy16(u8 *to, const u8 *from)
{
	*(u64 *)to = *(const u64 *)from;
	*(u64 *)(to + 8) = *(const u64 *)(from + 8);
}

INLINE void add_tuple6(struct scratch *s, struct sock *sk, u64 given, bool is_out)
{
	u64 local[2] = {}, remote[2] = {};
	u16 local_port = READ(sk, __sk_common.skc_num), remote_port = swap16(READ(sk, __sk_common.skc_dport));
	u8 *to = place(s);

	read_kernel(local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	read_kernel(remote, 16, &sk->__sk_common.skc_v6_daddr);
	if (!remote_port && given && read_user16(given) == AF_INET6) {
		read_user(remote, 16, (void *)(given + 8));
		remote_port = swap16(read_user16(given + 2));
	}
	to[0] = AF_INET6;
	copy16(to + 1, (u8 *)(is_out ? local : remote));
	*(u16 *)(to + 17) = is_out ? local_port : remote_port;
	copy16(to + 19, (u8 *)(is_out ? remote : local));
	*(u16 *)(to + 35) = is_out ? remote_port : local_port;
	s->at += 37;
}

/* Adds the path that a unix socket is bound to, or an empty one. */
INLINE void add_bound_path(struct scratch *s, struct unix_sock *sk)
{
	struct unix_address *address = sk ? READ(sk, addr) : NULL;

	/* After the length and a reference count comes a sockaddr_un (include/net/af_unix.h). */
	if (address && READ(address, len) > 2) {
		add_unix_path(s, (u8 *)address->name + sizeof(u16), READ(address, len), false);
		return;
	}
	*place(s) = 0;
	s->at++;
}

INLINE void add_tuple_unix(struct scratch *s, struct sock *sk, u64 given, u32 length, u32 direction)
{
	struct sock *peer = READ((struct unix_sock *)sk, peer);
	u8 *to = place(s);

	to[0] = AF_UNIX;
	*(u64 *)(to + 1) = (u64)(direction == TO_PEER ? sk : peer);
	*(u64 *)(to + 9) = (u64)(direction == TO_PEER ? peer : sk);
	s->at += 17;
	if (direction != TO_PEER)
		add_bound_path(s, (struct unix_sock *)sk);
	else if (given && read_user16(given) == AF_UNIX)
		add_unix_path(s, (void *)(given + 2), length, true);
	else
		add_bound_path(s, (struct unix_sock *)peer);
}

/* Both ends of the socket behind a descriptor: the side that sent first, or that called, on the left. */
GLOBAL int put_tuple(s32 number, u32 direction, u64 given, u32 length)
{
	struct scratch *s = my_scratch();
	struct sock *sk;
	u32 start, size;
	u16 family;

	if (!s)
		return 0;
	start = s->at;
	sk = sock_of(s, number);
	family = sk ? READ(sk, __sk_common.skc_family) : 0;
	if (family == AF_INET)
		add_tuple4(s, sk, given, direction == TO_PEER);
	else if (family == AF_INET6)
		add_tuple6(s, sk, given, direction == TO_PEER);
	else if (family == AF_UNIX)
		add_tuple_unix(s, sk, given, length, direction);
	size = s->at - start;
	s->at = start;
	end_value(s, size & 255);
	return 0;
}

/* How full the queue of a listening socket is: percent, connections that wait, most that may. */
INLINE void put_queue(struct scratch *s)
{
	struct sock *sk = sock_of(s, s->args[0]);
	u32 waiting = sk ? READ(sk, sk_ack_backlog) : 0;
	u32 most = sk ? READ(sk, sk_max_ack_backlog) : 0;

	put8(s, most ? (u64)waiting * 100 / most : 0);
	put32(s, waiting);
	put32(s, most);
}

/* Kernel addresses of both ends of a new socket pair. */
INLINE void put_pair_peers(struct scratch *s, u64 pair)
{
	struct sock *sk = s->result >= 0 ? sock_of(s, read_user32(pair)) : NULL;

	put64(s, (u64)sk);
	put64(s, sk ? (u64)READ((struct unix_sock *)sk, peer) : 0);
}

INLINE u32 sock_level(u64 level)
{
	return level == 1 ? 1 : level == 6 ? 2 : 0;
}

enum value_kind { VALUE_BYTES, VALUE_ERRNO, VALUE_U32, VALUE_U64, VALUE_TIME };

INLINE u32 value_kind(u64 option)
{
	switch (option) {
	case 4:
		return VALUE_ERRNO;
	case 20: case 21: case 66: case 67: /* time-outs */
		return VALUE_TIME;
	case 57:
		return VALUE_U64;
	case 1: case 2: case 3: case 5: case 6: case 7: case 8: case 9: case 10: case 11: case 12: case 15: case 16:
	case 18: case 19: case 29: case 30: case 32: case 33: case 34: case 35: case 36: case 37: case 38: case 39:
	case 40: case 41: case 42: case 43: case 44: case 45: case 46: case 47: case 48: case 49:
		return VALUE_U32;
	}
	return VALUE_BYTES;
}

GLOBAL int put_sock_value(u64 pointer, u32 length)
{
	struct scratch *s = my_scratch();
	u32 kind, size = 0;
	u8 *to;

	if (!s)
		return 0;
	kind = s->args[1] == 1 ? value_kind(s->args[2]) : VALUE_BYTES;
	to = place(s);
	if (!pointer)
		kind = VALUE_BYTES;
	to[0] = kind;
	if (kind == VALUE_ERRNO) {
		*(s64 *)(to + 1) = -(s64)(s32)read_user32(pointer);
		size = 8;
	} else if (kind == VALUE_U32) {
		*(u32 *)(to + 1) = read_user32(pointer);
		size = 4;
	} else if (kind == VALUE_U64) {
		*(u64 *)(to + 1) = read_user64(pointer);
		size = 8;
	} else if (kind == VALUE_TIME) {
		*(u64 *)(to + 1) = read_word(s, pointer, 0) * 1000000000 + read_word(s, pointer, 1) * 1000;
		size = 8;
	} else if (pointer) {
		size = at_most(length, at_most(settings.snaplen, PARAM_MOST));
		opaque(size);
		size &= 0x7fff;
		if (read_user(to + 1, size, (void *)pointer)) {
			count_unreadable();
			size = 0;
		}
	}
	end_value(s, size + 1);
	return 0;
}

/* The parts of a message's header that steps ask for, from either kind of program. */
GLOBAL int load_message(u64 pointer)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	if (s->is_compat) {
		for (u32 i = 0; i < 7; i++)
			s->message[i] = read_user32(pointer + 4 * i);
	} else {
		for (u32 i = 0; i < 7; i++)
			s->message[i] = read_user64(pointer + 8 * i);
	}
	/* The lengths of name and, in the first kind, flags are 32 bits wide. */
	s->message[1] = (u32)s->message[1];
	return 0;
}

#define MOST_VECTORS 1024 /* as many as a call takes */

GLOBAL u64 vector_length(u64 vectors, u32 index)
{
	struct scratch *s = my_scratch();

	return s ? read_word(s, vectors, 2 * index + 1) : 0;
}

/* The sum of the lengths of vectors. */
GLOBAL u64 vectors_size(u64 vectors, u64 count)
{
	u64 total = 0;

	for (u32 i = 0; i < MOST_VECTORS; i++) {
		if (i >= count)
			break;
		total += vector_length(vectors, i);
	}
	return total;
}

/* Appends what one vector holds, as far as there is still something wanted; returns 0 when that is all. */
GLOBAL int add_vector(u32 index)
{
	struct scratch *s = my_scratch();
	u64 base, length;

	if (!s || index >= s->count || !s->left)
		return 0;
	base = read_word(s, s->vector, 2 * index);
	length = at_most(read_word(s, s->vector, 2 * index + 1), s->left);
	opaque(length);
	length &= 0xffff;
	if (length > PARAM_MOST)
		length = PARAM_MOST;
	if (!length)
		return 1;
	if (read_user(place(s), length, (void *)base)) {
		count_unreadable();
		return 0;
	}
	s->at += length;
	s->left -= length;
	return 1;
}

/* The first bytes that vectors hold, `most` of them at most. */
GLOBAL int put_vectors(u64 vectors, u64 count, u64 most)
{
	struct scratch *s = my_scratch();
	u32 start, size;

	if (!s)
		return 0;
	start = s->at;
	s->left = at_most(most, at_most(settings.snaplen, PARAM_MOST));
	s->vector = vectors;
	s->count = count;
	for (u32 i = 0; i < MOST_VECTORS; i++)
		if (!add_vector(i))
			break;
	size = s->at - start;
	s->at = start;
	end_value(s, size & 0xffff);
	return 0;
}
