/*
 * The table of training steps on a GPU, as Markdown and as JSON; and what the products of a gpt take cuBLAS alone.
 */
#ifndef BENCH_GPU_TABLE_H
#define BENCH_GPU_TABLE_H

#include "bench/cells.h"

enum { MOST_CELLS = 128 };

/* Milliseconds; 0: not measured. */
struct gpu_cell {
    const char *name;
    int batch;
    double parameters;
    double own, eager, compiled;
    double products; /* those of its linear layers alone, by cuBLAS in bfloat16 */
};

struct gpu_table {
    const char *device; /* the GPU's name */
    bool emulated;
    const char *pytorch; /* its version; "": it can't be imported, or sees no GPU */
    int cells;
    struct gpu_cell cell[MOST_CELLS];
};

/* A new row; the others stay where they are. */
struct gpu_cell *gpu_table_add(struct gpu_table *table, const char *name, int batch);
void gpu_table_print(const struct gpu_table *table);
/* Ends the program where the file can't be written. */
void gpu_table_write(const struct gpu_table *table, const char *path);

/* The products of the linear layers of a gpt, forward and both halves of backward, by products_cublas beside `program`:
 * milliseconds, or 0 where it is not there or fails. rows: tokens of all samples. */
double gpu_products_of_gpt(const char *program, int depth, int width, int vocabulary, int rows);

#endif
