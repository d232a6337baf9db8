/*
 * Programs that run many others, or many judges, beside each other: each with one
 * thread. OpenBLAS and OpenMP read that when they are loaded.
 */
#ifndef COMMON_BASE_ONE_THREAD_H
#define COMMON_BASE_ONE_THREAD_H

/* Starts this program again with one thread, unless the environment says how many. To be called first
 * of all; argv: as main got it. */
void one_thread_start_again(char **argv);

#endif
