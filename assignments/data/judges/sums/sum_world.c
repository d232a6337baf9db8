/*
 * Messages that go through MPI_COMM_WORLD, where the communicator is another one: they may meet those of other ranks,
 * and then the run does not come to its end.
 */
#include "assignments/data/judges/sums/sum_traffic.h"
#include "assignments/data/judges/sums/sums.h"
#include "grader/diagnosis/scene.h"
#include "grader/trace/call_place.h"

#include <string.h>

static const struct mistake world_mistake = {
    "MPI_COMM_WORLD in place of the communicator",
    "A message goes through MPI_COMM_WORLD. The ranks are those of comm, which may be only some of "
    "them, or number them otherwise.",
    "the communicator: comm"};

/* The first message that does, or NO_MESSAGE. */
static int through_world(const struct outcome *run, const struct matching *matching)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const int call = message->send.step;
        const bool is_sent = message->send.posted != NO_RECORD && call >= 0 && call < SUM_CALLS;
        if (is_sent && message->communicator == LOG_WORLD &&
            (call >= SUM_ROUND_CALLS || run->options.reverse_ranks))
            return i;
    }
    return NO_MESSAGE;
}

bool data_sum_communicators(const struct outcome *run, struct verdict *verdict)
{
    struct matching *matching = matching_new(run->log, run->ranks);
    const int wrong = through_world(run, matching);
    if (wrong != NO_MESSAGE) {
        evidence_fail(verdict,
                      "rank %d sends to rank %d through MPI_COMM_WORLD, which is not the "
                      "communicator that the function is given",
                      matching->message[wrong].source, matching->message[wrong].destination);
        verdict_name_mistake(verdict, &world_mistake);
    }
    matching_free(matching);
    return wrong == NO_MESSAGE;
}

const struct mistake *data_sum_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const struct scene *scene = diagnosis->scene;
    const struct outcome *run = scene->outcome;
    const bool unclear =
        diagnosis->kind == DIAGNOSIS_SANITIZED || diagnosis->kind == DIAGNOSIS_CRASHED;
    if (strcmp(run->options.probe, "all-reduce") != 0 || unclear)
        return NULL;
    const int wrong = through_world(run, scene->matching);
    if (wrong == NO_MESSAGE)
        return NULL;
    const struct message *message = &scene->matching->message[wrong];
    g_string_append_printf(cause,
                           "rank %d sends to rank %d through MPI_COMM_WORLD, which is not the "
                           "communicator that the function is given: ",
                           message->source, message->destination);
    call_place_name(run->program, &run->log[message->source].record[message->send.posted], cause);
    return &world_mistake;
}
