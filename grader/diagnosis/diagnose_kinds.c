/*
 * For the diagnosis: messages that don't fit, ranks that wait in a circle. Each
 * function writes the headline if it finds one.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/trace/call_place.h"

#include <inttypes.h>
#include <string.h>

#define LONGEST_HEADLINE 280 /* bytes */
#define MOST_NAMED       8   /* ranks of a circle in the headline */

void scene_name_call(const struct scene *scene, int rank, size_t record, GString *text)
{
    call_place_name(scene->outcome->program, &scene->outcome->log[rank].record[record], text);
}

void scene_name_cycle(const struct scene *scene, GString *text)
{
    guint count = scene->cycle->len;
    if (count > MOST_NAMED)
        g_string_append_printf(text, "%u ranks (", count);
    else
        g_string_append(text, count == 1 ? "rank " : "ranks ");
    for (guint i = 0; i < count && i < MOST_NAMED; i++)
        g_string_append_printf(text, "%s%d",
                               i == 0           ? ""
                               : i + 1 == count ? " and "
                                                : ", ",
                               g_array_index(scene->cycle, int, i));
    g_string_append(text, count > MOST_NAMED ? ", …)" : "");
}

/* ---- messages that don't fit ---------------------------------------------------------------- */

bool scene_any_wait(const struct scene *scene, wait_test *test, GString *headline)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        for (guint i = 0; i < scene->place[rank].waits->len; i++)
            if (test(scene, rank, &g_array_index(scene->place[rank].waits, struct wait, i),
                     headline))
                return true;
    return false;
}

bool scene_wait_truncates(const struct scene *scene, int rank, const struct wait *wait,
                          GString *headline)
{
    if (wait->kind != WAIT_RECEIVE || wait->message == NO_MESSAGE || !wait->possible)
        return false;
    const struct message *message = &scene->matching->message[wait->message];
    if (message->receive.completed != NO_RECORD || message->send.bytes <= message->receive.bytes)
        return false;
    g_string_append_printf(
        headline,
        "rank %d has room for %" PRIu64 " bytes, but rank %d sent %" PRIu64 " (tag %d): ", rank,
        message->receive.bytes, message->source, message->send.bytes, message->tag);
    scene_name_call(scene, rank, wait->posted, headline);
    return true;
}

/* A message to this rank that was never received and would do but for tag or communicator. */
static const struct message *near_miss(const struct scene *scene, int rank, const struct wait *wait,
                                       bool other_communicator)
{
    const struct log_record *wanted = &scene->outcome->log[rank].record[wait->posted];
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->receive.posted != NO_RECORD || message->destination != rank ||
            (wait->peer != LOG_NO_PEER && message->source != wait->peer))
            continue;
        bool same_communicator = message->communicator == wanted->communicator;
        bool same_tag = wanted->tag == LOG_ANY_TAG || message->tag == wanted->tag;
        if (other_communicator ? !same_communicator && same_tag : same_communicator && !same_tag)
            return message;
    }
    return NULL;
}

/* " (rank 1: MPI_Recv at …, rank 0: MPI_Send at …)" */
static void name_both(const struct scene *scene, int rank, const struct wait *wait,
                      const struct message *sent, GString *headline)
{
    g_string_append_printf(headline, " (rank %d: ", rank);
    scene_name_call(scene, rank, scene_call_of(scene, rank, wait->posted), headline);
    g_string_append_printf(headline, ", rank %d: ", sent->source);
    scene_name_call(scene, sent->source, scene_call_of(scene, sent->source, sent->send.posted),
                    headline);
    g_string_append_c(headline, ')');
}

bool scene_tags_differ(const struct scene *scene, int rank, const struct wait *wait,
                       GString *headline)
{
    if (wait->kind != WAIT_RECEIVE || wait->possible)
        return false;
    const struct message *sent = near_miss(scene, rank, wait, false);
    if (!sent)
        return false;
    g_string_append_printf(headline,
                           "the tags differ: rank %d waits for a message from rank %d with tag %d, "
                           "but rank %d sent one with tag %d that nobody receives",
                           rank, sent->source, scene->outcome->log[rank].record[wait->posted].tag,
                           sent->source, sent->tag);
    name_both(scene, rank, wait, sent, headline);
    return true;
}

bool scene_communicators_differ(const struct scene *scene, int rank, const struct wait *wait,
                                GString *headline)
{
    if (wait->kind != WAIT_RECEIVE || wait->possible)
        return false;
    const struct message *sent = near_miss(scene, rank, wait, true);
    if (!sent)
        return false;
    g_string_append_printf(headline,
                           "the communicators differ: rank %d waits for a message from rank %d "
                           "(tag %d), which rank %d sent on another communicator",
                           rank, sent->source, sent->tag, sent->source);
    name_both(scene, rank, wait, sent, headline);
    return true;
}

/* Does a half of a message name a rank that has another number in the run's communicator? */
static bool is_meant_for_another(const struct outcome *outcome, const struct message *message)
{
    const bool sent = message->send.posted != NO_RECORD;
    const int rank = sent ? message->source : message->destination;
    const int peer = sent ? message->destination : message->source;
    return rank >= 0 && rank < outcome->ranks && peer >= 0 && peer < outcome->ranks &&
           options_rank_of_process(&outcome->options, peer, outcome->ranks) != peer;
}

static void name_message_in_world(const struct scene *scene, const struct message *message,
                                  GString *headline)
{
    const struct outcome *outcome = scene->outcome;
    const bool sent = message->send.posted != NO_RECORD;
    const int rank = sent ? message->source : message->destination;
    const int peer = sent ? message->destination : message->source;
    const int meant = options_rank_of_process(&outcome->options, peer, outcome->ranks);
    g_string_append_printf(
        headline,
        "messages go through MPI_COMM_WORLD, not through the communicator that was given: what "
        "rank %d %s rank %d %s rank %d (",
        rank, sent ? "sends to" : "receives from", meant, sent ? "goes to" : "would come from",
        peer);
    scene_name_call(
        scene, rank,
        scene_call_of(scene, rank, sent ? message->send.posted : message->receive.posted),
        headline);
    g_string_append_c(headline, ')');
}

/* A program that uses MPI_COMM_WORLD and knows its numbers gets messages through there. */
bool scene_goes_through_world(const struct scene *scene, GString *headline)
{
    const struct message *lost = NULL;
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->communicator != LOG_WORLD)
            continue;
        if (message->send.posted != NO_RECORD && message->receive.posted != NO_RECORD)
            return false;
        if (!lost && is_meant_for_another(scene->outcome, message))
            lost = message;
    }
    if (lost)
        name_message_in_world(scene, lost, headline);
    return lost;
}

/* ---- circles ------------------------------------------------------------------------------------ */

static enum diagnosis_kind kind_of_cycle(const struct scene *scene)
{
    guint sends = 0, receives = 0, count = scene->cycle->len;
    bool polls = false, windows = false, collectives = false;
    for (guint i = 0; i < count; i++) {
        int rank = g_array_index(scene->cycle, int, i);
        int next = g_array_index(scene->cycle, int, (i + 1) % count);
        const struct wait *wait = scene_wait_for_peer(scene, rank, next);
        sends += wait->kind == WAIT_SEND;
        receives += wait->kind == WAIT_RECEIVE;
        polls |= scene->place[rank].state == PLACE_POLLING;
        windows |= wait->kind == WAIT_WINDOW;
        collectives |= wait->kind == WAIT_COLLECTIVE;
    }
    if (windows || collectives)
        return windows ? DIAGNOSIS_WINDOW_HELD : DIAGNOSIS_COLLECTIVE_MISSING;
    if (polls)
        return DIAGNOSIS_POLLING;
    return sends == count      ? DIAGNOSIS_BOTH_SEND_FIRST
           : receives == count ? DIAGNOSIS_BOTH_RECEIVE_FIRST
                               : DIAGNOSIS_CYCLE;
}

/* Where they are, or only the first of them if there is no room for all; the table has it anyway. */
static void name_calls_of_cycle(const struct scene *scene, GString *headline)
{
    g_autoptr(GString) places = g_string_new(NULL);
    g_autofree char *first = NULL;
    bool same = scene->cycle->len > 1;
    for (guint i = 0; i < scene->cycle->len; i++) {
        int rank = g_array_index(scene->cycle, int, i);
        g_autoptr(GString) place = g_string_new(NULL);
        scene_name_call(scene, rank, scene->place[rank].call, place);
        first = first ? first : g_strdup(place->str);
        same = same && strcmp(first, place->str) == 0;
        g_string_append_printf(places, "%srank %d: %s", i > 0 ? ", " : "", rank, place->str);
    }
    g_autofree char *text =
        same ? g_strdup_printf(" (each in %s)", first) : g_strdup_printf(" (%s)", places->str);
    /* where sends wait, words about luck stand before it */
    gsize most = scene->outcome->synchronous ? LONGEST_HEADLINE / 2 : LONGEST_HEADLINE;
    g_autofree char *one =
        g_strdup_printf(" (rank %d: %s, …)", g_array_index(scene->cycle, int, 0), first);
    g_string_append(headline, headline->len + strlen(text) <= most ? text : one);
}

/* Did one of them post any receive, from anybody? Whether one would have followed is not known. */
static bool any_of_cycle_receives(const struct scene *scene)
{
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->receive.posted != NO_RECORD && scene_is_in(scene->cycle, message->destination))
            return true;
    }
    return false;
}

enum diagnosis_kind scene_name_circle(const struct scene *scene, GString *headline)
{
    if (scene->cycle->len == 0)
        return DIAGNOSIS_NONE;
    if (scene_is_crosswise(scene))
        return scene_name_crosswise(scene, headline);
    enum diagnosis_kind kind = kind_of_cycle(scene);
    g_string_append(headline, "deadlock: ");
    scene_name_cycle(scene, headline);
    if (scene->cycle->len == 1)
        g_string_append(headline, " waits for itself");
    else if (kind == DIAGNOSIS_BOTH_SEND_FIRST && !any_of_cycle_receives(scene))
        g_string_append(headline, " send first, and none of them has called a receive so far");
    else if (kind == DIAGNOSIS_BOTH_SEND_FIRST)
        g_string_append(headline, " send first, and none gets to its receive");
    else if (kind == DIAGNOSIS_BOTH_RECEIVE_FIRST)
        g_string_append(headline, " wait to receive first, and none gets to its send");
    else if (kind == DIAGNOSIS_POLLING)
        g_string_append(headline, " wait for each other, polling for ever");
    else if (kind == DIAGNOSIS_WINDOW_HELD)
        g_string_append(headline, " wait for each other, some for a window");
    else if (kind == DIAGNOSIS_COLLECTIVE_MISSING)
        g_string_append(headline, " wait for each other, some in a collective");
    else
        g_string_append_printf(headline, " wait for each other in a circle");
    name_calls_of_cycle(scene, headline);
    return kind;
}
