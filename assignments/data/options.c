/* The data assignment's own options; see options.h. */
#include "assignments/data/options.h"

#include "assignments/pipeline/schedule_table.h"
#include "common/driver/options_parts.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct data_options) <= OPTIONS_OWN_BYTES, "there is room for them");

/* ---- values ----------------------------------------------------------------------------------- */

struct data_options data_options(const struct options *options)
{
    struct data_options own;
    memcpy(&own, options->own, sizeof own);
    return own;
}

void data_options_set(struct options *options, struct data_options own)
{
    memcpy(options->own, &own, sizeof own);
}

enum average data_average(const struct options *options)
{
    int average = 0;
    while (average < AVERAGES - 1 && strcmp(data_averages[average].name, options->step) != 0)
        average++;
    return (enum average)average;
}

int data_replicas(const struct options *options, int ranks)
{
    const struct data_options own = data_options(options);
    const long each = (long)own.pipeline * own.tensor;
    return ranks % each == 0 ? (int)(ranks / each) : 0;
}

/* Some schedules take a rank's share as a whole. */
static int micro_batches(const struct options *options)
{
    const struct data_options own = data_options(options);
    const struct schedule_facts *schedule = schedule_named(own.schedule);
    return own.hybrid && schedule != NULL && schedule->whole_batch ? 1 : options->micro_batches;
}

static void say_meaning(const struct options *options, options_say *say, void *user)
{
    const struct data_options own = data_options(options);
    const enum average average = data_average(options);
    say(user, "--sum", "%s", data_sums[own.sum].name);
    if (average == AVERAGE_BUCKETS || average == AVERAGE_OVERLAP)
        say(user, "--bucket", "%d", own.bucket_kib);
    say(user, "--last-batch", "%s", own.keeps_last ? "keep" : "drop");
    if (own.synchronises)
        say(user, "--synchronise-norm", "yes");
    if (!own.hybrid)
        return;
    say(user, "--pipeline", "%d", own.pipeline);
    say(user, "--tensor", "%d", own.tensor);
    say(user, "--schedule", "%s", own.schedule);
    if (own.scatters)
        say(user, "--scatter-messages", "yes");
}

static void set_defaults(struct options *options)
{
    snprintf(options->step, sizeof options->step, "%s", data_averages[0].name);
    data_options_set(options, (struct data_options){.bucket_kib = DATA_BUCKET_KIB,
                                                    .pipeline = 1,
                                                    .tensor = 1,
                                                    .schedule = "1f1b"});
}

/* ---- reading ---------------------------------------------------------------------------------- */

enum {
    KEY_SUM = OPTIONS_OWN_KEYS,
    KEY_BUCKET,
    KEY_LAST_BATCH,
    KEY_SEEDS_DIFFER,
    KEY_SYNCHRONISE,
    KEY_PIPELINE,
    KEY_TENSOR,
    KEY_SCHEDULE,
    KEY_SCATTER
};

static const struct argp_option table[] = {
    {"sum", KEY_SUM, "WAY", 0, "how ranks add up: mpi, ring or halving-doubling (mpi)", 2},
    {"bucket", KEY_BUCKET, "KIB", 0, "size of a bucket of gradients (256)", 2},
    {"last-batch", KEY_LAST_BATCH, "RULE", 0,
     "samples that do not fill a batch at the end of an epoch: keep or drop (drop)", 2},
    {"seeds-differ", KEY_SEEDS_DIFFER, NULL, 0,
     "ranks begin with parameters of their own, before they are broadcast", 2},
    {"synchronise-norm", KEY_SYNCHRONISE, NULL, 0,
     "batch norms take their statistics over the samples of all ranks", 2},
    {"pipeline", KEY_PIPELINE, "P", 0, "a hybrid: each replica is a pipeline of P stages", 2},
    {"tensor", KEY_TENSOR, "T", 0, "a hybrid: each stage is split over T ranks", 2},
    {"schedule", KEY_SCHEDULE, "NAME", 0,
     "of the pipelines: 1f1b, afab, naive, bounded or zero-bubble (1f1b)", 2},
    {"scatter-messages", KEY_SCATTER, NULL, 0,
     "between stages each of T ranks sends a part, in place of T copies", 2},
    {0}};

static error_t read_sum(struct parsing *parsing, const char *text, struct data_options *own)
{
    for (int sum = 0; sum < SUMS; sum++)
        if (strcmp(text, data_sums[sum].name) == 0) {
            own->sum = (enum sum)sum;
            return 0;
        }
    return parsing_refuse(parsing, "--sum %.60s: must be mpi, ring or halving-doubling", text);
}

static error_t read_last_batch(struct parsing *parsing, const char *text, struct data_options *own)
{
    own->keeps_last = strcmp(text, "keep") == 0;
    if (!own->keeps_last && strcmp(text, "drop") != 0)
        return parsing_refuse(parsing, "--last-batch %.60s: must be keep or drop", text);
    return 0;
}

/* One stage on each rank, and one step of the optimizer at the end. */
static error_t read_schedule(struct parsing *parsing, const char *text, struct data_options *own)
{
    const struct schedule_facts *schedule = schedule_named(text);
    if (schedule == NULL || schedule->one_process || schedule->chunked || schedule->asynchronous)
        return parsing_refuse(
            parsing, "--schedule %.60s: must be 1f1b, afab, naive, bounded or zero-bubble", text);
    return parsing_text(parsing, "--schedule", text, own->schedule, sizeof own->schedule);
}

static error_t read_one(int key, char *text, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct data_options own = data_options(parsing->options);
    error_t error = 0;
    switch (key) {
    case KEY_SUM:
        error = read_sum(parsing, text, &own);
        break;
    case KEY_BUCKET:
        error = parsing_int(parsing, "--bucket", text, 0, DATA_MOST_BUCKET_KIB, &own.bucket_kib);
        break;
    case KEY_LAST_BATCH:
        error = read_last_batch(parsing, text, &own);
        break;
    case KEY_SEEDS_DIFFER:
        own.seeds_differ = true;
        break;
    case KEY_SYNCHRONISE:
        own.synchronises = true;
        break;
    case KEY_PIPELINE:
        own.hybrid = true;
        error = parsing_int(parsing, "--pipeline", text, 1, INT_MAX, &own.pipeline);
        break;
    case KEY_TENSOR:
        own.hybrid = true;
        error = parsing_int(parsing, "--tensor", text, 1, INT_MAX, &own.tensor);
        break;
    case KEY_SCATTER:
        own.scatters = true;
        break;
    case KEY_SCHEDULE:
        error = read_schedule(parsing, text, &own);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    data_options_set(parsing->options, own);
    return error;
}

static const struct argp parser = {.options = table, .parser = read_one};

const struct own_options data_own_options = {.step_word = "average",
                                             .argp = &parser,
                                             .defaults = set_defaults,
                                             .micro_batches = micro_batches,
                                             .meaning = say_meaning};
