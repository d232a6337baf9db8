/* The pipeline assignment's own options; see options.h. */
#include "assignments/pipeline/options.h"

#include "common/driver/options_parts.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct pipeline_options) <= OPTIONS_OWN_BYTES, "there is room for them");

/* ---- values ----------------------------------------------------------------------------------- */

struct pipeline_options pipeline_options(const struct options *options)
{
    struct pipeline_options own;
    memcpy(&own, options->own, sizeof own);
    return own;
}

void pipeline_options_set(struct options *options, struct pipeline_options own)
{
    memcpy(options->own, &own, sizeof own);
}

const struct schedule_facts *pipeline_schedule(const struct options *options)
{
    return schedule_named(options->step);
}

int pipeline_chunks_of(const struct options *options, const struct schedule_facts *schedule)
{
    const int given = pipeline_options(options).chunks;
    if (schedule == NULL || !schedule->chunked)
        return 1;
    return given > 0 ? given : SCHEDULE_CHUNKS;
}

int pipeline_chunks(const struct options *options)
{
    return pipeline_chunks_of(options, pipeline_schedule(options));
}

static int micro_batches(const struct options *options)
{
    const struct schedule_facts *schedule = pipeline_schedule(options);
    return schedule != NULL && schedule->whole_batch ? 1 : options->micro_batches;
}

static void say_meaning(const struct options *options, options_say *say, void *user)
{
    const struct schedule_facts *schedule = pipeline_schedule(options);
    if (schedule != NULL && schedule->chunked)
        say(user, "--chunks", "%d", pipeline_chunks(options));
    if (pipeline_options(options).uneven)
        say(user, "--uneven", "yes");
}

static void set_defaults(struct options *options)
{
    snprintf(options->step, sizeof options->step, "%s", schedule_table[0].name);
    pipeline_options_set(options, (struct pipeline_options){.corrupt_layer = -1});
}

/* ---- reading ---------------------------------------------------------------------------------- */

enum { KEY_CHUNKS = OPTIONS_OWN_KEYS, KEY_UNEVEN, KEY_CORRUPT };

static const struct argp_option table[] = {
    {"chunks", KEY_CHUNKS, "N", 0,
     "stages per rank, for --schedule interleaved (" SCHEDULE_CHUNKS_TEXT " there)", 2},
    {"uneven", KEY_UNEVEN, NULL, 0, "stages of different numbers of layers are wanted", 2},
    {"corrupt", KEY_CORRUPT, "WHAT", 0,
     "outputs or gradients:LAYER: spoil one number before --compare compares; everywhere: compare "
     "again and again, each time with another number spoiled",
     3},
    {0}};

static error_t read_corrupt(struct parsing *parsing, const char *text, struct pipeline_options *own)
{
    static const char gradients[] = "gradients:";
    own->corrupt_layer = -1;
    own->corrupt_everywhere = strcmp(text, "everywhere") == 0;
    if (strcmp(text, "outputs") != 0 && !own->corrupt_everywhere) {
        if (strncmp(text, gradients, sizeof gradients - 1) != 0)
            return parsing_refuse(
                parsing, "--corrupt %.60s: must be outputs, gradients:LAYER or everywhere", text);
        const error_t error =
            parsing_int(parsing, "--corrupt gradients:", text + sizeof gradients - 1, 0, INT_MAX,
                        &own->corrupt_layer);
        if (error)
            return error;
    }
    return parsing_text(parsing, "--corrupt", text, own->corrupt, sizeof own->corrupt);
}

static error_t read_one(int key, char *text, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct pipeline_options own = pipeline_options(parsing->options);
    error_t error = 0;
    switch (key) {
    case KEY_CHUNKS:
        error = parsing_int(parsing, "--chunks", text, 1, PIPELINE_MOST_CHUNKS, &own.chunks);
        break;
    case KEY_UNEVEN:
        own.uneven = true;
        break;
    case KEY_CORRUPT:
        error = read_corrupt(parsing, text, &own);
        break;
    case ARGP_KEY_END:
        if (own.corrupt[0] != '\0' && !parsing->options->compare)
            error = parsing_refuse(parsing, "--corrupt %s: goes with --compare only", own.corrupt);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    pipeline_options_set(parsing->options, own);
    return error;
}

static const struct argp parser = {.options = table, .parser = read_one};

const struct own_options pipeline_own_options = {.step_word = "schedule",
                                                 .argp = &parser,
                                                 .defaults = set_defaults,
                                                 .micro_batches = micro_batches,
                                                 .meaning = say_meaning};
