/*
 * The options that make a run what it is: see driver_checkpoint.h. Not as they were written, but what they
 * mean: in any order, with or without what would be so anyway.
 */
#include "common/base/fatal.h"
#include "common/driver/driver_checkpoint.h"
#include "common/files/dataset.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SIZE = 256 }; /* of an option's value */

/* ---- of a run --------------------------------------------------------------------------------------- */

static void set(json_t *options, const char *name, const char *text)
{
    /* Of a name that is no UTF-8 its bytes are kept apart from others' well enough. */
    json_t *value = json_string(text);
    if (value == NULL) {
        json_t *bytes = json_array();
        for (; *text != '\0'; text++)
            json_array_append_new(bytes, json_integer((unsigned char)*text));
        char *dump = json_dumps(bytes, JSON_COMPACT);
        value = dump != NULL ? json_string(dump) : NULL;
        free(dump);
        json_decref(bytes);
    }
    if (value == NULL || json_object_set_new(options, name, value) != 0)
        fatal("no memory left for the index of a checkpoint");
}

static void set_number(json_t *options, const char *name, double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, sizeof text, "%.17g", number);
    set(options, name, text);
}

/* "synthetic, 2048 samples of (1, 28, 28), 10 classes": what training sees of it, however it was named. */
static void set_data(json_t *options, const struct run *run, const char *dataset)
{
    const struct data_shape data = model_data(run->model);
    char error[DATASET_ERROR_SIZE], shape[SHAPE_TEXT_SIZE], text[VALUE_SIZE];
    uint64_t fingerprint = 0;
    /* All ranks have seen them. */
    const int samples = dataset_identify(dataset, DATASET_TRAIN, &fingerprint, error);
    snprintf(text, sizeof text, "%.*s, %d samples of %s, %d classes", (int)strcspn(dataset, ":"),
             dataset, samples, shape_text(data.input, shape), data.classes);
    set(options, "--data", text);
    if (!dataset_has_files(dataset))
        return;
    snprintf(text, sizeof text, "%016" PRIx64, fingerprint);
    set(options, "the data's fingerprint", text);
}

/* "mlp:depth=4,width=512,norm=none,dropout=0", all of which few people write. */
static void set_model(json_t *options, const struct model *model)
{
    char text[VALUE_SIZE];
    snprintf(text, sizeof text, "%.*s:%s", (int)strcspn(model->name, ":"), model->name,
             model->options);
    set(options, "--model", text);
}

static void say(void *user, const char *option, const char *format, ...)
{
    char text[VALUE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    set(user, option, text);
}

static void set_own(json_t *options, const struct options *given)
{
    const struct own_options *own = given->assignment;
    if (own == NULL || own->argp == NULL)
        return;
    if (own->meaning == NULL)
        fatal("the options of this assignment do not say what they mean (struct own_options), so "
              "no run can go on from its checkpoints");
    own->meaning(given, say, options);
}

json_t *driver_checkpoint_options(const struct run *run, const struct program *program)
{
    const struct options *own = run->options;
    const struct optimizer_options *optimizer = &own->optimizer;
    const char *word = own->assignment != NULL && own->assignment->step_word != NULL
                           ? own->assignment->step_word
                           : "step";
    const bool sgd = optimizer->kind == OPTIMIZER_SGD;
    char text[48];
    json_t *options = json_object();
    set(options, "the program", program->name);
    snprintf(text, sizeof text, "--%s", word);
    set(options, text, run->step->name);
    set_own(options, own);
    set_model(options, run->model);
    set_data(options, run, own->dataset);
    set(options, "--loss", own->loss == LOSS_MEAN ? "mean" : "cross-entropy");
    set_number(options, "--batch", own->batch_size);
    set_number(options, "--micro-batches", run->micro_batches);
    set(options, "--optimizer", sgd ? "sgd" : "adamw");
    set_number(options, "--learning-rate", optimizer->learning_rate);
    if (sgd)
        set_number(options, "--momentum", optimizer->momentum);
    snprintf(text, sizeof text, "%" PRIu64, own->seed);
    set(options, "--seed", text);
    return options;
}

/* ---- of two runs ------------------------------------------------------------------------------------ */

/* A text of which what does not fit is counted. */
struct differences {
    char *text;
    size_t room, used;
    int more;
};

static void add(struct differences *differences, const char *name, const json_t *there,
                const json_t *here)
{
    const char *const none = "(none)";
    const size_t kept = sizeof "; and 99 more"; /* room for it */
    char one[VALUE_SIZE];
    const int length = snprintf(one, sizeof one, "%s%.60s: %.84s there, %.84s here",
                                differences->used > 0 ? "; " : "", name,
                                json_is_string(there) ? json_string_value(there) : none,
                                json_is_string(here) ? json_string_value(here) : none);
    if (differences->more > 0 || (size_t)length + kept >= differences->room - differences->used)
        differences->more++;
    else
        memcpy(differences->text + differences->used, one, (size_t)length + 1);
    if (differences->more == 0)
        differences->used += (size_t)length;
}

bool driver_checkpoint_same_options(const json_t *there, const json_t *here, char *text,
                                    size_t size)
{
    struct differences differences = {.text = text, .room = size};
    const char *name;
    json_t *value;
    text[0] = '\0';
    json_object_foreach((json_t *)here, name, value)
    {
        json_t *other = json_object_get(there, name);
        if (other == NULL || !json_equal(value, other))
            add(&differences, name, other, value);
    }
    json_object_foreach((json_t *)there, name, value)
    {
        if (json_object_get(here, name) == NULL)
            add(&differences, name, value, NULL);
    }
    if (differences.more > 0)
        snprintf(text + differences.used, size - differences.used, "; and %d more",
                 differences.more);
    return text[0] == '\0';
}
