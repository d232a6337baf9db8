/*
 * Judge "luck": does the program work only because MPI copied its messages?
 *
 * MPI_Send may return before the message is received, and with small messages it
 * does. A program that needs this works by luck. The log is replayed with sends
 * that wait for their receive; and no buffer may change while its message is
 * under way, and no message be left without a wait. A run that was simulated with
 * such sends and hung shows it by itself: judge_all_finished tells that.
 */
#include "grader/luck.h"
#include "grader/diagnose.h"
#include "grader/judges/evidence.h"
#include "grader/judges/judges.h"
#include "grader/judges/messages.h"
#include "grader/judges/order_of_hang.h"
#include "grader/replay.h"
#include "grader/source_line.h"
#include "grader/text.h"

/* Who would wait for whom, in words and as a picture. */
static void explain_stuck(const struct judgement *judgement, const struct outcome *run,
                          const struct outcome *stuck, struct verdict *verdict)
{
    g_autofree char *name = g_strdup_printf("%s-run-%d-luck", judgement->picture_prefix,
                                            (int)(run - judgement->outcome) + 1);
    g_autofree char *path = judgement->picture_folder != NULL
                                ? g_build_filename(judgement->picture_folder, name, NULL)
                                : NULL;
    bool drawn;
    struct diagnosis *diagnosis = diagnosis_new(stuck, path, &drawn);
    order_of_hang_name(stuck, diagnosis);
    verdict_explain(verdict, "\nIt would stop like this: ");
    text_append_plain(verdict->explanation, diagnosis->headline->str);
    g_string_append_printf(verdict->explanation, ".\n\n%s", diagnosis->markdown->str);
    if (verdict->mistake->len == 0)
        g_string_append(verdict->mistake, diagnosis->mistake->str);
    if (drawn)
        g_ptr_array_add(verdict->pictures, g_strdup_printf("%s.svg", name));
    diagnosis_free(diagnosis);
}

/* The ranks that wait for each other in a circle: "0 → 1 → 0", or an empty text. */
static char *cycle_text(const struct replay *replay)
{
    for (int start = 0; start < replay->ranks; start++) {
        GString *text = g_string_new(NULL);
        int rank = start;
        for (int i = 0; i <= replay->ranks && rank >= 0 && rank < replay->ranks; i++) {
            g_string_append_printf(text, "%s%d", i ? " → " : "", rank);
            if (i > 0 && rank == start)
                return g_string_free(text, FALSE);
            rank = replay->rank[rank].stuck ? replay->rank[rank].waits_for : -1;
        }
        g_string_free(text, TRUE);
    }
    return g_strdup("");
}

static bool buffers_stay(const struct outcome *run, const struct matching *matching,
                         struct verdict *verdict)
{
    int number = messages_changed(matching);
    if (number == NO_MESSAGE)
        return true;
    const struct message *message = &matching->message[number];
    const struct log_file *log = &run->log[message->source];
    const char *line = run->program && message->send.posted < log->count
                           ? source_line(run->program, log->record[message->send.posted].caller)
                           : "";
    evidence_fail(
        verdict,
        "the message with tag %d from rank %d to rank %d (step %d%s%s) was changed before "
        "its send had completed",
        message->tag, message->source, message->destination, message->send.step,
        line[0] ? ", " : "", line);
    verdict_explain(verdict,
                    "\nUntil MPI_Wait has returned for a request, its buffer belongs to MPI: "
                    "do not write to it and do not free it.\n");
    return false;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (!evidence_logs(run, verdict))
        return;
    struct matching *matching = matching_new(run->log, run->ranks);
    struct replay *replay =
        replay_run(run->log, run->ranks, matching,
                   (struct replay_options){.synchronous = true, .step = REPLAY_ALL_STEPS});
    if (replay->deadlock) {
        g_autofree char *cycle = cycle_text(replay);
        uint64_t bytes = luck_hanging_bytes(run->log, run->ranks, matching);
        g_autofree char *size = luck_number(bytes), *meaning = luck_explain(bytes);
        evidence_fail(verdict,
                      "the program works only by luck: it would hang with messages of %s bytes or "
                      "more, if MPI did not copy them%s%s",
                      size, cycle[0] ? ", ranks waiting in a circle: " : "", cycle);
        verdict_explain(verdict, "\n%s\n", meaning);
        struct outcome stuck = luck_stuck(run, replay);
        explain_stuck(judgement, run, &stuck, verdict);
        g_free(stuck.log);
    } else if (buffers_stay(run, matching, verdict)) {
        messages_waited_for(run, matching, verdict);
    }
    replay_free(replay);
    matching_free(matching);
}

void judge_luck(const struct judgement *judgement, struct verdict *verdict)
{
    judge_each_run(judgement, verdict, judge_run,
                   "no send needs to be copied by MPI, and no buffer is touched too early");
}
