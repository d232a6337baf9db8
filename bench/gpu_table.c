/*
 * What was measured on a GPU (gpu_table.h).
 */
#include "bench/gpu_table.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct gpu_cell *gpu_table_add(struct gpu_table *table, const char *name, int batch)
{
    if (table->cells == MOST_CELLS) {
        fprintf(stderr, "more than %d cells: choose some by --only and --batch\n", MOST_CELLS);
        exit(2);
    }
    struct gpu_cell *cell = &table->cell[table->cells++];
    *cell = (struct gpu_cell){.name = name, .batch = batch};
    return cell;
}

/* ---- Markdown ---- */

static void print_beside(const struct gpu_table *table, double other, double own)
{
    if (other > 0 && table->emulated)
        printf(" %.3f | |", other);
    else if (other > 0)
        printf(" %.3f | %.2f |", other, other / own);
    else
        printf(" | |");
}

void gpu_table_print(const struct gpu_table *table)
{
    printf("One training step, median, on %s; PyTorch %s.%s\n\n", table->device,
           table->pytorch[0] != '\0' ? table->pytorch
                                     : "is not importable, or sees no GPU: set PYTHON",
           table->emulated ? " Emulated: times mean nothing." : "");
    printf("| model | parameters | batch | ms | PyTorch ms | times faster | compiled ms | times "
           "faster | products alone |\n|---|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < table->cells; i++) {
        const struct gpu_cell *cell = &table->cell[i];
        printf("| %s | %.1f million | %d | %.3f |", cell->name, 1e-6 * cell->parameters,
               cell->batch, cell->own);
        print_beside(table, cell->eager, cell->own);
        print_beside(table, cell->compiled, cell->own);
        if (cell->products > 0)
            printf(" %.0f%% of the step |\n", 100 * cell->products / cell->own);
        else
            printf(" |\n");
    }
    fflush(stdout);
}

/* ---- JSON ---- */

static json_t *milliseconds(double value)
{
    return value > 0 ? json_real(value) : json_null();
}

void gpu_table_write(const struct gpu_table *table, const char *path)
{
    json_t *cells = json_array();
    for (int i = 0; i < table->cells; i++) {
        const struct gpu_cell *cell = &table->cell[i];
        json_array_append_new(
            cells, json_pack("{s:s, s:i, s:f, s:o, s:o, s:o, s:o}", "model", cell->name, "batch",
                             cell->batch, "parameters", cell->parameters, "milliseconds",
                             milliseconds(cell->own), "pytorch_eager", milliseconds(cell->eager),
                             "pytorch_compiled", milliseconds(cell->compiled), "products_alone",
                             milliseconds(cell->products)));
    }
    json_t *all = json_pack("{s:s, s:b, s:s, s:o}", "device", table->device, "times_mean_nothing",
                            table->emulated, "pytorch", table->pytorch, "cells", cells);
    if (all == NULL || json_dump_file(all, path, JSON_INDENT(2)) != 0)
        give_up(path);
    json_decref(all);
}

/* ---- products alone ---- */

double gpu_products_of_gpt(const char *program, int depth, int width, int vocabulary, int rows)
{
    char command[4096];
    const char *slash = strrchr(program, '/');
    const int folder = slash == NULL ? 0 : (int)(slash - program + 1);
    if (snprintf(command, sizeof command, "'%.*sproducts_cublas' %d %d %d %d", folder, program,
                 rows, depth, width, vocabulary) >= (int)sizeof command)
        return 0;
    FILE *answer = popen(command, "r");
    double sum = 0;
    if (answer == NULL || fscanf(answer, "%lf", &sum) != 1)
        sum = 0;
    if (answer != NULL && pclose(answer) != 0)
        sum = 0;
    if (sum <= 0)
        fprintf(stderr, "the products alone were not measured: %s said nothing\n", command);
    return sum;
}
