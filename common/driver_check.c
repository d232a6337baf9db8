/*
 * What the options name, and whether they go together: the part of the driver
 * that knows the assignment's schedules and probes (driver_parts.h).
 */
#include "common/driver_parts.h"

#include <stdio.h>
#include <string.h>

const char *driver_describe(const struct assignment *assignment)
{
    static char text[3072];
    size_t used =
        (size_t)snprintf(text, sizeof text, "Schedules (--schedule) of %s:\n", assignment->name);
    for (const struct step *step = assignment->steps; step->name && used < sizeof text; step++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  %-14s %s%s\n", step->name,
                                 step->what, step == assignment->steps ? " (default)" : "");
    if (used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, "\nProbes (--probe):\n");
    for (const struct probe *probe = assignment->probes; probe->name && used < sizeof text; probe++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  %-14s %s\n", probe->name,
                                 probe->what);
    return text;
}

const struct step *driver_find_step(const struct assignment *assignment, const char *name)
{
    const struct step *step = assignment->steps;
    while (step->name != NULL && strcmp(step->name, name) != 0)
        step++;
    return step->name != NULL ? step : NULL;
}

const struct probe *driver_find_probe(const struct assignment *assignment, const char *name)
{
    const struct probe *probe = assignment->probes;
    while (probe->name != NULL && strcmp(probe->name, name) != 0)
        probe++;
    return probe->name != NULL ? probe : NULL;
}

/* False, and a reason, if a schedule can't be taken with these options. */
static bool schedule_fits(const struct assignment *assignment, const struct run *run,
                          const char *option, const char *name, char *reason)
{
    const struct step *step = driver_find_step(assignment, name);
    if (step == NULL)
        snprintf(reason, REASON_SIZE, "%s %s: there is no such schedule; --help lists them", option,
                 name);
    else if (step->one_process && run->ranks > 1 && run->options->probe[0] == '\0')
        snprintf(reason, REASON_SIZE,
                 "%s %s runs in one process, not in %d: start it with one rank", option, name,
                 run->ranks);
    else
        return true;
    return false;
}

static bool has_chunks(const struct assignment *assignment, const char *name)
{
    const struct step *step = driver_find_step(assignment, name);
    return step != NULL && step->chunked;
}

bool driver_options_fit(const struct assignment *assignment, const struct run *run,
                        char reason[REASON_SIZE])
{
    const struct options *options = run->options;
    const char *schedule = options->schedule, *against = options->against;
    const bool stores = options->snapshots > 0 || options->gradient_dumps > 0;
    if (!schedule_fits(assignment, run, "--schedule", schedule, reason) ||
        (against[0] && !schedule_fits(assignment, run, "--against", against, reason)))
        return false;
    if (options->chunks > 1 && !has_chunks(assignment, schedule) &&
        !has_chunks(assignment, against))
        snprintf(reason, REASON_SIZE, "--chunks %d: --schedule %s has one stage per rank",
                 options->chunks, schedule);
    else if (options->probe[0] && driver_find_probe(assignment, options->probe) == NULL)
        snprintf(reason, REASON_SIZE, "--probe %s: there is no such probe; --help lists them",
                 options->probe);
    else if ((options->probe[0] || stores) && options->evidence[0] == '\0')
        snprintf(reason, REASON_SIZE,
                 "--probe, --snapshots and --dump-gradients need --evidence FOLDER to write to");
    else if (against[0] && stores)
        snprintf(reason, REASON_SIZE,
                 "--against %s: it would write over the files of --snapshots and --dump-gradients; "
                 "leave one of them out",
                 against);
    else if (options->compare && assignment->compare == NULL)
        snprintf(reason, REASON_SIZE, "--compare: this assignment has nothing to compare");
    else
        return true;
    return false;
}
