/*
 * For the diagnosis: the scene in words.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/text/text.h"
#include "grader/trace/call_place.h"

#include <inttypes.h>
#include <string.h>

#define MOST_WAITS    4  /* of one rank that are listed */
#define MOST_MESSAGES 8  /* without a receive that are listed */
#define MOST_RANKS    64 /* rows of the table */

static const struct log_record *record_of(const struct scene *scene, int rank, size_t record)
{
    return &scene->outcome->log[rank].record[record];
}

static void describe_line(const struct scene *scene, int rank, size_t record, GString *text)
{
    const struct call_place call =
        call_place_of(scene->outcome->program, record_of(scene, rank, record));
    if (call.line[0] == '\0')
        return;
    g_string_append(text, " at ");
    text_append_code(text, call.line);
    call_place_name_rest(&call, text);
}

/* What was called on that line: "MPI_Wait", or the kit's helper that calls it. */
static const char *name_of(const struct scene *scene, int rank, size_t record)
{
    return call_place_of(scene->outcome->program, record_of(scene, rank, record)).called;
}

size_t scene_call_of(const struct scene *scene, int rank, size_t record)
{
    while (record > 0 && record_of(scene, rank, record)->phase == LOG_INSTANT)
        record--;
    return record;
}

/* Is this call made on the line that the rank is in? A helper of the kit begins a message and waits. */
static bool is_same_line(const struct scene *scene, int rank, size_t call)
{
    const size_t in = scene->place[rank].call;
    if (in == NO_RECORD)
        return false;
    const char *program = scene->outcome->program;
    const struct call_place one = call_place_of(program, record_of(scene, rank, in));
    const struct call_place other = call_place_of(program, record_of(scene, rank, call));
    return one.helped && other.helped && strcmp(one.line, other.line) == 0 &&
           one.from_line == other.from_line;
}

static void describe_wait(const struct scene *scene, int rank, const struct wait *wait,
                          GString *text)
{
    const struct log_record *record = record_of(scene, rank, wait->posted);
    if (wait->kind == WAIT_COLLECTIVE) {
        scene_describe_collective(scene, rank, wait, text);
        const size_t begin =
            collective_entered(&scene->collectives->collective[wait->collective], rank);
        if (begin != scene->place[rank].call && !is_same_line(scene, rank, begin)) {
            g_string_append(text, ", begun");
            describe_line(scene, rank, begin, text);
        }
        return;
    }
    if (wait->kind == WAIT_WINDOW) {
        g_string_append_printf(text, "rank %d to call %s", wait->peer,
                               log_operation_name(wait->awaited));
        return;
    }
    if (wait->kind == WAIT_SEND)
        g_string_append_printf(text, "rank %d to receive", wait->peer);
    else if (wait->peer == LOG_NO_PEER)
        g_string_append(text, "a message from any rank");
    else
        g_string_append_printf(text, "a message from rank %d", wait->peer);
    if (record->tag == LOG_ANY_TAG)
        g_string_append(text, " (any tag");
    else
        g_string_append_printf(text, " (tag %d", record->tag);
    if (record->bytes > 0)
        g_string_append_printf(text, ", %s%" PRIu64 " bytes",
                               wait->kind == WAIT_RECEIVE ? "room for " : "", record->bytes);
    g_string_append_c(text, ')');
    size_t call = scene_call_of(scene, rank, wait->posted);
    if (call != scene->place[rank].call && !is_same_line(scene, rank, call)) {
        g_string_append_printf(text, ", begun with %s", name_of(scene, rank, call));
        describe_line(scene, rank, call, text);
    }
}

void scene_describe_computation(const struct scene *scene, int rank, GString *text)
{
    const struct place *place = &scene->place[rank];
    if (place->computation == NO_RECORD) {
        g_string_append(text, "before any computation");
        return;
    }
    const struct log_record *record = record_of(scene, rank, place->computation);
    g_string_append_printf(text, "%s %s", record->phase == LOG_BEGIN ? "in" : "after",
                           log_operation_name(record->operation));
    if (record->micro_batch >= 0)
        g_string_append_printf(text, " of micro-batch %d", record->micro_batch);
    if (record->stage >= 0)
        g_string_append_printf(text, " (stage %d)", record->stage);
}

static void describe_sample(const struct scene *scene, int rank, GString *text)
{
    g_autoptr(GString) where = g_string_new(NULL);
    if (!scene_describe_sample(scene, rank, where))
        return;
    g_string_append(text, ",");
    text_append_plain(text, where->str);
}

/* The cell "was in". */
static void describe_place(const struct scene *scene, int rank, GString *text)
{
    const struct place *place = &scene->place[rank];
    const struct log_file *log = &scene->outcome->log[rank];
    switch (place->state) {
    case PLACE_NO_LOG:
        g_string_append(text, "left no log");
        if (scene->outcome->log_error && scene->outcome->log_error[rank]) {
            g_string_append(text, ": ");
            text_append_plain(text, scene->outcome->log_error[rank]);
        }
        break;
    case PLACE_FINISHED:
        g_string_append(text, "came to its end");
        break;
    case PLACE_IN_CALL:
        text_append_code(text, name_of(scene, rank, place->call));
        describe_line(scene, rank, place->call, text);
        break;
    case PLACE_POLLING:
        g_string_append(text, "calls ");
        text_append_code(text, name_of(scene, rank, place->call));
        describe_line(scene, rank, place->call, text);
        g_string_append_printf(text, " again and again (%" PRIu64 " times in vain)",
                               log->polls + 1);
        break;
    case PLACE_COMPUTING:
        g_string_append(text, "a computation");
        describe_sample(scene, rank, text);
        break;
    case PLACE_BETWEEN_STEPS:
        g_string_append(text, "at the end of its training step");
        break;
    case PLACE_OUTSIDE:
        g_string_append(text, "outside of MPI");
        if (log->count > 0 && log->record[log->count - 1].operation >= LOG_SEND) {
            size_t call = scene_call_of(scene, rank, log->count - 1);
            g_string_append_printf(text, ", after %s", name_of(scene, rank, call));
            describe_line(scene, rank, call, text);
        }
        describe_sample(scene, rank, text);
        break;
    }
    if (log->damage[0] != '\0') {
        g_string_append(text, "; the log is damaged: ");
        text_append_plain(text, log->damage);
    }
}

/* The cell "waits for". */
static void describe_waits(const struct scene *scene, int rank, GString *text)
{
    const GArray *waits = scene->place[rank].waits;
    guint shown = 0, open = 0;
    int collective = NO_COLLECTIVE;
    for (guint i = 0; i < waits->len; i++) {
        const struct wait *wait = &g_array_index(waits, struct wait, i);
        /* one line for all the ranks that miss in a collective */
        if (wait->possible || (wait->kind == WAIT_COLLECTIVE && wait->collective == collective))
            continue;
        collective = wait->collective;
        if (open++ >= MOST_WAITS)
            continue;
        g_string_append(text, shown++ > 0 ? "; " : "");
        describe_wait(scene, rank, wait, text);
    }
    if (open > MOST_WAITS)
        g_string_append_printf(text, "; and %u more", open - MOST_WAITS);
}

static void describe_table(const struct scene *scene, GString *markdown)
{
    g_string_append(markdown, "| rank | was in | waits for | last computation | step |\n"
                              "| --- | --- | --- | --- | --- |\n");
    int left_out = 0;
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        if (rank >= MOST_RANKS && !scene_in_any_cycle(scene, rank) && rank != scene->culprit) {
            left_out++;
            continue;
        }
        g_string_append_printf(markdown, "| %d | ", rank);
        describe_place(scene, rank, markdown);
        g_string_append(markdown, " | ");
        describe_waits(scene, rank, markdown);
        g_string_append(markdown, " | ");
        if (scene->place[rank].state != PLACE_NO_LOG)
            scene_describe_computation(scene, rank, markdown);
        if (scene->place[rank].computation != NO_RECORD)
            describe_line(scene, rank, scene->place[rank].computation, markdown);
        if (scene->place[rank].step >= 0)
            g_string_append_printf(markdown, " | %d |\n", scene->place[rank].step);
        else
            g_string_append(markdown, " | – |\n");
    }
    if (left_out > 0)
        g_string_append_printf(markdown, "\n%d ranks more are neither in a circle nor shown.\n",
                               left_out);
    g_string_append_c(markdown, '\n');
}

/* "rank 0 → rank 1 → rank 0" */
static void describe_way(const GArray *cycle, GString *markdown)
{
    for (guint i = 0; i < cycle->len; i++)
        g_string_append_printf(markdown, "rank %d → ", g_array_index(cycle, int, i));
    g_string_append_printf(markdown, "rank %d.\n\n", g_array_index(cycle, int, 0));
}

/* A line for each circle, and one for who waits behind it. */
static void describe_cycle(const struct scene *scene, GString *markdown)
{
    if (scene->cycle->len > 0) {
        g_string_append(markdown, "They wait in a circle: ");
        describe_way(scene->cycle, markdown);
    }
    for (guint i = 0; i < scene->others->len; i++) {
        g_string_append(markdown, "And in another circle: ");
        describe_way(scene->others->pdata[i], markdown);
    }
    for (guint i = 0; i < scene->tails->len; i++)
        g_string_append_printf(markdown,
                               i > 0                   ? ", %d"
                               : scene->cycle->len > 0 ? "Not part of it, but held up: rank %d"
                                                       : "Held up: rank %d",
                               g_array_index(scene->tails, int, i));
    if (scene->tails->len > 0 && scene->cycle->len == 0)
        g_string_append_printf(markdown, ", by rank %d", scene->culprit);
    g_string_append(markdown, scene->tails->len > 0 ? ".\n\n" : "");
}

/* Does its sender still wait in that send? Then the table has it. */
static bool is_waited_for(const struct scene *scene, int index)
{
    const GArray *waits = scene->place[scene->matching->message[index].source].waits;
    for (guint i = 0; i < waits->len && i < MOST_WAITS; i++)
        if (g_array_index(waits, struct wait, i).message == index &&
            g_array_index(waits, struct wait, i).kind == WAIT_SEND)
            return true;
    return false;
}

/* Messages on their way to nobody. */
static void describe_unreceived(const struct scene *scene, GString *markdown)
{
    int shown = 0;
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->receive.posted != NO_RECORD || message->destination < 0 ||
            is_waited_for(scene, i))
            continue; /* received, or MPI refused it */
        if (shown == 0)
            g_string_append(markdown, "Sent, but no receive was ever posted for it:\n\n");
        if (shown++ >= MOST_MESSAGES)
            continue;
        size_t call = scene_call_of(scene, message->source, message->send.posted);
        g_string_append_printf(markdown, "- rank %d → rank %d, tag %d, %" PRIu64 " bytes, %s",
                               message->source, message->destination, message->tag,
                               message->send.bytes, name_of(scene, message->source, call));
        describe_line(scene, message->source, call, markdown);
        g_string_append_c(markdown, '\n');
    }
    if (shown > MOST_MESSAGES)
        g_string_append_printf(markdown, "- and %d more\n", shown - MOST_MESSAGES);
    if (shown > 0)
        g_string_append_c(markdown, '\n');
}

void scene_describe(const struct scene *scene, GString *markdown)
{
    describe_table(scene, markdown);
    describe_cycle(scene, markdown);
    scene_describe_graph(scene, markdown);
    if (scene_was_stopped(scene->outcome))
        describe_unreceived(scene, markdown);
}
