/*
 * For the diagnosis: a crash. Which rank it was, and what it did.
 */
#include "grader/diagnosis/diagnose_parts.h"

#include <stdlib.h>

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
    g_autofree char *rank = g_match_info_fetch(match, 1), *what = g_match_info_fetch(match, 2);
    g_autofree char *place = g_match_info_fetch(match, 3);
    g_string_append_printf(headline, "rank %d crashed (%s)%s%s", atoi(rank), what, place,
                           place[0] != '\0' ? "," : "");
    say_where(scene, atoi(rank), headline);
    return true;
}

/* mpirun says which rank got which signal. The program can print the same; it then only
 * misleads its own author. */
bool scene_crashed(struct scene *scene, GString *headline)
{
    if (scene->outcome->end != RUN_CRASHED)
        return false;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line =
        g_regex_new("process rank (\\d+)\\b.*?exited\\s+on\\s+signal (\\d+) \\(([^)]*)\\)",
                    G_REGEX_DOTALL, 0, NULL);
    const char *output = scene->outcome->output ? scene->outcome->output : "";
    int alone = scene_one_that_ran(scene);
    if (told_by_the_kit(scene, output, headline))
        return true;
    if (g_regex_match(line, output, 0, &match)) {
        g_autofree char *rank = g_match_info_fetch(match, 1), *what = g_match_info_fetch(match, 3);
        g_string_append_printf(headline, "rank %d crashed (%s)", atoi(rank), what);
        say_where(scene, atoi(rank), headline);
        scene_describe_crash(scene->outcome, headline);
    } else if (alone >= 0) {
        g_string_append_printf(headline, "rank %d crashed", alone);
        if (scene->outcome->trouble)
            g_string_append_printf(headline, " (%s)", scene->outcome->trouble);
        say_where(scene, alone, headline);
    } else {
        g_string_append(headline, "the program crashed");
        if (scene->outcome->trouble)
            g_string_append_printf(headline, ": %s", scene->outcome->trouble);
    }
    return true;
}
