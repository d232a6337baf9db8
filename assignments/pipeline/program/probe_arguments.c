/*
 * --probe arguments: check_arguments() with many combinations, drawn so that
 * about half of them can work.
 */
#include "assignments/pipeline/program/parts.h"
#include "common/base/fatal.h"

#include <string.h>

enum { DRAWS = 200, REASON_SIZE = 512 };

static struct pipeline_arguments draw(const struct run *run, uint64_t *counter)
{
    struct pipeline_arguments arguments;
    arguments.stages = driver_probe_draw(run, counter, 1, 9);
    arguments.layers = driver_probe_draw(run, counter, 1, 4) * arguments.stages;
    if (driver_probe_draw(run, counter, 0, 2) == 0)
        arguments.layers = driver_probe_draw(run, counter, 1, 24);
    arguments.micro_batches = driver_probe_draw(run, counter, 1, 9);
    if (driver_probe_draw(run, counter, 0, 3) == 0) { /* as large as real ones get */
        arguments.stages = driver_probe_draw(run, counter, 1, 64);
        arguments.layers = driver_probe_draw(run, counter, 1, 4) * arguments.stages;
        arguments.micro_batches = driver_probe_draw(run, counter, 10, 1000);
    }
    arguments.batch_size = driver_probe_draw(run, counter, 1, 8) * arguments.micro_batches;
    if (driver_probe_draw(run, counter, 0, 2) == 0)
        arguments.batch_size = driver_probe_draw(run, counter, 1, 64);
    arguments.uneven = driver_probe_draw(run, counter, 0, 1) == 1;
    return arguments;
}

/* JSON is UTF-8; a student's message may be anything. */
static json_t *text_value(char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
        if (*c >= 0x80)
            *c = '?';
    return json_string(text);
}

static json_t *one_call(const struct pipeline_arguments *arguments)
{
    char reason[REASON_SIZE + 1];
    memset(reason, 0, sizeof reason);
    const bool accepted = check_arguments(arguments, reason, REASON_SIZE);
    reason[REASON_SIZE] = '\0';
    if (accepted)
        reason[0] = '\0';
    return json_pack("{si si si si sb sb so}", "layers", arguments->layers, "stages",
                     arguments->stages, "batch_size", arguments->batch_size, "micro_batches",
                     arguments->micro_batches, "uneven", arguments->uneven, "accepted", accepted,
                     "reason", text_value(reason));
}

void probe_arguments(struct run *run)
{
    json_t *table = json_array();
    uint64_t counter = 0;
    for (int i = 0; i < DRAWS; i++) {
        const struct pipeline_arguments arguments = draw(run, &counter);
        if (json_array_append_new(table, one_call(&arguments)) != 0)
            fatal("no memory left for the table");
    }
    driver_probe_write(run, "probe-arguments.json", table);
}
