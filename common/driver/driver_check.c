/*
 * What the options name, and whether they go together: the part of the driver
 * that knows the program's training steps and probes (driver_parts.h).
 */
#include "common/driver/driver_parts.h"

#include "common/training/model.h"

#include <stdio.h>
#include <string.h>

/* "schedule": the option that chooses a training step. */
static const char *step_word(const struct program *program)
{
    return program->options != NULL && program->options->step_word != NULL
               ? program->options->step_word
               : "step";
}

/* A line of a list in which names take up so many characters. */
static size_t describe(char *text, size_t size, int width, const char *name, const char *what,
                       const char *remark)
{
    return (size_t)snprintf(text, size, "  %-*s %s%s\n", width, name, what, remark);
}

const char *driver_describe(const struct program *program)
{
    static char text[3072];
    size_t width = 0;
    for (const struct step *step = program->steps; step->name; step++)
        width = strlen(step->name) > width ? strlen(step->name) : width;
    size_t used = 0;
    if (program->steps[0].name != NULL)
        used = (size_t)snprintf(text, sizeof text, "What --%s may be:\n", step_word(program));
    for (const struct step *step = program->steps; step->name && used < sizeof text; step++)
        used += describe(text + used, sizeof text - used, (int)width, step->name, step->what,
                         step == program->steps ? " (default)" : "");
    if (used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, "\nProbes (--probe):\n");
    width = 0;
    for (const struct probe *probe = program->probes; probe->name; probe++)
        width = strlen(probe->name) > width ? strlen(probe->name) : width;
    for (const struct probe *probe = program->probes; probe->name && used < sizeof text; probe++)
        used += describe(text + used, sizeof text - used, (int)width, probe->name, probe->what, "");
    return text;
}

const struct step *driver_find_step(const struct program *program, const char *name)
{
    const struct step *step = program->steps;
    while (name[0] != '\0' && step->name != NULL && strcmp(step->name, name) != 0)
        step++;
    return step->name != NULL ? step : NULL;
}

const struct probe *driver_find_probe(const struct program *program, const char *name)
{
    const struct probe *probe = program->probes;
    while (probe->name != NULL && strcmp(probe->name, name) != 0)
        probe++;
    return probe->name != NULL ? probe : NULL;
}

/* False, and a reason, if there is no such training step. */
static bool step_exists(const struct program *program, const char *option, const char *name,
                        char *reason)
{
    if (driver_find_step(program, name) != NULL)
        return true;
    size_t used = (size_t)snprintf(reason, REASON_SIZE, "--%s %s: must be ", option, name);
    for (const struct step *step = program->steps; step->name && used < REASON_SIZE; step++) {
        const char *behind = step[1].name == NULL ? "" : step[2].name == NULL ? " or " : ", ";
        used += (size_t)snprintf(reason + used, REASON_SIZE - used, "%s%s", step->name, behind);
    }
    return false;
}

bool driver_options_fit(const struct program *program, const struct run *run,
                        char reason[REASON_SIZE])
{
    const struct options *options = run->options;
    const char *against = options->against;
    const bool stores = options->snapshots > 0 || options->gradient_dumps > 0;
    const bool only_probes = program->steps[0].name == NULL;
    if ((!only_probes && !step_exists(program, step_word(program), options->step, reason)) ||
        (against[0] && !step_exists(program, "against", against, reason)) ||
        (program->fits != NULL && !program->fits(run, reason, REASON_SIZE)))
        return false;
    if (options->probe[0] && driver_find_probe(program, options->probe) == NULL)
        snprintf(reason, REASON_SIZE, "--probe %s: there is no such probe; --help lists them",
                 options->probe);
    else if (only_probes && !options->probe[0])
        snprintf(reason, REASON_SIZE,
                 "this program trains nothing: name a --probe; --help lists "
                 "them");
    else if ((options->probe[0] || stores) && options->evidence[0] == '\0')
        snprintf(reason, REASON_SIZE,
                 "--probe, --snapshots and --dump-gradients need --evidence FOLDER to write to");
    else if (against[0] && stores)
        snprintf(reason, REASON_SIZE,
                 "--against %s: it would write over the files of --snapshots and --dump-gradients; "
                 "leave one of them out",
                 against);
    else if (options->compare && program->compare == NULL)
        snprintf(reason, REASON_SIZE, "--compare: this assignment has nothing to compare");
    else
        return true;
    return false;
}

bool driver_samples_suffice(const struct run *run, char reason[REASON_SIZE])
{
    const int batch = run->options->batch_size, micro_batches = run->micro_batches;
    const int least = model_least_samples(run->model);
    if (batch / micro_batches >= least)
        return true;
    char fewer[64] = "";
    if (batch >= least)
        snprintf(fewer, sizeof fewer, ", or --micro-batches %d at most", batch / least);
    snprintf(reason, REASON_SIZE,
             "--model %s: a batch norm in it takes the variance over the samples of a micro-batch, "
             "which must be %d or more; --batch %d in %d has %d in each: use --batch %d or more%s",
             run->model->name, least, batch, micro_batches, batch / micro_batches,
             least * micro_batches, fewer);
    return false;
}
