/*
 * Known mistakes of runs that did not come to their end: collectives of MPI_COMM_WORLD where the group has
 * another communicator, and collectives that some ranks leave out. In the probe of the operators all ranks
 * call the same operators in the same order, so that a rank that is further on has left one without what the
 * others wait for. Which calls do not fit together the diagnosis knows without us; where MPI itself said so,
 * in its own words, it is told here.
 */
#include "assignments/tensor/judges/mistakes_of_hang.h"

#include "assignments/tensor/operator_cases.h"
#include "common/log/log_fields.h"
#include "grader/diagnosis/scene.h"
#include "grader/trace/call_place.h"

#include <string.h>

/* ---- through MPI_COMM_WORLD ------------------------------------------------------------------------ */

static const struct mistake through_world = {
    "MPI_COMM_WORLD in place of the group's communicator",
    "A collective goes through MPI_COMM_WORLD. The group may be only some of its ranks, or number "
    "them otherwise: then others' calls are met, and parts come in another order.",
    "the communicator: group->comm"};

static bool probes_operators(const struct scene *scene)
{
    return strcmp(scene->outcome->options.probe, "operators") == 0;
}

/* Is the call that a rank is in one of a communicator that can't be the group's? */
static bool is_through_world(const struct scene *scene, int rank)
{
    const struct place *place = &scene->place[rank];
    if (place->call == NO_RECORD)
        return false;
    const struct log_record *call = &scene->outcome->log[rank].record[place->call];
    if (!collectives_include(call->operation) || call->communicator != LOG_WORLD ||
        call->operation == LOG_BARRIER)
        return false;
    /* In the second round the groups have communicators of their own. */
    const bool second = probes_operators(scene) && place->step >= OPERATOR_CALLS;
    return scene->outcome->options.reverse_ranks || second;
}

static void tell_through_world(const struct scene *scene, int rank, GString *cause)
{
    const struct log_record *call = &scene->outcome->log[rank].record[scene->place[rank].call];
    g_string_append_printf(
        cause, "the group's communicator is not MPI_COMM_WORLD, through which rank %d calls ",
        rank);
    call_place_name(scene->outcome->program, call, cause);
}

/* ---- left out ------------------------------------------------------------------------------------------ */

static const struct mistake left_out = {
    "a collective that only some ranks call",
    "A rank left an operator without the call in which others wait for it. Each rank of a group "
    "must call each collective, also one that has nothing to give or does not need the result.",
    "the conditions around the call: do they depend on the rank?"};

/* Does a rank call anything of MPI in a step? */
static bool calls_anything(const struct log_file *log, int step)
{
    int current = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &current);
        if (current == step && record->phase == LOG_BEGIN && record->operation >= LOG_SEND)
            return true;
    }
    return false;
}

static bool are_one_group(const struct scene *scene, int a, int b, int step)
{
    const int ranks = scene->outcome->ranks, round = step / OPERATOR_CALLS;
    return operator_group_of(ranks, a, round).first == operator_group_of(ranks, b, round).first;
}

static bool tell_left_out(const struct scene *scene, int waiting, int gone, GString *cause)
{
    const struct place *place = &scene->place[waiting];
    const int step = place->step;
    if (place->call == NO_RECORD || step < 0 || step >= OPERATOR_ROUNDS * OPERATOR_CALLS ||
        scene->place[gone].step <= step || !are_one_group(scene, waiting, gone, step) ||
        calls_anything(&scene->outcome->log[gone], step))
        return false;
    g_string_append_printf(cause,
                           "%s: rank %d returned without having called anything, and rank %d "
                           "waits there in ",
                           operator_table[step % OPERATORS].name, gone, waiting);
    call_place_name(scene->outcome->program, &scene->outcome->log[waiting].record[place->call],
                    cause);
    return true;
}

static const struct mistake *mistake_of_left_out(const struct scene *scene, GString *cause)
{
    for (int waiting = 0; waiting < scene->outcome->ranks; waiting++)
        for (int gone = 0; gone < scene->outcome->ranks; gone++)
            if (gone != waiting && tell_left_out(scene, waiting, gone, cause))
                return &left_out;
    return NULL;
}

/* ---- what does not fit together ----------------------------------------------------------------------- */

/* The first thing that two calls disagree about, where both are there. */
static void cause_of_fault(const struct scene *scene, GString *cause)
{
    for (guint i = 0; i < scene->faults->len; i++) {
        const struct collectives_fault *fault =
            &g_array_index(scene->faults, struct collectives_fault, i);
        if (fault->record == NO_RECORD || fault->other_record == NO_RECORD)
            continue;
        collectives_tell_fault(scene->outcome->program, scene->outcome->log, scene->collectives,
                               fault, cause);
        return;
    }
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

const struct mistake *tensor_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const struct scene *scene = diagnosis->scene;
    const enum diagnosis_kind kind = diagnosis->kind;
    if (kind == DIAGNOSIS_SANITIZED || kind == DIAGNOSIS_CRASHED)
        return NULL;
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        if (is_through_world(scene, rank)) {
            tell_through_world(scene, rank, cause);
            return &through_world;
        }
    const struct mistake *mistake =
        probes_operators(scene) ? mistake_of_left_out(scene, cause) : NULL;
    if (!mistake && kind == DIAGNOSIS_STOPPED_ITSELF)
        cause_of_fault(scene, cause);
    return mistake;
}
