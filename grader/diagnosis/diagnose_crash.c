/*
 * For the diagnosis: a crash. Which rank it was, and what it did.
 */
#include "grader/diagnosis/diagnose_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static int only_one_in(const struct scene *scene, enum place_state state)
{
    int found = -1;
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        if (scene->place[rank].state != state)
            continue;
        if (found >= 0)
            return -1;
        found = rank;
    }
    return found;
}

/* All ranks of a simulated run are in one process; but only one goes on at a time. The others are
 * in an MPI call, or paused at the end of a computation. */
int scene_one_that_ran(const struct scene *scene)
{
    static const enum place_state states[] = {PLACE_OUTSIDE, PLACE_POLLING, PLACE_COMPUTING,
                                              PLACE_BETWEEN_STEPS};
    int found = -1;
    for (gsize i = 0; scene->outcome->simulated && found < 0 && i < G_N_ELEMENTS(states); i++)
        found = only_one_in(scene, states[i]);
    return found;
}

/* mpirun and the kit's handler count processes, as MPI_COMM_WORLD does; the log counts as the run's
 * communicator does. */
static int rank_of(const struct scene *scene, const char *process)
{
    return options_rank_of_process(&scene->outcome->options, atoi(process), scene->outcome->ranks);
}

static void say_where(struct scene *scene, int rank, GString *headline)
{
    if (rank < 0 || rank >= scene->outcome->ranks)
        return;
    const struct place *place = &scene->place[rank];
    scene->culprit = rank;
    g_string_append_c(headline, ' ');
    if (place->state == PLACE_IN_CALL) {
        g_string_append(headline, "in ");
        scene_name_call(scene, rank, place->call, headline);
    } else {
        scene_describe_computation(scene, rank, headline);
    }
    g_autoptr(GString) request = g_string_new(NULL);
    if (scene_describe_unknown_request(scene, rank, request))
        g_string_append_printf(headline, ", %s", request->str);
}

/* In a simulated run the kit itself says it: "rank 1 crashed (Aborted) at step.c:12". */
static bool told_by_the_kit(struct scene *scene, const char *output, GString *headline)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line =
        g_regex_new("^rank (\\d{1,6}) crashed \\(([^)\n]{1,99})\\)( at \\S{1,200})?$",
                    G_REGEX_MULTILINE, 0, NULL);
    if (!scene->outcome->simulated || !g_regex_match(line, output, 0, &match))
        return false;
    g_autofree char *process = g_match_info_fetch(match, 1), *what = g_match_info_fetch(match, 2);
    g_autofree char *place = g_match_info_fetch(match, 3);
    const int rank = rank_of(scene, process);
    g_string_append_printf(headline, "rank %d crashed (%s)%s%s", rank, what, place,
                           place[0] != '\0' ? "," : "");
    say_where(scene, rank, headline);
    return true;
}

/* The rank whose process that was, or -1. */
static int rank_of_process(const struct scene *scene, int64_t process)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        if (process > 0 && scene->outcome->log[rank].pid == (uint64_t)process)
            return rank;
    return -1;
}

void scene_name_crash(struct scene *scene, int rank, GString *headline)
{
    const struct outcome *outcome = scene->outcome;
    const struct last_words *words = &outcome->words[rank];
    if (told_by_the_kit(scene, outcome->output ? outcome->output : "", headline))
        return;
    /* Who raises a signal by itself, with abort() for example, is its own sender. */
    const bool sent = words->code <= 0 && words->sender != (int64_t)outcome->log[rank].pid;
    const int sender = sent ? rank_of_process(scene, words->sender) : -1;
    if (sent) {
        g_string_append_printf(headline, "rank %d was sent signal %d (%s)", rank, words->number,
                               strsignal(words->number));
        if (sender >= 0)
            g_string_append_printf(headline, " by rank %d,", sender);
        say_where(scene, rank, headline);
        scene->culprit = sender >= 0 ? sender : rank;
        return;
    }
    g_string_append_printf(headline, "rank %d crashed (%s)", rank, strsignal(words->number));
    say_where(scene, rank, headline);
    g_autoptr(GPtrArray) lines =
        scene_lines_of_calls(outcome->program, words->calls.place, (guint)words->calls.count);
    scene_describe_lines(lines, headline);
    if (words->full_stack)
        g_string_append(headline, "; its stack is full: by a large array in a function or by a "
                                  "recursion without end");
}

/* No computation raises them: whoever ends by one of these was ended. */
static bool is_only_sent(int number)
{
    static const int raised[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (gsize i = 0; i < G_N_ELEMENTS(raised); i++)
        if (number == raised[i])
            return false;
    return true;
}

/* Some rank, or all of them, with mpirun: which is seen first is left to chance, and who sent it is not
 * known. */
static void name_kill(int number, GString *headline)
{
    g_string_append_printf(headline,
                           "the program was ended by signal %d (%s), which no computation raises: "
                           "somebody sent it, and who is not known (a kill() of the program's own, "
                           "or the computer's, for want of memory?)",
                           number, strsignal(number));
}

/* mpirun says which rank got which signal. The program can print the same; it then only
 * misleads its own author. */
bool scene_crashed(struct scene *scene, GString *headline)
{
    const struct outcome *outcome = scene->outcome;
    if (outcome->end != RUN_CRASHED)
        return false;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line =
        g_regex_new("process rank (\\d{1,6})\\b.*?exited\\s+on\\s+signal (\\d{1,3}) \\(([^)]*)\\)",
                    G_REGEX_DOTALL, 0, NULL);
    const char *output = outcome->output ? outcome->output : "";
    int alone = scene_one_that_ran(scene);
    if (told_by_the_kit(scene, output, headline))
        return true;
    bool told = g_regex_match(line, output, 0, &match);
    g_autofree char *number = told ? g_match_info_fetch(match, 2) : NULL;
    int signal = told ? atoi(number) : outcome->signal;
    if (signal > 0 && is_only_sent(signal)) {
        name_kill(signal, headline);
    } else if (told) {
        g_autofree char *process = g_match_info_fetch(match, 1),
                        *what = g_match_info_fetch(match, 3);
        const int rank = rank_of(scene, process);
        g_string_append_printf(headline, "rank %d crashed (%s)", rank, what);
        say_where(scene, rank, headline);
        scene_describe_crash(outcome, headline);
    } else if (alone >= 0) {
        g_string_append_printf(headline, "rank %d crashed", alone);
        if (outcome->trouble)
            g_string_append_printf(headline, " (%s)", outcome->trouble);
        say_where(scene, alone, headline);
    } else {
        g_string_append(headline, "the program crashed");
        if (outcome->trouble)
            g_string_append_printf(headline, ": %s", outcome->trouble);
    }
    return true;
}
