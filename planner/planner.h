/*
 * The planner: what a schedule will cost before anybody runs it.
 *
 * For a model, a number of ranks and a platform it works out step time, bubble,
 * memory and messages of every schedule twice: from closed forms, and from a
 * run of the solutions on the simulated cluster, with tensors that have shapes
 * and no numbers, so that any size works. Where the two differ, it says by how
 * much and why.
 *
 *     arguments.c   the command line
 *     platform.c    speed and number of the platform's processors
 *     costs.c       what each stage costs: FLOPs and bytes
 *     formula.c     the closed forms, and the steps from them to a real run
 *     simulate.c    a simulated run, read from its logs
 *     table.c       text
 *     picture.c     bubble against micro-batches
 *     scaling.c     throughput against ranks and micro-batches
 *
 * Times are seconds, sizes bytes, and a bubble is the idle share of the
 * makespan: 1 - (mean busy time) / (step time).
 */
#ifndef PLANNER_PLANNER_H
#define PLANNER_PLANNER_H

#include "common/model.h"
#include "grader/schedule_formulas.h"

#include <glib.h>

/* ---- arguments.c ------------------------------------------------------------------------------ */

struct plan {
    char *model_name, *dataset, *platform_name;
    int ranks;
    int micro_batches;
    int batch_size; /* samples of a step; a multiple of micro_batches */
    int chunks;     /* stages per rank, of interleaved */
    GArray *scaling_ranks, *scaling_micro_batches; /* of int; NULL: no such table wanted */
    char *kit;     /* the folder that holds tools/simulate and common/platforms */
    char *program; /* the solutions, built for the simulated cluster; may not exist */
    char *out;     /* folder for the picture; empty: no picture */
    struct model *model;
    struct platform *platform;
};

/* Reads the command line and checks that the pieces fit together. NULL, and an error of one line
 * that names the option and what it may be, if they don't. Freed by plan_free. */
struct plan *plan_parse(int argc, char **argv, GString *error);
void plan_free(struct plan *plan);

/* ---- platform.c ------------------------------------------------------------------------------- */

struct platform {
    double speed; /* FLOP/s of the slowest processor */
    int hosts;
};

/* Reads KIT/common/platforms/NAME.xml, or the file NAME if there is a / in it. NULL and an error
 * if that can't be done; the caller frees with g_free. */
struct platform *platform_read(const char *kit, const char *name, GString *error);

/* ---- costs.c ---------------------------------------------------------------------------------- */

struct stage_cost {
    int layers;
    double forward, backward_input, backward_weight; /* FLOPs of one micro-batch */
    double optimizer;                                /* FLOPs of one step */
    double parameter_bytes;                          /* gradients take as many again */
    double state_bytes;                              /* of the optimizer */
    double input_bytes, output_bytes;                /* of one micro-batch: the messages' payload */
    /* Activations of one micro-batch: held between forward and backward, and between the two
     * halves of a backward … */
    double saved_bytes, saved_for_weight_bytes;
    /* … and the most while one runs alone, with a whole backward and with one in halves. */
    double working_bytes, working_in_halves_bytes;
};

/* What each of the stages costs, for micro-batches of that many samples. Layers are dealt out by
 * number; the first stages take what is left over, as the solutions do. At least one layer per
 * stage must be there. An array of `stages`; the caller frees with g_free. */
struct stage_cost *stage_costs(const struct model *model, int stages, int samples);

/* The F, I and W of a rank, all its chunks together, on average over the ranks. */
struct stage_cost mean_rank_cost(const struct stage_cost *cost, struct schedule_shape shape);

/* ---- formula.c -------------------------------------------------------------------------------- */

/* What one rank needs. */
struct rank_use {
    double activation_bytes;
    double memory_bytes; /* of all kinds together */
    int messages;        /* sent in a step */
    double message_bytes;
    double busy; /* seconds; simulated runs only */
};

struct formula {
    struct schedule_shape shape; /* as it runs: naive has one micro-batch, most have one chunk */
    double seconds, bubble;      /* equal stages, free messages, no optimizer */
    double with_unequal_stages; /* seconds, in the same order, with each stage's own durations … */
    double with_optimizer;      /* … and with the optimizer's steps */
    double slowest; /* what the rank with most to compute has to do, by the mean of all */
    struct rank_use *rank;
    int ranks;
};

/* Does the closed form hold? Zero bubble's wants as many micro-batches as ranks. */
bool formula_holds(const struct plan *plan, const struct schedule_kind *kind);
/* Can the schedule run? If not, the reason, to be freed; else NULL. */
char *schedule_refusal(const struct plan *plan, const struct schedule_kind *kind);
/* Ranks, chunks and micro-batches of a schedule that can run. */
struct schedule_shape schedule_shape_of(const struct plan *plan, const struct schedule_kind *kind);
/* The closed forms. The caller frees with formula_free. */
struct formula *formula_new(const struct plan *plan, const struct schedule_kind *kind);
void formula_free(struct formula *formula);

/* ---- simulate.c ------------------------------------------------------------------------------- */

struct simulated {
    double seconds, bubble;
    struct rank_use *rank;
    int ranks;
};

/* May anything be simulated? If not, why, to be freed; else NULL. */
char *simulation_missing(const struct plan *plan);
/* One step of the solutions on the simulated cluster. NULL and an error if that fails. The caller
 * frees with simulated_free. */
struct simulated *simulated_new(const struct plan *plan, const struct schedule_kind *kind,
                                GString *error);
void simulated_free(struct simulated *simulated);
/* Only the bubble, as the program reports it, to a hundredth of a per cent: many times faster,
 * because no log is written and no message gets a fingerprint. */
bool simulated_bubble(const struct plan *plan, const struct schedule_kind *kind, double *bubble,
                      GString *error);

/* ---- table.c ---------------------------------------------------------------------------------- */

/* One schedule's row. Where `refusal` is set there is nothing else. */
struct row {
    const struct schedule_kind *kind;
    char *refusal;
    struct formula *formula;
    struct simulated *simulated; /* NULL: not simulated */
};

/* The schedules that are planned, in the order of the table; ends with NULL. */
extern const char *const planned_schedules[];

/* Works out all rows; false and an error if a simulation fails. missing: why nothing is
 * simulated, or NULL. `count` becomes their number; freed by rows_free. */
struct row *rows_new(const struct plan *plan, const char *missing, int *count, GString *error);
void rows_free(struct row *rows, int count);
void append_tables(GString *text, const struct plan *plan, const struct row *rows, int count);

/* A time, or a size, with a unit that suits it. New strings. */
char *time_text(double seconds);
char *bytes_text(double bytes);

/* ---- picture.c -------------------------------------------------------------------------------- */

/* Draws OUT/bubble.svg, with its gnuplot script beside it. False and an error if that fails. */
bool draw_bubbles(const struct plan *plan, bool simulate, GString *error);

/* ---- scaling.c -------------------------------------------------------------------------------- */

/* The ideal of a pipeline: K·M / (M + K - 1) times as fast as one rank. */
double ideal_speed(int ranks, int micro_batches);
/* Appends the throughput of AFAB for every number of ranks and of micro-batches, relative to the
 * first of both. False and an error if something can't run. */
bool append_scaling(GString *text, const struct plan *plan, bool simulate, GString *error);

#endif
