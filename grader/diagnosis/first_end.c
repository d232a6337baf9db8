/* The first of the ranks to end; see first_end.h. */
#include "grader/diagnosis/first_end.h"

#include "grader/diagnosis/diagnose_parts.h"
#include "grader/trace/source_line.h"

#include <signal.h>
#include <string.h>

/* ---- how a rank ended ---------------------------------------------------------------------- */

struct rank_end {
    enum first_end_kind kind;
    uint64_t clock;
    size_t record; /* or NO_RECORD */
};

/* Whose main function it is calls it at its end. */
static bool is_students_call(const struct outcome *outcome, const struct log_record *record)
{
    int places;
    const struct source_place *place =
        source_line_places(outcome->program, record->caller, &places);
    for (int i = 0; i < places; i++)
        if (diagnosis_is_of_the_kit(place[i].path) || strcmp(place[i].function, "main") == 0)
            return false;
    return places > 0 && place[0].path[0] != '\0';
}

/* The first MPI_Finalize within a training step or in a student's function, or MPI_Abort. */
static struct rank_end end_in_log(const struct outcome *outcome, int rank)
{
    const struct log_file *log = &outcome->log[rank];
    bool in_step = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        in_step =
            record->operation == LOG_STEP_BEGIN || (in_step && record->operation != LOG_STEP_END);
        if (record->operation == LOG_ABORT ||
            (record->operation == LOG_FINALIZE && (in_step || is_students_call(outcome, record))))
            return (struct rank_end){record->operation == LOG_ABORT ? FIRST_END_ABORT
                                                                    : FIRST_END_FINALIZE,
                                     record->clock, i};
    }
    return (struct rank_end){.kind = FIRST_END_UNKNOWN, .record = NO_RECORD};
}

/* MPI calls exit(), too, where it gives up: that is no rank's own doing. */
static bool is_students(const struct outcome *outcome, const struct last_words *words)
{
    g_autoptr(GPtrArray) lines = scene_lines_of_student(outcome->program, &words->calls);
    return lines->len > 0;
}

bool diagnosis_was_ended(const struct outcome *outcome, int rank)
{
    const struct last_words *words = outcome->words ? &outcome->words[rank] : NULL;
    if (!words || words->kind != LAST_WORDS_SIGNAL || words->number != SIGTERM)
        return false;
    for (int other = 0; other < outcome->ranks; other++)
        if (outcome->log[other].pid != 0 && (int64_t)outcome->log[other].pid == words->sender)
            return false;
    return true;
}

static struct rank_end end_of_rank(const struct outcome *outcome, int rank)
{
    struct rank_end end = end_in_log(outcome, rank);
    const struct last_words *words = outcome->words ? &outcome->words[rank] : NULL;
    if (!words || words->kind == LAST_WORDS_NONE ||
        (end.kind != FIRST_END_UNKNOWN && end.clock <= words->clock) ||
        (words->kind == LAST_WORDS_EXIT && !is_students(outcome, words)) ||
        diagnosis_was_ended(outcome, rank))
        return end;
    return (struct rank_end){words->kind == LAST_WORDS_MESSAGE  ? FIRST_END_MESSAGE
                             : words->kind == LAST_WORDS_SIGNAL ? FIRST_END_CRASH
                                                                : FIRST_END_EXIT,
                             words->clock, NO_RECORD};
}

/* ---- the first ----------------------------------------------------------------------------- */

/* Two ranks that end in the same way at about the same time do so each by itself: which of them is the
 * first is left to chance. */
static bool end_together(const struct rank_end *a, const struct rank_end *b)
{
    const uint64_t apart = a->clock > b->clock ? a->clock - b->clock : b->clock - a->clock;
    return a->kind == b->kind && (double)apart <= LAST_WORDS_TOGETHER * 1e9;
}

struct first_end diagnosis_first_end(const struct outcome *outcome)
{
    if (!outcome->log || outcome->ranks < 1)
        return (struct first_end){.kind = FIRST_END_UNKNOWN, .rank = -1, .record = NO_RECORD};
    g_autofree struct rank_end *end = g_new(struct rank_end, (gsize)outcome->ranks);
    int first = -1;
    for (int rank = 0; rank < outcome->ranks; rank++) {
        end[rank] = end_of_rank(outcome, rank);
        if (end[rank].kind != FIRST_END_UNKNOWN &&
            (first < 0 || end[rank].clock < end[first].clock))
            first = rank;
    }
    if (first < 0)
        return (struct first_end){.kind = FIRST_END_UNKNOWN, .rank = -1, .record = NO_RECORD};
    int lowest = 0;
    while (lowest < first && !end_together(&end[lowest], &end[first]))
        lowest++;
    return (struct first_end){end[first].kind, lowest, end[lowest].record};
}

/* ---- the run ------------------------------------------------------------------------------- */

enum run_end diagnosis_end_of_run(const struct outcome *outcome, enum run_end end, char **trouble)
{
    *trouble = NULL;
    if (end != RUN_HUNG && end != RUN_TIMED_OUT && end != RUN_CRASHED && end != RUN_FAILED)
        return end;
    const struct first_end first = diagnosis_first_end(outcome);
    /* Whoever called MPI_Finalize may well make the others wait. */
    if (first.kind == FIRST_END_UNKNOWN || first.kind == FIRST_END_FINALIZE)
        return end;
    const enum run_end right = first.kind == FIRST_END_CRASH ? RUN_CRASHED : RUN_FAILED;
    if (right == end)
        return end;
    if (first.kind == FIRST_END_CRASH) {
        const int number = outcome->words[first.rank].number;
        *trouble = g_strdup_printf("rank %d was ended by signal %d (%s)", first.rank, number,
                                   strsignal(number));
    } else {
        *trouble = g_strdup_printf("rank %d ended it", first.rank);
    }
    return right;
}
