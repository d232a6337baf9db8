/*
 * The data assignment's program: tells the driver which ways there are to average gradients, who has which
 * samples, and calls the student's functions in between.
 */
#include "assignments/data/program/parts.h"

/* The ways as the driver wants them; ends with a NULL name. */
static const struct step *steps(void)
{
    static struct step steps[AVERAGES + 1];
    for (int way = 0; way < AVERAGES; way++)
        steps[way] = (struct step){data_averages[way].name, data_averages[way].what, data_take};
    return steps;
}

/* Single functions, tried with many arguments; ends with a NULL name. */
static const struct probe probes[] = {
    {"partition", "epochs of many sizes, shared out", probe_partition},
    {"buckets", "the model's layers, put into buckets of many sizes", probe_buckets},
    {"groups", "the groups of every grid data x pipeline", probe_groups},
    {"three_dimensions", "the groups of every grid of more than one rank along tensor",
     probe_groups},
    {"tied_embedding", "the groups of the stages that have the embedding's table", probe_groups},
    {"all-reduce", "the all-reduce of --sum, with many counts (up to 8 ranks)",
     data_probe_all_reduce},
    {"batch-norm", "the synchronised batch norm alone", data_probe_batch_norm},
    {NULL, NULL, NULL},
};

int main(int argc, char **argv)
{
    const struct program data = {
        .name = "data",
        .options = &data_own_options,
        .sums_tied_gradients = true,
        .steps = steps(),
        .probes = probes,
        .layers = data_put_layers,
        .fits = data_fits,
        .sharing = &data_sharing,
        .build = data_build,
        .begin = data_begin,
        .end = data_end,
    };
    return driver_main(argc, argv, &data);
}
