/*
 * What the planner asks the pipeline assignment (struct plan_part).
 *
 *     pipeline_plan.c   the schedules that are planned, what can run, what it registers
 *     costs.c           what each stage costs: FLOPs and bytes
 *     formula.c         the closed forms, and the steps from them to a real run
 *     picture.c         bubble against micro-batches
 *     scaling.c         throughput against ranks and micro-batches
 */
#ifndef ASSIGNMENTS_PIPELINE_PLANNER_PIPELINE_PLAN_H
#define ASSIGNMENTS_PIPELINE_PLANNER_PIPELINE_PLAN_H

#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "planner/planner.h"

/* ---- pipeline_plan.c -------------------------------------------------------------------------- */

/* Ends with a NULL name. */
extern struct plan_method pipeline_plan_methods[];
/* What makes a run differ from the closed form: places in formula->with. */
enum { PIPELINE_PLAN_UNEQUAL_STAGES, PIPELINE_PLAN_OPTIMIZER };
const struct schedule_kind *pipeline_plan_kind(const struct plan_method *method);

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

/* How many layers a stage has: they are dealt out by number; the first stages take what is left
 * over, as the solutions do, which are what is simulated. */
int pipeline_plan_layers(const struct model *model, int stages, int stage);

/* What each of the stages costs, for micro-batches of that many samples. At least one layer
 * per stage must be there. An array of `stages`; the caller frees with g_free. */
struct stage_cost *pipeline_plan_costs(const struct model *model, int stages, int samples);

/* ---- formula.c -------------------------------------------------------------------------------- */

/* Why a model with a tied head can't be cut, as the program says it. */
#define PIPELINE_PLAN_TIED                                                                         \
    "the head works with the weight of the embedding, on two stages that do not add up their "     \
    "gradients for it"

/* Can the schedule run? If not, the reason, to be freed; else NULL. */
char *pipeline_plan_refusal(const struct plan *plan, const struct schedule_kind *kind);
/* Does the closed form hold? Zero bubble's wants as many micro-batches as ranks. */
bool pipeline_plan_formula_holds(const struct plan *plan, const struct schedule_kind *kind);
/* Stages per rank; and ranks, chunks and micro-batches as they run: naive has one micro-batch, most
 * have one chunk. */
int pipeline_plan_chunks(const struct plan *plan, const struct schedule_kind *kind);
struct schedule_shape pipeline_plan_shape(const struct plan *plan,
                                          const struct schedule_kind *kind);
/* The F, I and W of a rank, all its chunks together, on average over the ranks. */
struct stage_cost pipeline_plan_mean_cost(const struct stage_cost *cost,
                                          struct schedule_shape shape);
struct formula *pipeline_plan_formula(const struct plan *plan, const struct schedule_kind *kind);

/* ---- picture.c, scaling.c --------------------------------------------------------------------- */

/* Draws OUT/bubble.svg, with its gnuplot script beside it. */
bool pipeline_plan_draw(const struct plan *plan, bool simulate, GString *text, GString *error);

bool pipeline_plan_scaling(const struct plan *plan, bool simulate, GString *text, GString *error);
/* The ideal of a pipeline: K·M / (M + K - 1) times as fast as one rank. */
double pipeline_plan_ideal_speed(int ranks, int micro_batches);

#endif
