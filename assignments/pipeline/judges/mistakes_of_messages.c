/*
 * What messages say about a hang, in the words of the schedule: activations and
 * gradients of micro-batches. A rank sends the outputs of its forwards to the next
 * rank and the gradients of its backwards to the one before; so who computed more
 * than it began to send, and went on to something else, left a send out. Which
 * micro-batch a message was of, fingerprints tell: it is what a computation at one
 * end gave, or at the other end took.
 */
#include "assignments/pipeline/judges/mistakes_of_hang.h"

#include "assignments/pipeline/options.h"
#include "assignments/pipeline/schedules/schedule.h"
#include "grader/evidence/evidence.h"
#include "grader/trace/source_line.h"

#include <string.h>

/* ---- what was never sent ------------------------------------------------------------------------- */

/* Whether a send would have come later, a run that hung can't show; so the names say no more. */
static const struct mistake output_unsent = {"output not sent",
                                             "a stage computed an output and went on to wait for "
                                             "something else before it began to send it, if "
                                             "it ever does; the next stage waits for it.",
                                             "what becomes of the tensor that stage_forward "
                                             "returns: every stage but the last has to send it at "
                                             "once (SEND_FORWARD, or micro_batch_pass_output)"};
static const struct mistake gradient_unsent = {
    "input gradient not sent",
    "a stage computed the gradient of its input and went on to wait for something else before it "
    "began "
    "to send it, if it ever does; the stage before waits for it.",
    "what becomes of the tensor that stage_backward returns: every stage but the first has to send "
    "it "
    "at once (SEND_BACKWARD, or micro_batch_pass_input_gradient)"};

/* Marks the micro-batches whose forward (or B or I) a rank has finished in a step; how many. */
static int mark_done(const struct scene *scene, int rank, int step, bool backward, bool *done,
                     int micro_batches)
{
    const struct log_file *log = &scene->outcome->log[rank];
    EVIDENCE_ARRAY events = evidence_events(log);
    int count = 0;
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        bool wanted =
            backward ? event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT
                     : event->operation == LOG_FORWARD;
        if (!wanted || event->step != step || event->end >= log->count || event->micro_batch < 0 ||
            event->micro_batch >= micro_batches)
            continue;
        done[event->micro_batch] = true;
        count++;
    }
    return count;
}

/* Messages that a rank began to send to another in a step; *lying: some of them were not received. */
static int sent_in(const struct scene *scene, int from, int to, int step, bool *lying)
{
    int count = 0;
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->source != from || message->destination != to ||
            message->send.posted == NO_RECORD || message->send.step != step)
            continue;
        count++;
        *lying = *lying || message->receive.completed == NO_RECORD;
    }
    return count;
}

/* Is it past what it computed last: in a call that is no send to that rank, or at an end? */
static bool has_gone_on(const struct scene *scene, int rank, int peer)
{
    const struct place *place = &scene->place[rank];
    if (place->state == PLACE_FINISHED || place->state == PLACE_BETWEEN_STEPS)
        return true;
    if (place->state != PLACE_IN_CALL && place->state != PLACE_POLLING)
        return false;
    for (guint i = 0; i < place->waits->len; i++) {
        const struct wait *wait = &g_array_index(place->waits, struct wait, i);
        if (wait->kind == WAIT_SEND && wait->peer == peer)
            return false;
    }
    return true;
}

/* Has the neighbour that computed it not begun to send this, and gone on? */
static bool is_unsent(const struct scene *scene, int rank, const struct wait *wait, GString *cause)
{
    const int m = options_micro_batches(&scene->outcome->options), step = scene->place[rank].step;
    const int peer = wait->peer;
    bool lying = false, backward = peer > rank;
    if (wait->kind != WAIT_RECEIVE || wait->possible || (peer != rank - 1 && peer != rank + 1) ||
        peer < 0 || peer >= scene->outcome->ranks || step < 0 || m < 1)
        return false;
    g_autofree bool *done = g_new0(bool, m);
    int computed = mark_done(scene, peer, step, backward, done, m);
    int sent = sent_in(scene, peer, rank, step, &lying);
    if (computed <= sent || lying || !has_gone_on(scene, peer, rank))
        return false;
    const char *what = backward ? "backward" : "forward";
    g_string_append_printf(cause, "rank %d ran the %s%s of micro-batch%s ", peer, what,
                           computed == 1 ? "" : "s", computed == 1 ? "" : "es");
    schedule_append_numbers(cause, done, m);
    if (sent == 0)
        g_string_append_printf(cause, " and sent rank %d nothing", rank);
    else
        g_string_append_printf(cause, " and began only %d message%s to rank %d", sent,
                               sent == 1 ? "" : "s", rank);
    g_string_append_printf(cause, ", which waits for the %s",
                           backward ? "gradient of its output" : "activation");
    const char *line = source_line(
        scene->outcome->program, scene->outcome->log[rank].record[scene->place[rank].call].caller);
    if (line[0] != '\0')
        g_string_append_printf(cause, " at %s", line);
    /* It may stand behind that wait, and not be missing. */
    const struct place *other = &scene->place[peer];
    const char *own = other->waits->len > 0 && other->call != NO_RECORD
                          ? source_line(scene->outcome->program,
                                        scene->outcome->log[peer].record[other->call].caller)
                          : "";
    if (own[0] != '\0')
        g_string_append_printf(cause, ", while rank %d waits itself at %s", peer, own);
    return true;
}

const struct mistake *mistake_of_unsent(const struct scene *scene, GString *cause)
{
    if (pipeline_chunks(&scene->outcome->options) > 1)
        return NULL;
    /* Forwards come first: a gradient can't be there where the output never came. */
    for (int backward = 0; backward <= 1; backward++)
        for (int rank = 0; rank < scene->outcome->ranks; rank++)
            for (guint i = 0; i < scene->place[rank].waits->len; i++) {
                const struct wait *wait = &g_array_index(scene->place[rank].waits, struct wait, i);
                if ((wait->peer > rank) == (backward == 1) && is_unsent(scene, rank, wait, cause))
                    return backward ? &gradient_unsent : &output_unsent;
            }
    return NULL;
}

/* ---- what comes twice ----------------------------------------------------------------------------- */

/* "the activation of micro-batch 3", if a computation took or gave this tensor; else nothing. */
static void name_tensor(const struct scene *scene, int rank, bool took, uint64_t fingerprint,
                        int step, GString *text)
{
    const struct log_file *log = &scene->outcome->log[rank];
    EVIDENCE_ARRAY events = evidence_events(log);
    for (guint i = 0; i < events->len && fingerprint != 0 && text->len == 0; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        size_t record = took ? event->begin : event->end;
        if (event->step != step || event->operation > LOG_BACKWARD_INPUT || record >= log->count ||
            log_tensor(&log->record[record]) != fingerprint)
            continue;
        g_string_append_printf(text, "the %s of micro-batch %d",
                               event->operation == LOG_FORWARD ? "activation" : "gradient",
                               event->micro_batch);
    }
}

static bool name_message(const struct scene *scene, int index, GString *text)
{
    const struct message *message = &scene->matching->message[index];
    name_tensor(scene, message->source, false, message->send.fingerprint, message->send.step, text);
    name_tensor(scene, message->destination, true, message->receive.fingerprint,
                message->receive.step, text);
    return text->len > 0;
}

static void append_call(const struct scene *scene, int rank, GString *cause)
{
    const struct log_record *call = &scene->outcome->log[rank].record[scene->place[rank].call];
    const char *line = source_line(scene->outcome->program, call->caller);
    g_string_append_printf(cause, "%s%s%s", log_operation_name(call->operation),
                           line[0] != '\0' ? " at " : "", line);
}

/* What came with a tag that an earlier message of the step had. */
static void say_second(int rank, int peer, const char *first, const char *second, GString *cause)
{
    if (strcmp(first, second) == 0)
        g_string_append_printf(
            cause, "rank %d sent rank %d %s a second time, and not what that waits for: ", peer,
            rank, first);
    else
        g_string_append_printf(
            cause, "rank %d sent rank %d %s with the tag of %s, so that it waits in vain: ", peer,
            rank, second, first);
}

static bool say_repeated(const struct scene *scene, int rank, const struct wait *wait,
                         GString *cause)
{
    g_autoptr(GString) what = g_string_new(NULL), other = g_string_new(NULL);
    int first = NO_MESSAGE, asked = scene_asked_again(scene, rank, wait);
    int second = scene_sent_again(scene, rank, wait, &first);
    if (asked != NO_MESSAGE && name_message(scene, asked, what))
        g_string_append_printf(cause,
                               "rank %d asks rank %d a second time for %s, which it has received "
                               "already: ",
                               rank, wait->peer, what->str);
    else if (asked == NO_MESSAGE && second != NO_MESSAGE && name_message(scene, first, what) &&
             name_message(scene, second, other))
        say_second(rank, wait->peer, what->str, other->str, cause);
    else
        return false;
    append_call(scene, rank, cause);
    return true;
}

void cause_of_repeated(const struct scene *scene, GString *cause)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        for (guint i = 0; i < scene->place[rank].waits->len; i++)
            if (say_repeated(scene, rank, &g_array_index(scene->place[rank].waits, struct wait, i),
                             cause))
                return;
}
