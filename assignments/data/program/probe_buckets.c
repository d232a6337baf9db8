/*
 * --probe buckets: make_buckets() for runs of layers of the model, and for many sizes. Buckets behind as many as
 * there are layers show whether something is written there.
 */
#include "assignments/data/bucket_cases.h"
#include "assignments/data/probes.h"
#include "assignments/data/program/parts.h"
#include "common/base/fatal.h"

#include <stdlib.h>

enum { GUARDS = 8, GUARD = -987654321 };

static struct stage *make_stage(const struct run *run, const struct bucket_case *one)
{
    const bool is_first = one->first_layer == 0;
    const bool is_last = one->first_layer + one->layers == run->model->layers;
    return stage_new(run->model, &(struct stage_options){.index = is_first ? 0 : 1,
                                                         .stages = is_first && is_last ? 1 : 3,
                                                         .first_layer = one->first_layer,
                                                         .layers = one->layers,
                                                         .micro_batch_size = 1,
                                                         .micro_batches = 1,
                                                         .seed = run->options->seed,
                                                         .device = DEVICE_CPU});
}

static json_t *describe(const struct bucket *bucket)
{
    return json_pack("{si si sI sI}", "first_layer", bucket->first_layer, "layers", bucket->layers,
                     "begin", (json_int_t)bucket->begin, "end", (json_int_t)bucket->end);
}

static json_t *one_call(const struct run *run, const struct bucket_case *one)
{
    const int room = one->layers + GUARDS;
    struct bucket *bucket = calloc((size_t)room, sizeof *bucket);
    struct stage *stage = make_stage(run, one);
    json_t *table = json_array();
    bool overrun = false;
    if (bucket == NULL)
        fatal("no memory left for %d buckets", room);
    for (int i = 0; i < room; i++)
        bucket[i] = (struct bucket){.first_layer = GUARD, .request = MPI_REQUEST_NULL};
    const int buckets = make_buckets(stage, one->bytes, bucket);
    for (int i = one->layers; i < room; i++)
        overrun |= bucket[i].first_layer != GUARD;
    for (int i = 0; i < buckets && i < one->layers; i++)
        if (json_array_append_new(table, describe(&bucket[i])) != 0)
            fatal("no memory left for the table");
    stage_free(stage);
    free(bucket);
    return json_pack("{si so sb}", "buckets", buckets, "bucket", table, "overrun", overrun);
}

void probe_buckets(struct run *run)
{
    json_t *table = json_array();
    for (int i = 0; i < BUCKET_CASES; i++) {
        const struct bucket_case one = data_bucket_case(run->options->seed, run->model, i);
        if (json_array_append_new(table, one_call(run, &one)) != 0)
            fatal("no memory left for the table");
    }
    driver_probe_write(run, PROBE_BUCKETS, table);
}
