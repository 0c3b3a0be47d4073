/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* From the numbers of this architecture's system calls to those of the capture format, which are the same everywhere.
 * Left the kernel's value (include/uapi), right the format's (events/tables/flags.txt). */
#pragma once
#include "contract.h"

#define BITS(native, portable) \
	if ((value & (native)) == (native)) \
		made |= (portable);
#define MOVE(native, portable) made |= (value / (native) & 1) * (portable); /* single bits, without a branch */
#define NAME(native, portable) \
	case native: \
		return portable;

#define O_ACCMODE 3
#define O_CREAT 0100
#define O_TMPFILE_BIT 020000000
#if defined(__TARGET_ARCH_arm64)
#define O_DIRECT 0200000
#define O_DIRECTORY 040000
#define O_LARGEFILE 0400000
#else
#define O_DIRECT 040000
#define O_DIRECTORY 0200000
#define O_LARGEFILE 0100000
#endif
#define PORTABLE_O_CREATED (1 << 14)
#define PORTABLE_UPPER (1 << 15)
#define PORTABLE_LOWER (1 << 16)

INLINE u64 file_flags(u64 value)
{
	u64 made = ((value + 1) & O_ACCMODE); /* read 1, write 2, both 3, as it happens */

	MOVE(0100, 4)		/* O_CREAT */
	MOVE(02000, 8)		/* O_APPEND */
	MOVE(010000, 16)	/* O_DSYNC */
	MOVE(0200, 32)		/* O_EXCL */
	MOVE(04000, 64)		/* O_NONBLOCK */
	BITS(04010000, 128)	/* O_SYNC */
	MOVE(01000, 256)	/* O_TRUNC */
	MOVE(O_DIRECT, 512)
	MOVE(O_DIRECTORY, 1024)
	MOVE(O_LARGEFILE, 2048)
	MOVE(02000000, 4096)	/* O_CLOEXEC */
	if (value & O_TMPFILE_BIT)
		made |= 8192;
	return made;
}

INLINE u64 clone_flags(u64 value)
{
	u64 made = 0;

	MOVE(0x400, 1)		/* FILES */
	MOVE(0x200, 2)		/* FS */
	MOVE(0x80000000, 4)	/* IO */
	MOVE(0x08000000, 8)	/* NEWIPC */
	MOVE(0x40000000, 16)	/* NEWNET */
	MOVE(0x00020000, 32)	/* NEWNS */
	MOVE(0x20000000, 64)	/* NEWPID */
	MOVE(0x04000000, 128)	/* NEWUTS */
	MOVE(0x00008000, 1 << 8)	/* PARENT */
	MOVE(0x00100000, 1 << 9)	/* PARENT_SETTID */
	MOVE(0x00002000, 1 << 10)	/* PTRACE */
	MOVE(0x00000800, 1 << 11)	/* SIGHAND */
	MOVE(0x00040000, 1 << 12)	/* SYSVSEM */
	MOVE(0x00010000, 1 << 13)	/* THREAD */
	MOVE(0x00800000, 1 << 14)	/* UNTRACED */
	MOVE(0x00000100, 1 << 15)	/* VM */
	MOVE(0x10000000, 1 << 20)	/* NEWUSER */
	MOVE(0x00200000, 1 << 23)	/* CHILD_CLEARTID */
	MOVE(0x01000000, 1 << 24)	/* CHILD_SETTID */
	MOVE(0x00080000, 1 << 25)	/* SETTLS */
	MOVE(0x00004000, 1 << 27)	/* VFORK */
	MOVE(0x02000000, 1 << 28)	/* NEWCGROUP */
	return made;
}

INLINE u64 mmap_flags(u64 value)
{
	u64 made = 0;

	MOVE(0x01, 1)		/* SHARED */
	MOVE(0x02, 2)		/* PRIVATE */
	MOVE(0x10, 4)		/* FIXED */
	MOVE(0x20, 8)		/* ANONYMOUS */
#if defined(__TARGET_ARCH_x86)
	MOVE(0x40, 16)		/* 32BIT */
#endif
	MOVE(0x4000, 64)	/* NORESERVE */
	MOVE(0x8000, 128)	/* POPULATE */
	MOVE(0x10000, 256)	/* NONBLOCK */
	MOVE(0x0100, 512)	/* GROWSDOWN */
	MOVE(0x0800, 1024)	/* DENYWRITE */
	MOVE(0x1000, 2048)	/* EXECUTABLE */
	MOVE(0x2000, 16384)	/* LOCKED */
	return made;
}

INLINE u64 mmap_prot(u64 value)
{
	u64 made = value & 15; /* READ, WRITE, EXEC, SEM */

	MOVE(0x01000000, 16)	/* GROWSDOWN */
	MOVE(0x02000000, 32)	/* GROWSUP */
	return made;
}

INLINE u64 fcntl_command(u64 value)
{
	switch (value) {
		NAME(0, 1) NAME(1, 2) NAME(2, 3) NAME(3, 4) NAME(4, 5) NAME(5, 6) NAME(6, 8) NAME(7, 9)
		NAME(8, 10) NAME(9, 12) NAME(10, 13) NAME(11, 15) NAME(12, 17) NAME(13, 18) NAME(14, 19)
		NAME(15, 21) NAME(16, 22) NAME(1024, 23) NAME(1025, 24) NAME(1026, 27) NAME(1029, 25)
		NAME(1030, 26) NAME(1031, 28) NAME(1032, 29) NAME(36, 30) NAME(37, 31) NAME(38, 32)
	}
	return 0;
}

INLINE u64 ptrace_request(u64 value)
{
	switch (value) {
		NAME(0, 1) NAME(1, 2) NAME(2, 3) NAME(3, 4) NAME(4, 5) NAME(5, 6) NAME(6, 7) NAME(7, 8) NAME(8, 9)
		NAME(9, 10) NAME(16, 11) NAME(17, 12) NAME(24, 13) NAME(0x4200, 14) NAME(0x4201, 15)
		NAME(0x4202, 16) NAME(0x4203, 17) NAME(0x4204, 18) NAME(0x4205, 19) NAME(0x4206, 20)
		NAME(0x4207, 21) NAME(0x4208, 22) NAME(0x4209, 23) NAME(0x420a, 24) NAME(0x420b, 25)
#if defined(__TARGET_ARCH_x86)
		NAME(12, 26) NAME(13, 27) NAME(14, 28) NAME(15, 29) NAME(18, 30) NAME(19, 31) NAME(21, 32)
		NAME(25, 33) NAME(26, 34) NAME(30, 35) NAME(31, 36) NAME(32, 37) NAME(33, 38)
#endif
	}
	return 0;
}

INLINE u64 semctl_command(u64 value)
{
	switch (value & ~0x100ULL) { /* IPC_64 */
		NAME(2, 1) NAME(1, 2) NAME(0, 4) NAME(3, 8) NAME(19, 16) NAME(18, 32) NAME(13, 64) NAME(14, 128)
		NAME(11, 256) NAME(12, 512) NAME(15, 1024) NAME(17, 2048) NAME(16, 4096)
	}
	return 0;
}

INLINE u64 quota_command(u64 value)
{
	switch (value >> 8 & 0xffffff) {
		NAME(0x800002, 1) NAME(0x800003, 2) NAME(0x800004, 4) NAME(0x800005, 8) NAME(0x800006, 16)
		NAME(0x800007, 32) NAME(0x800008, 64) NAME(0x800001, 128) NAME(0x5801, 256) NAME(0x5802, 512)
		NAME(0x5803, 1024) NAME(0x5804, 2048) NAME(0x5805, 4096) NAME(0x5806, 8192) NAME(0x5807, 16384)
	}
	return 0;
}

INLINE u64 sock_option(u64 value)
{
	switch (value) {
		NAME(55, 52) /* MEMINFO */
		NAME(57, 53) /* COOKIE */
		NAME(59, 51) /* PEERGROUPS */
		NAME(63, 29) NAME(64, 35) NAME(65, 37) NAME(66, 20) NAME(67, 21) /* the ones with 64-bit times */
	}
	return value <= 50 ? value : 0;
}

GLOBAL u64 convert(u32 how, u64 value)
{
	u64 made = 0;

	switch (how) {
	case FILE_FLAGS:
		return file_flags(value);
	case CLONE_FLAGS:
		return clone_flags(value);
	case MMAP_PROT:
		return mmap_prot(value);
	case MMAP_FLAGS:
		return mmap_flags(value);
	case UMOUNT_FLAGS:
	case SPLICE_FLAGS:
	case FLOCK_OPERATION:
	case IO_URING_ENTER_FLAGS:
		return value & 15;
	case FCNTL_COMMAND:
		return fcntl_command(value);
	case PTRACE_REQUEST:
		return ptrace_request(value);
	case RLIMIT_RESOURCE:
		return value < 16 ? value : 255;
	case SHUTDOWN_HOW:
		return value < 3 ? value : 255;
	case LSEEK_WHENCE:
		return value < 3 ? value : 0;
	case SEMCTL_COMMAND:
		return semctl_command(value);
	case SEMGET_FLAGS:
		made = value & 0777;
		MOVE(01000, 1 << 13)
		MOVE(02000, 1 << 14)
		return made;
	case SEMOP_FLAGS:
		MOVE(04000, 1)
		MOVE(0x1000, 2)
		return made;
	case QUOTA_COMMAND:
		return quota_command(value);
	case QUOTA_TYPE:
		return (value & 0xff) == 0 ? 1 : (value & 0xff) == 1 ? 2 : 0;
	case QUOTA_FORMAT:
		return value == 1 ? 2 : value == 2 ? 4 : value == 4 ? 8 : 1;
	case ACCESS_MODE:
		return value & 7;
	case CHMOD_MODE:
		return value & 07777;
	case MKNOD_MODE:
		return value & 0177777;
	case UNLINKAT_FLAGS:
		return value & 0x200;
	case LINKAT_FLAGS:
		return value & 0x1400;
	case FCHOWNAT_FLAGS:
		MOVE(0x100, 1024)
		MOVE(0x1000, 4096)
		return made;
	case NEWFSTATAT_FLAGS:
		return value & 0x1900;
	case EXECVEAT_FLAGS:
		MOVE(0x1000, 1)
		MOVE(0x100, 2)
		return made;
	case RENAMEAT2_FLAGS:
	case MLOCKALL_FLAGS:
		return value & 7;
	case OPENAT2_RESOLVE:
		MOVE(8, 1)
		MOVE(16, 2)
		MOVE(2, 4)
		MOVE(4, 8)
		MOVE(1, 16)
		MOVE(32, 32)
		return made;
	case IO_URING_SETUP_FLAGS:
		made = value & 3;
		MOVE(4, 8)
		MOVE(8, 16)
		MOVE(16, 32)
		MOVE(32, 64)
		MOVE(64, 128)
		return made;
	case IO_URING_SETUP_FEATURES:
		return (value & 0xff) | (value & 0x700);
	case MLOCK2_FLAGS:
		return value & 1;
	case MEMFD_FLAGS:
		return value & 7;
	case PIDFD_OPEN_FLAGS:
		return value & 04000 ? 1 : 0;
	case CLOSE_RANGE_FLAGS:
		MOVE(2, 2)
		MOVE(4, 4)
		return made;
	case EPOLL_CREATE1_FLAGS:
		return value & 02000000 ? 1 : 0;
	case PIPE2_FLAGS: /* without an access mode */
	case SIGNALFD4_FLAGS:
		return file_flags(value) & ~3ULL;
	case DELETE_MODULE_FLAGS:
		MOVE(01000, 1)
		MOVE(04000, 2)
		return made;
	case FUTEX_OPERATION:
		return value & 0x1ff;
	default:
		return value;
	}
}
