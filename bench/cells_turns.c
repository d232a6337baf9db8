/*
 * How a cell is measured (cells.h).
 */
#include "bench/cells.h"

#include <cblas.h>
#include <omp.h>

#define TURN_SECONDS 0.1 /* of one side in one round */
#define LEAST_STEPS  3   /* in one turn */
#define MOST_STEPS   200
#define WARM_UP      2 /* before each turn: caches belonged to the other side */

static struct times own_times, pytorch_times; /* too large for the stack */

void cells_use_threads(int threads)
{
    omp_set_num_threads(threads);
    openblas_set_num_threads(threads);
}

static int steps_per_turn(const struct work *work)
{
    work->step(work->what);
    double begin = seconds_now();
    work->step(work->what);
    double steps = TURN_SECONDS / (seconds_now() - begin);
    return steps < LEAST_STEPS ? LEAST_STEPS : steps > MOST_STEPS ? MOST_STEPS : (int)steps;
}

static void own_steps(const struct work *work, int steps, void (*began)(void), void (*ended)(void))
{
    for (int i = 0; i < WARM_UP; i++)
        work->step(work->what);
    if (began != NULL)
        began();
    for (int i = 0; i < steps; i++) {
        double begin = seconds_now();
        work->step(work->what);
        times_add(&own_times, 1e3 * (seconds_now() - begin));
    }
    if (ended != NULL)
        ended();
}

struct medians cells_take_turns(const struct work *work, int rounds, struct pytorch *pytorch,
                                void (*began)(void), void (*ended)(void))
{
    int steps = steps_per_turn(work);
    own_times.count = pytorch_times.count = 0;
    for (int round = 0; round < rounds; round++) {
        own_steps(work, steps, began, ended);
        if (pytorch->ask != NULL)
            pytorch_steps(pytorch, work->name, work->batch, work->threads, steps, &pytorch_times);
    }
    return (struct medians){.own = times_median(&own_times),
                            .pytorch = times_median(&pytorch_times),
                            .own_steps = own_times.count,
                            .own_seconds = 1e-3 * times_sum(&own_times)};
}

void cells_print_heading(const char *what, const struct pytorch *pytorch)
{
    openblas_set_num_threads(1);
    printf("%s, median, on %s; PyTorch %s; OpenBLAS uses its kernels for %s.\n\n", what,
           processor_name(),
           pytorch->ask != NULL ? pytorch->version : "is not importable: set PYTHON",
           openblas_get_corename());
}

void cells_print(const struct medians *medians)
{
    printf("%.3f | ", medians->own);
    if (medians->pytorch > 0)
        printf("%.3f | %.2f", medians->pytorch, medians->pytorch / medians->own);
    else
        printf("not importable | ");
}
