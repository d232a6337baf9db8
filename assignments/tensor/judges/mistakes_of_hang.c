/*
 * Known mistakes of runs that did not come to their end: collectives of MPI_COMM_WORLD where the group
 * has another communicator, and collectives that some ranks leave out. All ranks run the same forwards and
 * backwards (and the probe the same operators) in the same order, so that one that is further on has left
 * one without what the others wait for. A layer that is tried alone may hold wrong slices, which shows before
 * it begins. Which calls do not fit together the diagnosis knows without us.
 */
#include "assignments/tensor/judges/mistakes_of_hang.h"

#include "assignments/tensor/judges/layers/layers.h"
#include "assignments/tensor/judges/mistakes_of_parts.h"
#include "assignments/tensor/operator_cases.h"
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
    "A rank went on without the call in which others wait for it. All ranks run the same layers "
    "in the same order, and each rank of a group must call each collective, also one that has "
    "nothing to give or does not need the result.",
    "the conditions around the call: do they depend on the rank?"};

/* Does something begin here that every rank does, in the same order: a computation, or a step? */
static bool is_mark(const struct log_record *record)
{
    return record->operation == LOG_STEP_BEGIN ||
           (record->phase == LOG_BEGIN && record->operation >= LOG_FORWARD &&
            record->operation <= LOG_OPTIMIZER_STEP);
}

/* Where mark number `number` is, from 0; NO_RECORD: the rank did not come to it. */
static size_t find_mark(const struct log_file *log, int number)
{
    for (size_t i = 0; i < log->count; i++)
        if (is_mark(&log->record[i]) && number-- == 0)
            return i;
    return NO_RECORD;
}

/* How many marks there are up to a record. */
static int marks_until(const struct log_file *log, size_t record)
{
    int marks = 0;
    for (size_t i = 0; i <= record && i < log->count; i++)
        marks += is_mark(&log->record[i]);
    return marks;
}

static bool same_place(const struct log_record *a, const struct log_record *b)
{
    return a->operation == b->operation && a->caller == b->caller &&
           memcmp(a->calls, b->calls, sizeof a->calls) == 0;
}

/* How many collectives like this call, from the same line or from any, a rank enters on its communicator from
 * record `first` up to before `end`. */
static int calls_like(const struct log_file *log, size_t first, size_t end,
                      const struct log_record *call, bool any_line)
{
    int calls = 0;
    for (size_t i = first; i < end && i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        calls += record->phase == LOG_BEGIN && collectives_include(record->operation) &&
                 record->communicator == call->communicator &&
                 (any_line || same_place(record, call));
    }
    return calls;
}

/* "the forward of micro-batch 0", or the operator that the probe called */
static void name_mark(const struct scene *scene, const struct log_record *mark, int step,
                      GString *text)
{
    if (probes_operators(scene) && step >= 0)
        g_string_append(text, operator_table[operator_of_call(step)].name);
    else if (mark->operation == LOG_FORWARD)
        g_string_append_printf(text, "the forward of micro-batch %d", mark->micro_batch);
    else if (mark->operation == LOG_STEP_BEGIN || mark->operation == LOG_OPTIMIZER_STEP)
        g_string_append(text, "this part of the step");
    else
        g_string_append_printf(text, "the backward of micro-batch %d", mark->micro_batch);
}

/* The begin of the collective that a rank waits in; NO_RECORD: it waits in none. */
static size_t awaited_collective(const struct scene *scene, int rank)
{
    const size_t call = scene->place[rank].call;
    const int index = call == NO_RECORD ? NO_COLLECTIVE : scene->collectives->by_record[rank][call];
    return index == NO_COLLECTIVE
               ? NO_RECORD
               : collective_entered(&scene->collectives->collective[index], rank);
}

/* Has `gone`, of the same group, been through what `waiting` is in, with fewer such calls? */
static bool tell_left_out(const struct scene *scene, int waiting, int gone, GString *cause)
{
    const struct log_file *log = &scene->outcome->log[waiting], *other = &scene->outcome->log[gone];
    const size_t begin = awaited_collective(scene, waiting);
    if (begin == NO_RECORD)
        return false;
    const struct log_record *call = &log->record[begin];
    const struct group *group = groups_find(scene->collectives->groups, call->communicator);
    const int mark = marks_until(log, begin) - 1;
    const size_t own = find_mark(log, mark), theirs = find_mark(other, mark);
    const size_t left = find_mark(other, mark + 1);
    if (!group || !group_has(group, gone) || mark < 0 || left == NO_RECORD ||
        calls_like(other, theirs, left, call, false) >=
            calls_like(log, own, begin + 1, call, false) ||
        calls_like(other, theirs, left, call, true) >= calls_like(log, own, begin + 1, call, true))
        return false;
    g_string_append_printf(cause, "rank %d left ", gone);
    name_mark(scene, &log->record[own], scene->place[waiting].step, cause);
    g_string_append(cause, " without ");
    call_place_name(scene->outcome->program, call, cause);
    g_string_append_printf(cause, ", where rank %d waits", waiting);
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
    const struct mistake *mistake = trial_mistake_of_unfinished(scene->outcome, cause);
    if (!mistake)
        mistake = tensor_mistake_of_parts(scene, cause);
    return mistake ? mistake : mistake_of_left_out(scene, cause);
}
