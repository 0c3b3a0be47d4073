/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the probe and the program that loads it agree on. The loader reads these layouts and numbers from the object's
 * BTF, so that nothing is written down twice. */
#pragma once
#include "bpf.h"

/* A record of a ring is one event block of the capture format: what follows is the block's head. */
struct event_head {
	u32 block_type;
	u32 block_size;
	u16 cpu;
	u64 ts;
	u64 tid;
	u32 size;
	u16 type;
	u32 nparams;
} __attribute__((packed));

#define EVENT_BLOCK 0x216	/* an event with a parameter count */
#define OPTION_TRUNCATED 0x8054 /* a local option: parameter index and true length, for each that was cut */

/* In the head's processor: the record is one that would have been dropped. */
#define MARK 0x8000
/* It tells of what was dropped before, so that what follows is told in full. */
#define MARK_STATE 0x4000

/* How a parameter is made. `a` is mostly the index of the call's argument, `b` what the step needs besides. */
enum step_code {
	STEP_END,
	STEP_RESULT,	    /* the result, 64 bits */
	STEP_RESULT32,	    /* its lower half */
	STEP_ARG64,	    /* argument a as 64 bits */
	STEP_ARG32,	    /* argument a, lower 32 bits */
	STEP_ARG16,
	STEP_ARG8,
	STEP_FD,	    /* argument a, a descriptor or a pid: 32 bits with sign as 64 */
	STEP_CONST,	    /* a bytes of zero, the first of them b */
	STEP_EMPTY,
	STEP_FLAGS8,	    /* argument a through conversion b */
	STEP_FLAGS16,
	STEP_FLAGS32,
	STEP_PATH,	    /* text at argument a */
	STEP_BYTES,	    /* buffer at argument a, as long as argument b says (7: as the result says) */
	STEP_OPEN_FLAGS,    /* open flags of argument a for descriptor `result` */
	STEP_OPEN_MODE,	    /* mode of argument b when the flags of argument a create */
	STEP_HOW,	    /* openat2's open_how at argument a: part b (0 flags, 1 mode, 2 resolve) */
	STEP_DEV,	    /* device of the descriptor `result` */
	STEP_INO,	    /* inode number of the descriptor `result`, of the one at argument b when a is 1 */
	STEP_CREAT_LAYER,
	STEP_FD_PATH,	    /* the path of the descriptor `result` as the kernel has it */
	STEP_FD_PAIR,	    /* two descriptors at argument a */
	STEP_PAIR_INO,	    /* inode number of the first descriptor at argument a */
	STEP_PAIR_PEERS,    /* both kernel addresses of the socket pair at argument a */
	STEP_SOCKADDR,	    /* address at argument a of length argument b */
	STEP_TUPLE,	    /* ends of the socket: a outbound (1), accepted (2), inbound (0); b argument of an address or 7 */
	STEP_TUPLE_MSG,	    /* the same with the address of the message at argument b */
	STEP_QUEUE,	    /* three parameters: fill of the accept queue of the socket at argument 0 */
	STEP_SOCK_LEVEL,
	STEP_SOCK_OPTION,
	STEP_SOCK_VALUE,    /* value at argument 3, length argument 4, a is 1 where that is a pointer */
	STEP_SOCK_LENGTH,
	STEP_IOV_SIZE,	    /* total of the a-th argument's vectors, b the argument that counts them */
	STEP_IOV_DATA,	    /* their data */
	STEP_MSG_SIZE,	    /* the same for the message at argument a */
	STEP_MSG_DATA,	    /* b is 1 where only as much as the result says is there */
	STEP_MSG_CONTROL,
	STEP_POLL,	    /* descriptors of poll at argument a */
	STEP_TIMESPEC,	    /* ns of the timespec at argument a */
	STEP_SIGSET,	    /* 32 bits of the set at argument a */
	STEP_USER64,	    /* 64 bits at argument a plus b */
	STEP_USER32,
	STEP_RLIMIT,	    /* a argument of the structure, b: 0 current, 1 maximum; +2 only when the call succeeded */
	STEP_PTRACE_ADDR,
	STEP_PTRACE_DATA,
	STEP_QUOTA,	    /* fourteen parameters of quotactl that follow the result */
	STEP_SEMOPS,	    /* seven parameters of semop */
	STEP_PRCTL,	    /* two parameters: text or number of prctl's second argument */
	STEP_KEYCTL,	    /* four parameters */
	STEP_FSCONFIG,	    /* two parameters: value as bytes, as text */
	STEP_CAPSET,	    /* three parameters */
	STEP_MEMORY,	    /* three parameters: size, resident, swapped, in KiB */
	STEP_PROCESS,	    /* what clone and exec have in common: 15 parameters from exe on */
	STEP_CLONE_END,	    /* six more of clone */
	STEP_EXEC_END,	    /* sixteen more of exec */
	STEP_EXEC_FILENAME,
	STEP_SYSCALL,	    /* two parameters of the generic event */
	STEP_EXIT,	    /* five parameters of procexit */
	STEP_SIGNAL,	    /* three parameters of signaldeliver */
	STEP_SOCKET_FLAGS,
	STEP_RESULT_SIZE,   /* the result as 32 bits, 0 when the call failed */
	STEP_PATH_IF_OK,    /* text at argument a, once the call has written it */
	STEP_OFFSET,	    /* 64 bits that argument a points to, 0 without */
	STEP_LLSEEK_OFFSET,
	STEP_SEMCTL_VALUE,
	STEP_MOUNT_FLAGS,   /* argument a without the magic number of old programs */
	STEP_USER_FLAGS,    /* 32 bits at argument a plus the lower half of b, through the conversion in its upper half */
};

enum conversion {
	AS_IT_IS,
	FILE_FLAGS,
	CLONE_FLAGS,
	MMAP_PROT,
	MMAP_FLAGS,
	UMOUNT_FLAGS,
	SPLICE_FLAGS,
	FCNTL_COMMAND,
	PTRACE_REQUEST,
	RLIMIT_RESOURCE,
	SHUTDOWN_HOW,
	LSEEK_WHENCE,
	FLOCK_OPERATION,
	SEMCTL_COMMAND,
	SEMGET_FLAGS,
	SEMOP_FLAGS,
	QUOTA_COMMAND,
	QUOTA_TYPE,
	QUOTA_FORMAT,
	ACCESS_MODE,
	CHMOD_MODE,
	MKNOD_MODE,
	UNLINKAT_FLAGS,
	LINKAT_FLAGS,
	FCHOWNAT_FLAGS,
	NEWFSTATAT_FLAGS,
	EXECVEAT_FLAGS,
	RENAMEAT2_FLAGS,
	OPENAT2_RESOLVE,
	IO_URING_SETUP_FLAGS,
	IO_URING_SETUP_FEATURES,
	IO_URING_ENTER_FLAGS,
	MLOCKALL_FLAGS,
	MLOCK2_FLAGS,
	MEMFD_FLAGS,
	PIDFD_OPEN_FLAGS,
	CLOSE_RANGE_FLAGS,
	EPOLL_CREATE1_FLAGS,
	PIPE2_FLAGS,
	SIGNALFD4_FLAGS,
	DELETE_MODULE_FLAGS,
	FUTEX_OPERATION,
};

/* Groups of events that are counted apart, in the order of the counters' names in the loader. */
enum event_class {
	CLASS_CLONE_FORK,
	CLASS_EXECVE,
	CLASS_CONNECT,
	CLASS_OPEN,
	CLASS_DIR_FILE,
	CLASS_OTHER,
	CLASS_CLOSE,
	CLASS_EXIT,
	CLASS_COUNT,
};

#define MAX_STEPS 12
#define MAX_ROWS 256
#define MAX_CALLS 512

/* Numbers in the table of calls for those that 64-bit programs do not have. */
enum pseudo_call {
	CALL_SEND = 510,
	CALL_RECV = 511,
};

struct step {
	u8 code;
	u8 a;
	u16 b;
};

/* One way of reporting a system call or a tracepoint. */
struct row {
	u16 type;
	u8 nparams;
	u8 steps;
	u8 event_class;
	u8 is_critical; /* goes into the small ring, which chatty calls cannot fill */
	u8 is_many; /* the call moves many messages, each of which is reported */
	u8 padding;
	struct step step[MAX_STEPS];
};

/* Rows of tracepoints that are no system calls. */
enum fixed_row {
	ROW_PROCEXIT,
	ROW_SIGNAL,
	ROW_EXEC,
	ROW_CHILD,
	ROW_FIRST_CALL,
};

/* By number of a system call: its row plus one (0: not wanted), and the number that captures give it; the second of
 * each for calls of 32-bit programs, which have numbers of their own. */
struct call {
	u16 row;
	u16 compat_row;
	u16 code;
	u16 compat_code;
};

struct settings {
	u64 boot_ns;	     /* what to add to the time since boot for the time since the epoch */
	u32 own_pid;	     /* the process whose events are left out */
	u32 snaplen;	     /* how much of buffers is reported */
	u32 wants_wakeup;    /* the reader sleeps until the next record */
	u32 drops_failed;    /* calls that failed are left out */
	u32 wants_exit;      /* tracepoints that are wanted */
	u32 wants_signal;
	u32 wants_exec;
	u32 wants_child;
	u32 shadow;	     /* what would be dropped is made all the same, with a mark */
	u64 pushdown;	     /* which policy calls are judged by, and the epoch: see pushdown.h */
	u32 sample_every;    /* of what would be dropped every so many-th is made with a mark; 0 for none */
	u32 padding;
};

/* What one processor counted; padded so that processors do not share a cache line. */
struct counters {
	u64 events[CLASS_COUNT]; /* records made, whether or not they fitted */
	u64 drops[CLASS_COUNT];  /* of those, the ones that found their ring full */
	u64 oversized;		 /* of those, the ones that were longer than a record may be */
	u64 filtered;		 /* wanted calls that a setting left out */
	u64 truncated;		 /* parameters of which only head and tail are reported */
	u64 unreadable;		 /* parameters whose memory could not be read */
	u64 lost_requests;	 /* wanted requests of io_uring that were not noted, or not seen to end */
	u64 marked;		 /* records made with a mark: they would have been dropped */
	u64 since_sample;	 /* calls dropped since the last one that was made for a sample */
	u64 padding;
	u64 dropped[MAX_CALLS];	 /* calls that no rule needs, by number */
	u64 dropped_compat[MAX_CALLS];
};
