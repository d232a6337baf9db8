/*
 * The cells of a table: every name with every batch size on every number of threads, or those that
 * the command line chooses,
 *
 *     --only NAME,…  --batch N,…  --threads N,…  --rounds N
 *
 * on a GPU, which has no threads to choose,
 *
 *     --device NAME  --only NAME,…  --batch N,…  --rounds N  --compile SECONDS  --json FILE  --once
 *
 * and how one is measured: the kit and PyTorch take turns in short rounds, so that whatever else the
 * machine does meets both.
 */
#ifndef BENCH_CELLS_H
#define BENCH_CELLS_H

#include "bench/pytorch.h"

#include <stdbool.h>

#define MOST_CHOSEN 16

struct numbers {
    int count;
    int number[MOST_CHOSEN];
};

struct cells {
    const char *only; /* NULL: all names */
    struct numbers batches, threads;
    int rounds;
    const char
        *device; /* "cuda", "emulated"; NULL: the processor, and the options of a GPU are refused */
    int compile_seconds; /* how long PyTorch may compile networks, all together */
    bool once;        /* one step of each, without PyTorch: for tools that look at what it does */
    const char *json; /* where the table goes as well; NULL: nowhere */
};

/* The command line over these defaults; a wrong one ends the program with the reason, status 2.
 * `names`, ended by NULL: what --only may choose. */
struct cells cells_read(int count, char **argument, struct cells defaults,
                        const char *const *names);
bool cells_have(const struct cells *cells, const char *name);

/* Something of the kit's that is measured. */
struct work {
    const char *name; /* PyTorch's side has it, too */
    int batch, threads;
    void (*step)(void *what);
    void *what;
};

struct medians {
    double own, pytorch; /* milliseconds; pytorch is 0 where PyTorch can't be imported */
    int own_steps;       /* that were counted … */
    double own_seconds;  /* … and how long all of them took */
};

/* Prints what was measured with what, and an empty line. */
void cells_print_heading(const char *what, const struct pytorch *pytorch);
/* Sets the number of threads: before anything of the work is allocated. */
void cells_use_threads(int threads);
/* `began` is called before the first counted step of each of the kit's turns, `ended` behind the last. */
struct medians cells_take_turns(const struct work *work, int rounds, struct pytorch *pytorch,
                                void (*began)(void), void (*ended)(void));
/* "12.345 | 23.456 | 1.90": milliseconds, PyTorch's milliseconds, times faster. */
void cells_print(const struct medians *medians);

#endif
