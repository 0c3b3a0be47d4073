/* The programs that are watched: each makes one kind of system call, so often as it is told. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void sleep_until(long when)
{
	struct timespec t = {when / SECOND, when % SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static int getpids(long count, char **words)
{
	(void)words;
	while (count--)
		syscall(SYS_getpid);
	return 0;
}

static int copies(long count, char **words)
{
	int from = open("/dev/zero", O_RDONLY), to = open("/dev/null", O_WRONLY);
	char byte;

	(void)words;
	while (count--)
		if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
			return 1;
	return 0;
}

static int open_so(long count, const char *path, int flags)
{
	while (count--) {
		int fd = open(path, flags);

		if (fd < 0)
			return 1;
		close(fd);
	}
	return 0;
}

static int opens(long count, char **words)
{
	return open_so(count, words[0], O_RDONLY);
}

static int opens_to_write(long count, char **words)
{
	return open_so(count, words[0], O_WRONLY);
}

static int spawn(void)
{
	static char *arguments[] = {"true", NULL};
	static char *environment[] = {"PATH=/bin", NULL};
	int status;
	pid_t child = vfork();

	if (child == 0) {
		execve("/bin/true", arguments, environment);
		_exit(127);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

static int spawns(long count, char **words)
{
	(void)words;
	while (count--)
		if (spawn())
			return 1;
	return 0;
}

/* So many processes a second, for so many seconds. */
static int steady(long rate, char **words)
{
	long begun = now(), count = rate * atol(words[0]);

	for (long i = 0; i < count; i++) {
		sleep_until(begun + i * SECOND / rate);
		if (spawn())
			return 1;
	}
	return 0;
}

/* Opens a file again and again, so many microseconds apart, until it is told to stop or has done it `words[1]` times. */
static int marks(long pause, char **words)
{
	long begun = now(), count = atol(words[1]);

	for (long i = 0; i < count; i++) {
		int fd = open(words[0], O_RDONLY);

		if (fd < 0)
			return 1;
		close(fd);
		sleep_until(begun + (i + 1) * pause * 1000);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(long, char **);
	int words;
} kinds[] = {
	{"getpid", getpids, 0},	 {"copy", copies, 0},	 {"open", opens, 1}, {"open-write", opens_to_write, 1},
	{"spawn", spawns, 0},	 {"steady", steady, 1}, {"marks", marks, 2},
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (argc > 2 && !strcmp(argv[1], kinds[i].name) && argc == 3 + kinds[i].words)
			return kinds[i].run(atol(argv[2]), argv + 3);
	fprintf(stderr, "usage: loops getpid|copy|open|open-write|spawn|steady|marks NUMBER [...]\n");
	return 2;
}
