/*
 * Judge "luck".
 *
 * Run:       training steps on this computer; the log is replayed with sends that wait for their
 *            receive. (MPI_Send may return before the message is received, and with small messages
 *            it does.)
 * Must hold: the replay comes to its end, no buffer changes while its message is under way, and no
 *            message is left without a wait.
 * A failure: the program works only because MPI copied its messages. A run that was simulated with
 *            such sends and hung shows it by itself: grade_all_finished tells that.
 */
#include "grader/trace/luck.h"
#include "grader/diagnosis/diagnose.h"
#include "grader/evidence/evidence.h"
#include "grader/evidence/messages.h"
#include "grader/judges/judges.h"
#include "grader/text/text.h"
#include "grader/trace/call_place.h"
#include "grader/trace/replay.h"

/* Who would wait for whom, in words and as a picture. */
static void explain_stuck(const struct judgement *judgement, const struct outcome *run,
                          const struct outcome *stuck, struct verdict *verdict)
{
    g_autofree char *path = verdict_picture_path(judgement, run, "luck");
    bool drawn;
    struct diagnosis *diagnosis = diagnosis_new(stuck, path, &drawn);
    verdict_explain(verdict, "\nIt would stop like this: ");
    text_append_plain(verdict->explanation, diagnosis->headline->str);
    g_string_append_printf(verdict->explanation, ".\n\n%s", diagnosis->markdown->str);
    if (verdict->mistake->len == 0)
        g_string_append(verdict->mistake, diagnosis->mistake->str);
    g_string_assign(verdict->look, diagnosis->look->str);
    if (drawn) {
        g_autofree char *words =
            g_strdup_printf("Who would wait for whom: %s", diagnosis->headline->str);
        verdict_add_picture(verdict, path, words);
    }
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
    g_autoptr(GString) line = g_string_new(NULL);
    if (message->send.posted < log->count)
        call_place_name_line(run->program, &log->record[message->send.posted], line);
    bool freed = message->send.completed < log->count &&
                 (log->record[message->send.completed].flag & LOG_FLAG_FREED);
    evidence_fail(
        verdict,
        "the message with tag %d from rank %d to rank %d (step %d%s%s) was changed before %s",
        message->tag, message->source, message->destination, message->send.step,
        line->len > 0 ? ", sent" : "", line->str,
        freed ? "the rank could know that it had arrived: its request was freed"
              : "its send had completed");
    const int other = messages_overwritten_by(matching, number);
    if (other != NO_MESSAGE)
        g_string_append_printf(verdict->headline,
                               ": the message with tag %d was sent from the same buffer meanwhile",
                               matching->message[other].tag);
    verdict->spoils = true;
    verdict_explain(verdict, freed
                                 ? "\nMPI_Request_free does not wait. The buffer still belongs to "
                                   "MPI, until something that the receiver sent behind its "
                                   "receive says that the message is there: wait for the request "
                                   "instead.\n"
                                 : "\nUntil MPI_Wait has returned for a request, its buffer "
                                   "belongs to MPI: do not write to it and do not free it.\n");
    verdict_look(verdict, "what the code does with this buffer between the send and its MPI_Wait");
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
    evidence_each_run(judgement, verdict, judge_run,
                      "no send needs to be copied by MPI, and no buffer is touched too early");
}
