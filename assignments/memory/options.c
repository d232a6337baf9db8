/* The memory assignment's own options; see options.h. */
#include "assignments/memory/options.h"

#include "common/driver/options_parts.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct memory_options) <= OPTIONS_OWN_BYTES, "there is room for them");

/* ---- values ----------------------------------------------------------------------------------- */

const struct memory_ranks_name memory_ranks_names[] = {
    {"replicas", "each has its part of a batch; --zero says what they share of the model's state"},
    {"stages", "of one pipeline, by --schedule"},
    {"grid", "data x --pipeline x --tensor; the ranks with the same parameters share their state "
             "(--zero 1)"},
    {NULL, NULL},
};

struct memory_options memory_options(const struct options *options)
{
    struct memory_options own;
    memcpy(&own, options->own, sizeof own);
    return own;
}

void memory_options_set(struct options *options, struct memory_options own)
{
    memcpy(options->own, &own, sizeof own);
}

enum ranks_are memory_ranks_are(const struct options *options)
{
    for (int are = RANKS_ARE_STAGES; memory_ranks_names[are].name != NULL; are++)
        if (strcmp(options->step, memory_ranks_names[are].name) == 0)
            return (enum ranks_are)are;
    return RANKS_ARE_REPLICAS;
}

static const char *const ways[] = {"nothing", "layers", "segments", "attention", NULL};
static const char *const whens[] = {"never", "all-but-last", "always", NULL};
static const char *const precisions[] = {"float32", "bfloat16", "float16", NULL};
static const enum dtype precision_dtypes[] = {DTYPE_FLOAT32, DTYPE_BFLOAT16, DTYPE_FLOAT16};

/* A naive schedule takes a batch as a whole. */
static int micro_batches(const struct options *options)
{
    const struct memory_options own = memory_options(options);
    const bool whole = strcmp(own.schedule, "naive") == 0;
    return memory_ranks_are(options) != RANKS_ARE_REPLICAS && whole ? 1 : options->micro_batches;
}

static void say_meaning(const struct options *options, options_say *say, void *user)
{
    const struct memory_options own = memory_options(options);
    say(user, "--precision", "%s", dtype_name(own.precision));
    if (own.precision == DTYPE_FLOAT16) {
        say(user, "--loss-scale", "%.17g", own.loss_scale);
        say(user, "--scale-window", "%d", own.scale_window);
    }
    if (own.clip > 0)
        say(user, "--clip", "%.17g", own.clip);
    if (memory_ranks_are(options) != RANKS_ARE_REPLICAS)
        say(user, "--schedule", "%s", own.schedule);
    if (memory_ranks_are(options) == RANKS_ARE_GRID) {
        say(user, "--pipeline", "%d", own.pipeline);
        say(user, "--tensor", "%d", own.tensor);
    }
    if (memory_ranks_are(options) != RANKS_ARE_STAGES)
        say(user, "--zero", "%d", own.zero);
}

static void set_defaults(struct options *options)
{
    snprintf(options->step, sizeof options->step, "%s", memory_ranks_names[0].name);
    memory_options_set(options, (struct memory_options){.when = 2,
                                                        .precision = DTYPE_FLOAT32,
                                                        .loss_scale = 65536,
                                                        .scale_window = 2000,
                                                        .pipeline = 1,
                                                        .tensor = 1,
                                                        .schedule = "afab"});
}

/* ---- reading ---------------------------------------------------------------------------------- */

enum {
    KEY_ZERO = OPTIONS_OWN_KEYS,
    KEY_RECOMPUTE,
    KEY_WHEN,
    KEY_PRECISION,
    KEY_CLIP,
    KEY_LOSS_SCALE,
    KEY_SCALE_WINDOW,
    KEY_PREFETCH,
    KEY_OFFLOAD,
    KEY_SCHEDULE,
    KEY_PIPELINE,
    KEY_TENSOR
};

static const struct argp_option table[] = {
    {"zero", KEY_ZERO, "STAGE", 0,
     "what replicas share out: 0 nothing, 1 the optimizer's state, 2 gradients, too, 3 parameters, "
     "too (0)",
     2},
    {"recompute", KEY_RECOMPUTE, "WHAT", 0,
     "what is forgotten and computed again: nothing, layers, segments (of about the root of their "
     "number) or "
     "attention (nothing)",
     2},
    {"recompute-when", KEY_WHEN, "WHEN", 0,
     "of which micro-batches: never, all-but-last or always (always)", 2},
    {"precision", KEY_PRECISION, "DTYPE", 0,
     "of parameters and activations: float32, bfloat16 or float16 (float32)", 2},
    {"clip", KEY_CLIP, "NORM", 0, "the largest norm that all gradients together may have (any)", 2},
    {"loss-scale", KEY_LOSS_SCALE, "FACTOR", 0,
     "by which losses are multiplied at the begin, with --precision float16 (65536)", 2},
    {"scale-window", KEY_SCALE_WINDOW, "STEPS", 0,
     "so many good steps in a row double the factor (2000)", 2},
    {"prefetch", KEY_PREFETCH, NULL, 0,
     "--zero 3: the next layer's parameters are fetched while this one computes", 2},
    {"offload", KEY_OFFLOAD, "WHAT", 0,
     "what lies in the host's memory: nothing; optimizer, its state and the masters, with --zero "
     "2; "
     "or parameters, they as well, with --zero 3 (nothing)",
     2},
    {"schedule", KEY_SCHEDULE, "NAME", 0, "of stages: afab, naive, 1f1b or bounded (afab)", 2},
    {"pipeline", KEY_PIPELINE, "P", 0, "--ranks-are grid: stages of each pipeline (1)", 2},
    {"tensor", KEY_TENSOR, "T", 0, "--ranks-are grid: ranks that share each layer (1)", 2},
    {0}};

/* The place of a text in a list that ends with NULL, or -1. */
static int place_in(const char *const *list, const char *text)
{
    for (int i = 0; list[i] != NULL; i++)
        if (strcmp(list[i], text) == 0)
            return i;
    return -1;
}

static error_t read_recompute(struct parsing *parsing, const char *text, struct memory_options *own)
{
    const int way = place_in(ways, text);
    if (way < 0)
        return parsing_refuse(
            parsing, "--recompute %.60s: must be nothing, layers, segments or attention", text);
    own->recompute = (enum recompute_way)way;
    return 0;
}

static error_t read_when(struct parsing *parsing, const char *text, struct memory_options *own)
{
    own->when = place_in(whens, text);
    if (own->when < 0)
        return parsing_refuse(
            parsing, "--recompute-when %.60s: must be never, all-but-last or always", text);
    return 0;
}

static error_t read_precision(struct parsing *parsing, const char *text, struct memory_options *own)
{
    const int precision = place_in(precisions, text);
    if (precision < 0)
        return parsing_refuse(parsing, "--precision %.60s: must be float32, bfloat16 or float16",
                              text);
    own->precision = precision_dtypes[precision];
    return 0;
}

static const char *const schedules[] = {"afab", "naive", "1f1b", "bounded", NULL};

/* Recomputation replaces a stage's whole backward. */
static error_t read_schedule(struct parsing *parsing, const char *text, struct memory_options *own)
{
    if (place_in(schedules, text) < 0)
        return parsing_refuse(parsing, "--schedule %.60s: must be afab, naive, 1f1b or bounded",
                              text);
    return parsing_text(parsing, "--schedule", text, own->schedule, sizeof own->schedule);
}

static error_t read_offload(struct parsing *parsing, const char *text, struct memory_options *own)
{
    own->offloads = strcmp(text, "optimizer") == 0;
    own->offloads_parameters = strcmp(text, "parameters") == 0;
    if (!own->offloads && !own->offloads_parameters && strcmp(text, "nothing") != 0)
        return parsing_refuse(parsing, "--offload %.60s: must be nothing, optimizer or parameters",
                              text);
    return 0;
}

static error_t read_value(struct parsing *parsing, int key, char *text, struct memory_options *own)
{
    switch (key) {
    case KEY_ZERO:
        return parsing_int(parsing, "--zero", text, 0, 3, &own->zero);
    case KEY_RECOMPUTE:
        return read_recompute(parsing, text, own);
    case KEY_WHEN:
        return read_when(parsing, text, own);
    case KEY_PRECISION:
        return read_precision(parsing, text, own);
    case KEY_CLIP:
        return parsing_real(parsing, "--clip", text, 1e-30, 1e30, &own->clip);
    case KEY_LOSS_SCALE:
        return parsing_real(parsing, "--loss-scale", text, 1, 0x1p40, &own->loss_scale);
    case KEY_SCALE_WINDOW:
        return parsing_int(parsing, "--scale-window", text, 1, INT_MAX, &own->scale_window);
    case KEY_PREFETCH:
        own->prefetches = true;
        return 0;
    case KEY_OFFLOAD:
        return read_offload(parsing, text, own);
    case KEY_SCHEDULE:
        return read_schedule(parsing, text, own);
    case KEY_PIPELINE:
        return parsing_int(parsing, "--pipeline", text, 1, INT_MAX, &own->pipeline);
    case KEY_TENSOR:
        return parsing_int(parsing, "--tensor", text, 1, INT_MAX, &own->tensor);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t read_one(int key, char *text, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct memory_options own = memory_options(parsing->options);
    const error_t error = read_value(parsing, key, text, &own);
    if (error != ARGP_ERR_UNKNOWN)
        memory_options_set(parsing->options, own);
    return error;
}

static const struct argp parser = {.options = table, .parser = read_one};

const struct own_options memory_own_options = {.step_word = "ranks-are",
                                               .argp = &parser,
                                               .defaults = set_defaults,
                                               .micro_batches = micro_batches,
                                               .meaning = say_meaning};
