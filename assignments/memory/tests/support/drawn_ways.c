/* Ways to train that are possible; see drawn_ways.h. */
#include "assignments/memory/tests/support/drawn_ways.h"

#include "assignments/memory/costs/costs.h"

#include <glib.h>
#include <stdlib.h>

static int draw(unsigned *seed, int lowest, int highest)
{
    return lowest + rand_r(seed) % (highest - lowest + 1);
}

struct way drawn_way(unsigned *seed, const struct job *job)
{
    struct way way = {.optimizer = STATE_ADAM,
                      .format = FORMAT_SIXTEEN_BITS,
                      .order = ORDER_ONE_FORWARD_ONE_BACKWARD};
    do {
        way.tensor = draw(seed, 1, job->cluster.ranks);
        way.pipeline = draw(seed, 1, job->cluster.ranks);
        way.data = MAX(1, job->cluster.ranks / (way.tensor * way.pipeline));
        way.micro_batch_samples = draw(seed, 1, 4);
        way.micro_batches = MAX(1, job->batch_size / (way.data * way.micro_batch_samples));
        way.zero_stage = draw(seed, 0, 3);
        way.recompute = (enum recompute)draw(seed, RECOMPUTE_NOTHING, RECOMPUTE_LAYERS);
    } while (!way_is_possible(job, &way, NULL));
    return way;
}
