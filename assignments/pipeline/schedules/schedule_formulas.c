/* The schedules by name, with their closed formulas; see schedule_formulas.h. */
#include "assignments/pipeline/schedules/schedule_formulas.h"

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

static const struct schedule_kind kinds[SCHEDULES] = {
    [SCHEDULE_NAIVE] = {.facts = &schedule_table[SCHEDULE_NAIVE],
                        .make = schedule_afab,
                        .idle = idle_of_whole_backwards,
                        .idle_formula = "(p-1)(F+B)",
                        .in_flight = all_micro_batches,
                        .in_flight_formula = "1"},
    [SCHEDULE_AFAB] = {.facts = &schedule_table[SCHEDULE_AFAB],
                       .make = schedule_afab,
                       .idle = idle_of_whole_backwards,
                       .idle_formula = "(p-1)(F+B)",
                       .in_flight = all_micro_batches,
                       .in_flight_formula = "m"},
    [SCHEDULE_1F1B] = {.facts = &schedule_table[SCHEDULE_1F1B],
                       .make = schedule_1f1b,
                       .idle = idle_of_whole_backwards,
                       .idle_formula = "(p-1)(F+B)",
                       .in_flight = in_flight_of_1f1b,
                       .in_flight_formula = "min(p-r, m)",
                       .warm_up = warm_up_of_1f1b},
    [SCHEDULE_BOUNDED] = {.facts = &schedule_table[SCHEDULE_BOUNDED],
                          .make = schedule_bounded,
                          .idle = idle_of_groups,
                          .idle_formula = "⌈m/p⌉(p-1)(F+B)",
                          .in_flight = as_many_as_ranks,
                          .in_flight_formula = "min(p, m)"},
    [SCHEDULE_INTERLEAVED] = {.facts = &schedule_table[SCHEDULE_INTERLEAVED],
                              .make = schedule_interleaved,
                              .idle = idle_of_interleaved,
                              .idle_formula = "(p-1)(F+B)/v",
                              .in_flight = in_flight_of_interleaved,
                              .in_flight_formula = "2(p-r-1)+(v-1)p+1 chunks",
                              .warm_up = warm_up_of_interleaved},
    [SCHEDULE_PIPEDREAM] = {.facts = &schedule_table[SCHEDULE_PIPEDREAM],
                            .make = schedule_pipedream,
                            .idle = idle_of_whole_backwards,
                            .idle_formula = "(p-1)(F+B)",
                            .in_flight = in_flight_of_1f1b,
                            .in_flight_formula = "min(p-r, m)",
                            .warm_up = warm_up_of_1f1b},
    [SCHEDULE_ZERO_BUBBLE] = {.facts = &schedule_table[SCHEDULE_ZERO_BUBBLE],
                              .make = schedule_zero_bubble,
                              .idle = idle_of_zero_bubble,
                              .idle_formula = "(p-1)(F+I-W)",
                              .in_flight = as_many_as_ranks,
                              .in_flight_formula = "min(p, m)",
                              .warm_up = warm_up_of_1f1b},
};

const struct schedule_kind *schedule_kind_of(enum schedule_id id)
{
    return kinds[id].facts ? &kinds[id] : NULL;
}

const struct schedule_kind *schedule_find(const char *name)
{
    const struct schedule_facts *facts = schedule_named(name);
    return facts ? schedule_kind_of(schedule_id(facts)) : NULL;
}

double schedule_bubble_over_ideal(double idle, int micro_batches, double forward, double backward)
{
    return idle / (micro_batches * (forward + backward));
}

double schedule_bubble_of_makespan(double idle, double makespan)
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
