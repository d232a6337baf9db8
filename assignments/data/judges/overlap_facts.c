/* Gradients and sums in time; see overlap_facts.h. */
#include "assignments/data/judges/overlap_facts.h"

#include "grader/trace/collectives.h"

#include <math.h>

#define SMALL 64   /* bytes: of a loss or a norm */
#define SLACK 0.01 /* of all gradients, which small sums may be beside them */

static const struct mistake in_every_micro_batch = {
    "gradients are averaged in every micro-batch",
    "Each micro-batch's backward begins sums over the ranks. The gradients of a share add up in "
    "this rank's memory, and go over the network once, when the last micro-batch is in them.",
    "in which micro-batch gradient_ready begins a sum: it is told the number"};
static const struct mistake before_the_last = {
    "a bucket is summed before its last micro-batch was added",
    "The sum over the ranks begins when an earlier micro-batch's gradient has been added. What "
    "later ones add stays with this rank, or gets into a message that is under way.",
    "the micro-batch that gradient_ready waits for: the last of this rank's share"};
static const struct mistake before_its_layers = {
    "a bucket is summed before all its layers' gradients are there",
    "A bucket's layers come from its last to its first, so that its gradients are complete with "
    "its first layer. This sum begins before.",
    "with which of a bucket's layers gradient_ready begins its sum"};

static const struct mistake never_waited_for = {
    "a sum is never waited for",
    "Some of the sums that a rank begins it never waits for. Each of them needs a request of its "
    "own, which stays where it is until the wait: one request for all has the last of them, and a "
    "variable of a function is gone when that has returned.",
    "the request that each sum is begun with, and the one that is waited for"};
static const struct mistake waits_too_late = {
    "the optimizer steps before the sums are waited for",
    "Sums over the ranks were still under way when the optimizer took its step: it worked with "
    "gradients of this rank alone, or with anything between them and the sums.",
    "the order of the waits and optimizer_step in train_step_overlapped"};

/* A place in the log, while it is read. */
struct reading {
    const struct model *model;
    int last;           /* micro-batch */
    int micro_batch;    /* whose backward was seen last */
    double ready;       /* bytes that are complete */
    bool complete;      /* all of them */
    uint64_t flops;     /* at the step's begin */
    uint64_t optimizer; /* at the begin of the optimizer's step */
    GHashTable *open;   /* requests of sums that were not waited for */
    uint64_t part_end;  /* clock, of a part of the last micro-batch's backward; 0: none */
};

static double bytes_of(const struct model *model, int layer)
{
    return (double)model->layer[layer].parameter_count * sizeof(float);
}

static void read_gradient(struct reading *reading, const struct log_record *record,
                          struct overlap_facts *facts)
{
    const int layer = log_gradient_layer(record);
    if (record->micro_batch != reading->last || layer < 0 || layer >= facts->layers)
        return;
    facts->ready[layer] = (double)(record->flops - reading->flops);
    reading->ready += bytes_of(reading->model, layer);
    reading->complete |= layer == 0;
}

static void read_computation(struct reading *reading, const struct log_record *record,
                             struct overlap_facts *facts)
{
    const bool begins = record->phase == LOG_BEGIN;
    if (record->operation == LOG_OPTIMIZER_STEP && begins) {
        reading->optimizer = record->flops;
        facts->under_way = MAX(facts->under_way, (int)g_hash_table_size(reading->open));
    } else if (record->operation == LOG_OPTIMIZER_STEP)
        facts->optimizer += (double)(record->flops - reading->optimizer);
    if (record->operation != LOG_BACKWARD)
        return;
    reading->micro_batch = record->micro_batch;
    if (begins && reading->part_end > 0)
        facts->stood += (double)(record->clock - reading->part_end);
    reading->part_end = begins || record->micro_batch != reading->last ? 0 : record->clock;
}

static bool is_sum(const struct log_record *record)
{
    return record->phase == LOG_BEGIN && collectives_include(record->operation) &&
           collectives_reduces(log_blocking_form(record->operation)) && record->bytes > SMALL;
}

static void read_sum(const struct reading *reading, const struct log_record *record, size_t i,
                     struct overlap_facts *facts)
{
    if (log_is_nonblocking_collective(record->operation))
        g_hash_table_add(reading->open, GSIZE_TO_POINTER(log_request(record)));
    facts->summed += (double)record->bytes;
    facts->begun += reading->complete ? 0 : (double)record->bytes;
    if (facts->early != NO_RECORD || facts->summed <= reading->ready + SLACK * facts->bytes)
        return;
    facts->early = i;
    facts->early_micro_batch = reading->micro_batch;
    facts->early_ready = reading->ready;
    facts->early_begun = facts->summed;
}

/* The micro-batch whose backward comes last, whatever its number. */
static int last_of(const struct log_file *log, size_t first, size_t end, int micro_batches)
{
    for (size_t i = end; i > first; i--)
        if (log->record[i - 1].operation == LOG_GRADIENT)
            return log->record[i - 1].micro_batch;
    return micro_batches - 1;
}

bool overlap_facts_of(const struct log_file *log, int step, int micro_batches,
                      const struct model *model, struct overlap_facts *facts)
{
    size_t first, last;
    if (!log_find_step(log, step, &first, &last) || last <= first)
        return false;
    struct reading reading = {.model = model,
                              .last = last_of(log, first, last, micro_batches),
                              .micro_batch = -1,
                              .open = g_hash_table_new(NULL, NULL),
                              .flops = log->record[first - 1].flops};
    *facts = (struct overlap_facts){.layers = model->layers,
                                    .last = reading.last,
                                    .ready = g_new(double, model->layers),
                                    .early = NO_RECORD,
                                    .flops = (double)(log->record[last - 1].flops - reading.flops)};
    for (int layer = 0; layer < model->layers; layer++) {
        facts->ready[layer] = NAN;
        facts->bytes += bytes_of(model, layer);
    }
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_GRADIENT)
            read_gradient(&reading, record, facts);
        else if (log_is_computation(record))
            read_computation(&reading, record, facts);
        else if (is_sum(record))
            read_sum(&reading, record, i, facts);
        else if (record->operation == LOG_COMPLETED)
            g_hash_table_remove(reading.open, GSIZE_TO_POINTER(log_request(record)));
    }
    facts->forgotten = (int)g_hash_table_size(reading.open);
    g_hash_table_unref(reading.open);
    return true;
}

const struct mistake *overlap_early_mistake(const struct overlap_facts *facts)
{
    if (facts->early == NO_RECORD)
        return NULL;
    const bool before_last = facts->early_ready <= 0 && facts->early_micro_batch != facts->last;
    if (before_last && facts->summed > 1.5 * facts->bytes)
        return &in_every_micro_batch;
    /* With everything complete it is given too much, which is no question of time. */
    if (facts->early_ready >= facts->bytes)
        return NULL;
    return before_last ? &before_the_last : &before_its_layers;
}

const struct mistake *overlap_mistake(const struct overlap_facts *facts)
{
    const struct mistake *early = overlap_early_mistake(facts);
    if (early)
        return early;
    if (facts->forgotten > 0)
        return &never_waited_for;
    return facts->under_way > 0 ? &waits_too_late : NULL;
}
