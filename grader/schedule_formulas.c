/* The schedules by name, with their closed formulas; see schedule_formulas.h. */
#include "grader/schedule_formulas.h"

#include <string.h>

/* ---- idle time ------------------------------------------------------------------------- */

static double idle_of_whole_backwards(struct schedule_shape shape, double forward,
                                      double backward_input, double backward_weight)
{
    return (shape.ranks - 1) * (forward + backward_input + backward_weight);
}

static double idle_of_groups(struct schedule_shape shape, double forward, double backward_input,
                             double backward_weight)
{
    int groups = (shape.micro_batches + shape.ranks - 1) / shape.ranks;
    return groups * idle_of_whole_backwards(shape, forward, backward_input, backward_weight);
}

static double idle_of_interleaved(struct schedule_shape shape, double forward,
                                  double backward_input, double backward_weight)
{
    return idle_of_whole_backwards(shape, forward, backward_input, backward_weight) / shape.chunks;
}

static double idle_of_zero_bubble(struct schedule_shape shape, double forward,
                                  double backward_input, double backward_weight)
{
    return (shape.ranks - 1) * (forward + backward_input - backward_weight);
}

/* ---- forwards in flight, warm-up ------------------------------------------------------- */

static int all_micro_batches(struct schedule_shape shape, int rank)
{
    (void)rank;
    return shape.micro_batches;
}

static int as_many_as_ranks(struct schedule_shape shape, int rank)
{
    (void)rank;
    return MIN(shape.ranks, shape.micro_batches);
}

static int warm_up_of_1f1b(struct schedule_shape shape, int rank)
{
    return MIN(shape.ranks - rank - 1, shape.micro_batches);
}

static int in_flight_of_1f1b(struct schedule_shape shape, int rank)
{
    return MIN(shape.ranks - rank, shape.micro_batches);
}

static int warm_up_of_interleaved(struct schedule_shape shape, int rank)
{
    return MIN(2 * (shape.ranks - rank - 1) + (shape.chunks - 1) * shape.ranks,
               shape.micro_batches * shape.chunks);
}

static int in_flight_of_interleaved(struct schedule_shape shape, int rank)
{
    return MIN(2 * (shape.ranks - rank - 1) + (shape.chunks - 1) * shape.ranks + 1,
               shape.micro_batches * shape.chunks);
}

/* ---- all of them ----------------------------------------------------------------------- */

const struct schedule_kind schedule_kinds[] = {
    {.name = "naive",
     .title = "the naive schedule",
     .make = schedule_afab,
     .idle = idle_of_whole_backwards,
     .idle_formula = "(p-1)(F+B)",
     .in_flight = all_micro_batches,
     .in_flight_formula = "1"},
    {.name = "afab",
     .title = "all-forward-all-backward",
     .make = schedule_afab,
     .idle = idle_of_whole_backwards,
     .idle_formula = "(p-1)(F+B)",
     .in_flight = all_micro_batches,
     .in_flight_formula = "m"},
    {.name = "1f1b",
     .title = "1F1B",
     .make = schedule_1f1b,
     .idle = idle_of_whole_backwards,
     .idle_formula = "(p-1)(F+B)",
     .in_flight = in_flight_of_1f1b,
     .in_flight_formula = "min(p-r, m)",
     .warm_up = warm_up_of_1f1b},
    {.name = "bounded",
     .title = "all-forward-all-backward in groups of p micro-batches",
     .make = schedule_bounded,
     .idle = idle_of_groups,
     .idle_formula = "⌈m/p⌉(p-1)(F+B)",
     .in_flight = as_many_as_ranks,
     .in_flight_formula = "min(p, m)"},
    {.name = "interleaved",
     .title = "interleaved 1F1B",
     .make = schedule_interleaved,
     .chunked = true,
     .idle = idle_of_interleaved,
     .idle_formula = "(p-1)(F+B)/v",
     .in_flight = in_flight_of_interleaved,
     .in_flight_formula = "2(p-r-1)+(v-1)p+1 chunks",
     .warm_up = warm_up_of_interleaved},
    {.name = "pipedream",
     .title = "PipeDream",
     .make = schedule_pipedream,
     .asynchronous = true,
     .idle = idle_of_whole_backwards,
     .idle_formula = "(p-1)(F+B)",
     .in_flight = in_flight_of_1f1b,
     .in_flight_formula = "min(p-r, m)",
     .warm_up = warm_up_of_1f1b},
    {.name = "zero-bubble",
     .title = "zero bubble (ZB-H1)",
     .make = schedule_zero_bubble,
     .halves = true,
     .idle = idle_of_zero_bubble,
     .idle_formula = "(p-1)(F+I-W)",
     .in_flight = as_many_as_ranks,
     .in_flight_formula = "min(p, m)",
     .warm_up = warm_up_of_1f1b},
    {.name = NULL},
};

const struct schedule_kind *schedule_find(const char *name)
{
    for (const struct schedule_kind *kind = schedule_kinds; kind->name; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

double bubble_over_ideal(double idle, int micro_batches, double forward, double backward)
{
    return idle / (micro_batches * (forward + backward));
}

double bubble_of_makespan(double idle, double makespan)
{
    return makespan > 0 ? idle / makespan : 0;
}

double schedule_makespan(const struct schedule_kind *kind, struct schedule_shape shape,
                         double forward, double backward_input, double backward_weight)
{
    return shape.micro_batches * (forward + backward_input + backward_weight) +
           kind->idle(shape, forward, backward_input, backward_weight);
}

int schedule_messages_sent(struct schedule_shape shape, int rank)
{
    if (shape.ranks == 1)
        return 0;
    int sent = 0;
    for (int chunk = 0; chunk < shape.chunks; chunk++) {
        bool first = chunk == 0 && rank == 0;
        bool last = chunk == shape.chunks - 1 && rank == shape.ranks - 1;
        sent += (first ? 0 : 1) + (last ? 0 : 1);
    }
    return sent * shape.micro_batches;
}

double makespan_formula(int stages, int micro_batches, double forward, double backward)
{
    return (micro_batches + stages - 1) * (forward + backward);
}

double bubble_formula(int stages, int micro_batches)
{
    return (double)(stages - 1) / (micro_batches + stages - 1);
}
