/* What becomes of a changed trace, by replay, and in words; see change.h. */
#include "class/viva/change.h"

#include <string.h>

/* ---- which message a receive takes -------------------------------------------------------------- */

/* Records keep their sequence numbers when they move: [receiver, number of its record] to the sender's number. */
static GHashTable *takings(const struct log_file *logs, const struct matching *matching)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        if (message->receive.posted == NO_RECORD || message->send.posted == NO_RECORD)
            continue;
        const struct log_record *receive =
                                    &logs[message->destination].record[message->receive.posted],
                                *send = &logs[message->source].record[message->send.posted];
        g_hash_table_insert(
            table,
            g_strdup_printf("%d %" G_GUINT64_FORMAT, message->destination,
                            (guint64)receive->sequence),
            g_strdup_printf("%d %" G_GUINT64_FORMAT, message->source, (guint64)send->sequence));
    }
    return table;
}

static void compare_data(const struct viva_run *run, const struct log_file *logs,
                         const struct matching *matching, struct viva_outcome *outcome)
{
    g_autoptr(GHashTable) before = takings(run->logs, run->matching);
    g_autoptr(GHashTable) after = takings(logs, matching);
    for (int i = 0; i < run->matching->count; i++) {
        const struct message *message = &run->matching->message[i];
        if (message->receive.posted == NO_RECORD || message->send.posted == NO_RECORD)
            continue;
        const struct log_record *receive =
            &run->logs[message->destination].record[message->receive.posted];
        g_autofree char *key = g_strdup_printf("%d %" G_GUINT64_FORMAT, message->destination,
                                               (guint64)receive->sequence);
        const char *then = g_hash_table_lookup(before, key), *now = g_hash_table_lookup(after, key);
        if (!then || !now || strcmp(then, now) == 0)
            continue;
        if (outcome->other_data++ == 0) {
            g_autofree char *place = viva_place(run, receive);
            outcome->first_other = g_strdup_printf("rank %d at %s", message->destination, place);
        }
    }
}

/* ---- who waits for whom ---------------------------------------------------------------------------- */

static char *waits_of(const struct viva_run *run, const struct log_file *logs,
                      const struct replay *replay)
{
    GString *text = g_string_new(NULL);
    int told = 0;
    for (int rank = 0; rank < replay->ranks; rank++) {
        const struct replay_rank *one = &replay->rank[rank];
        if (!one->stuck)
            continue;
        if (told++ == 8) {
            g_string_append(text, "; and others");
            break;
        }
        g_string_append(text, told > 1 ? "; " : "");
        g_string_append_printf(text, "rank %d waits", rank);
        if (one->stuck_in != NO_RECORD && one->stuck_in < logs[rank].count) {
            g_autofree char *place = viva_place(run, &logs[rank].record[one->stuck_in]);
            g_string_append_printf(text, " in %s", place);
        }
        if (one->waits_for >= 0)
            g_string_append_printf(text, " for rank %d", one->waits_for);
    }
    return g_string_free(text, FALSE);
}

/* A receive that did complete is taken for one whose send is not in the logs; in a trace that was whole, and was changed, there
 * is no such send, and it waits for ever. */
static void forget_arrivals(struct matching *matching)
{
    for (int i = 0; i < matching->count; i++)
        if (matching->message[i].send.posted == NO_RECORD)
            matching->message[i].receive.completed = NO_RECORD;
}

struct viva_outcome viva_replay(const struct viva_run *run, const struct log_file *logs)
{
    struct viva_outcome outcome = {0};
    struct matching *matching = matching_new(logs, run->ranks);
    if (run->complete)
        forget_arrivals(matching);
    for (int synchronous = 0; synchronous < 2; synchronous++) {
        const struct replay_options options = {.synchronous = synchronous, .step = run->step};
        struct replay *replay = replay_run(logs, run->ranks, matching, options);
        if (synchronous)
            outcome.deadlock_synchronous = replay->deadlock;
        else
            outcome.deadlock = replay->deadlock;
        if (!synchronous)
            outcome.makespan = replay->makespan;
        if (replay->deadlock && !outcome.waits)
            outcome.waits = waits_of(run, logs, replay);
        replay_free(replay);
    }
    compare_data(run, logs, matching, &outcome);
    matching_free(matching);
    return outcome;
}

void viva_outcome_clear(struct viva_outcome *outcome)
{
    g_free(outcome->waits);
    g_free(outcome->first_other);
}

char *viva_outcome_words(const struct viva_outcome *before, const struct viva_outcome *after)
{
    GString *text = g_string_new(NULL);
    if (after->deadlock && !before->deadlock)
        g_string_append_printf(text, "**Deadlock.** %s.", after->waits);
    else if (after->deadlock_synchronous && !before->deadlock_synchronous)
        g_string_append_printf(
            text,
            "It comes to its end where MPI copies the messages, and **hangs where it does not** "
            "(large messages, another MPI): %s.",
            after->waits);
    else if (before->makespan > 0 && after->makespan > before->makespan * 1.0005)
        g_string_append_printf(
            text, "It comes to its end, and the step takes **%.0f%% longer** in charged FLOPs.",
            100 * (after->makespan / before->makespan - 1));
    else if (before->makespan > 0 && after->makespan < before->makespan * 0.9995)
        g_string_append_printf(
            text, "It comes to its end, and the step takes **%.0f%% less** in charged FLOPs.",
            100 * (1 - after->makespan / before->makespan));
    else
        g_string_append(text, "**Nothing changes** in the order of things: every rank can go on as "
                              "before, and nobody waits "
                              "longer for the others' computations.");
    if (after->other_data > 0)
        g_string_append_printf(
            text,
            " But %d receives get **another message** than before, the first of them on %s: "
            "the numbers are wrong, without an error.",
            after->other_data, after->first_other);
    return g_string_free(text, FALSE);
}
