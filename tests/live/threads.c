/* A process with very many threads that wait: `threads COUNT` says how many it has, and ends when its input does. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *wait_for_end(void *unused)
{
	pause();
	return unused;
}

int main(int argc, char **argv)
{
	int wanted = argc > 1 ? atoi(argv[1]) : 1, count = 1;
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN);
	while (count < wanted && !pthread_create(&thread, &small, wait_for_end, NULL))
		count++;
	printf("%d\n", count);
	fflush(stdout);
	getchar();
	_exit(0);
}
