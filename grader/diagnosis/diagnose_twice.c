/*
 * For the diagnosis: a message that is asked for, or sent, a second time. By its tag
 * that is seen where tags tell messages apart: no two that one rank received from
 * another within the step had the same. Then it is no matter of how tags are made.
 */
#include "grader/diagnosis/diagnose_parts.h"

/* Was this message to `rank` from `peer` received within the step that the rank is in? */
static bool was_received(const struct scene *scene, int rank, int peer, int index)
{
    const struct message *message = &scene->matching->message[index];
    return message->source == peer && message->destination == rank &&
           message->send.posted != NO_RECORD && message->receive.posted != NO_RECORD &&
           message->receive.completed != NO_RECORD &&
           message->receive.step == scene->place[rank].step;
}

static bool same_envelope(const struct message *one, const struct message *other)
{
    return one->tag == other->tag && one->communicator == other->communicator;
}

static bool tags_tell_apart(const struct scene *scene, int rank, int peer)
{
    const struct matching *matching = scene->matching;
    int received = 0;
    for (int i = 0; i < matching->count; i++) {
        if (!was_received(scene, rank, peer, i))
            continue;
        received++;
        for (int k = 0; k < i; k++)
            if (was_received(scene, rank, peer, k) &&
                same_envelope(&matching->message[k], &matching->message[i]))
                return false;
    }
    return received > 0;
}

/* The one with this envelope that was received. */
static int received_with(const struct scene *scene, int rank, int peer,
                         const struct message *envelope)
{
    for (int i = 0; i < scene->matching->count; i++)
        if (was_received(scene, rank, peer, i) &&
            same_envelope(&scene->matching->message[i], envelope))
            return i;
    return NO_MESSAGE;
}

static bool is_open_receive(const struct scene *scene, int rank, const struct wait *wait)
{
    return wait->kind == WAIT_RECEIVE && !wait->possible && wait->peer != LOG_NO_PEER &&
           wait->message != NO_MESSAGE && scene->place[rank].step >= 0;
}

int scene_asked_again(const struct scene *scene, int rank, const struct wait *wait)
{
    if (!is_open_receive(scene, rank, wait))
        return NO_MESSAGE;
    int before = received_with(scene, rank, wait->peer, &scene->matching->message[wait->message]);
    return before != NO_MESSAGE && tags_tell_apart(scene, rank, wait->peer) ? before : NO_MESSAGE;
}

int scene_sent_again(const struct scene *scene, int rank, const struct wait *wait, int *first)
{
    if (!is_open_receive(scene, rank, wait))
        return NO_MESSAGE;
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->source != wait->peer || message->destination != rank ||
            message->receive.posted != NO_RECORD || message->send.posted == NO_RECORD ||
            message->send.step != scene->place[rank].step)
            continue;
        *first = received_with(scene, rank, wait->peer, message);
        if (*first != NO_MESSAGE && tags_tell_apart(scene, rank, wait->peer))
            return i;
    }
    return NO_MESSAGE;
}

bool scene_asks_twice(const struct scene *scene, int rank, const struct wait *wait,
                      GString *headline)
{
    int before = scene_asked_again(scene, rank, wait);
    if (before == NO_MESSAGE)
        return false;
    g_string_append_printf(headline,
                           "rank %d asks a second time for the message with tag %d from rank %d, "
                           "which it has received already: ",
                           rank, scene->matching->message[before].tag, wait->peer);
    scene_name_call(scene, rank, scene->place[rank].call, headline);
    return true;
}

bool scene_was_sent_twice(const struct scene *scene, int rank, const struct wait *wait,
                          GString *headline)
{
    int first, second = scene_sent_again(scene, rank, wait, &first);
    if (second == NO_MESSAGE)
        return false;
    g_string_append_printf(headline,
                           "rank %d sent a second message with tag %d, and rank %d, which has "
                           "received one, waits for another (tag %d): ",
                           wait->peer, scene->matching->message[second].tag, rank,
                           scene->outcome->log[rank].record[wait->posted].tag);
    scene_name_call(scene, rank, scene->place[rank].call, headline);
    return true;
}
