/* Semaphores, futexes, sleep. */
#define _GNU_SOURCE
#include "calls.h"

#include <linux/futex.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>

static void op(const char *name, const struct sembuf *one, const char *flags)
{
    char key[16] = "sem_num_0", sem_op[16] = "sem_op_0", flg[16] = "sem_flg_0";
    key[8] = sem_op[7] = flg[8] = *name;
    num(key, one->sem_num);
    num(sem_op, one->sem_op);
    *flags ? names(flg, flags) : num(flg, 0);
}

static void semaphores(void)
{
    static const struct sembuf nothing;
    struct sembuf ops[] = {{1, 3, SEM_UNDO}, {0, -2, IPC_NOWAIT | SEM_UNDO}};
    long set = CALL(__NR_semget, 0x5a5a0001, 3, IPC_CREAT | IPC_EXCL);
    EXPECT("SYSCALL_SEMGET_X", num("res", set), num("key", 0x5a5a0001), num("nsems", 3), names("semflg", "IPC_CREAT|IPC_EXCL"));
    long res = CALL(__NR_semget, 0x5a5a0002, -1, IPC_CREAT);
    EXPECT("SYSCALL_SEMGET_X", num("res", res), num("key", 0x5a5a0002), num("nsems", -1), names("semflg", "IPC_CREAT"));
    res = CALL(__NR_semctl, set, 0, SETVAL, 5);
    EXPECT("SYSCALL_SEMCTL_X", num("res", res), num("semid", set), num("semnum", 0), names("cmd", "SETVAL"), num("val", 5));
    res = CALL(__NR_semctl, set, 2, GETVAL, 0);
    EXPECT("SYSCALL_SEMCTL_X", num("res", res), num("semid", set), num("semnum", 2), names("cmd", "GETVAL"), num("val", 0));
    res = CALL(__NR_semop, set, ops, 2);
    EXPECT("SYSCALL_SEMOP_X", num("res", res), num("nsops", 2), op("0", ops, "SEM_UNDO"), op("1", ops + 1, "IPC_NOWAIT|SEM_UNDO"),
           num("semid", set));
    res = CALL(__NR_semop, set, ops, 1);
    EXPECT("SYSCALL_SEMOP_X", num("res", res), num("nsops", 1), op("0", ops, "SEM_UNDO"), op("1", &nothing, ""), num("semid", set));
    res = CALL(__NR_semop, -1, ops, 1);
    EXPECT("SYSCALL_SEMOP_X", num("res", res), num("nsops", 1), num("semid", -1));
    res = CALL(__NR_semctl, set, 0, IPC_RMID, 0);
    EXPECT("SYSCALL_SEMCTL_X", num("res", res), num("semid", set), num("semnum", 0), names("cmd", "IPC_RMID"), num("val", 0));
    res = CALL(__NR_semctl, -1, -2, SETVAL, -3);
    EXPECT("SYSCALL_SEMCTL_X", num("res", res), num("semid", -1), num("semnum", -2), names("cmd", "SETVAL"), num("val", -3));
}

static void futex_(void)
{
    int word = 3;
    long res = CALL(__NR_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9);
    EXPECT("SYSCALL_FUTEX_X", num("res", res), big("addr", (long)&word), names("op", "FUTEX_WAKE|FUTEX_PRIVATE_FLAG"), num("val", 9));
    res = CALL(__NR_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 4, NULL, NULL, -1);
    EXPECT("SYSCALL_FUTEX_X", num("res", res), big("addr", (long)&word), names("op", "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME"), num("val", 4));
}

static void nanosleep_(void)
{
    struct timespec one = {0, 1001}, bad = {2, 1000000001};
    long res = CALL(__NR_nanosleep, &one, NULL);
    EXPECT("SYSCALL_NANOSLEEP_X", num("res", res), num("interval", 1001));
    res = CALL(__NR_nanosleep, &bad, NULL);
    EXPECT("SYSCALL_NANOSLEEP_X", num("res", res), num("interval", 3000000001));
}

const struct live_case ipc_cases[] = CASES({"semaphores", semaphores}, {"futex", futex_}, {"nanosleep", nanosleep_});
