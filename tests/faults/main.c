/*
 * build/faults: tries all faults of the machine and prints what the grader makes of each.
 *
 * make faults              all of them, and writes docs/faults.md
 *      ARGS="--only mkdir --only nm"   some of them; names may end with *. Also a kind: call, program …
 *      ARGS="--how ENOSPC"             some ways to fail
 *      ARGS=--right                    no wrong submissions
 *      ARGS="--places 8"               of the places that a call is made from 8, spread evenly
 *      ARGS=--write                    with these: the page, with what is known of the others
 *      ARGS="--assignment NAME --check CHECK"   another assignment's solutions; not for the page
 *
 * Exit status: 0 no fault costs a point, lets a wrong submission pass, or ends without a word; 1 not;
 * 2 wrong options, or no full marks even without a fault.
 */
#include "grader/text/progress.h"
#include "tests/faults/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_JOBS 32

struct trials {
    struct fault_trial *trial;
    struct fault_result *result;
    guint count;
};

static char **only, **hows;
static char *build_folder, *assignment, *checks;
static int jobs = 2, most_places = INJECT_PLACES;
static gboolean right, write_page;

/* The page is of the example: any other assignment is only tried. */
static bool is_example(void)
{
    return strcmp(assignment, "example") == 0;
}

static bool is_wanted(const char *name)
{
    for (char **wish = only; wish && *wish; wish++)
        if (g_pattern_match_simple(*wish, name))
            return true;
    return !only;
}

static bool is_wanted_how(const char *how)
{
    return !hows || g_strv_contains((const char *const *)hows, how);
}

static void add(GArray *trials, struct fault fault, bool right_only)
{
    for (enum fault_submission who = 0; who < (right_only || right ? 1 : FAULT_SUBMISSIONS);
         who++) {
        if (who == FAULT_HIDING_ONE && fault.kind != FAULT_PROGRAM)
            continue; /* it is looked for by programs */
        struct fault_trial trial = {.fault = fault,
                                    .submission = who,
                                    .assignment = assignment,
                                    .checks = checks,
                                    .build_folder = build_folder};
        g_array_append_val(trials, trial);
    }
}

/* Where nothing fails, the right one gets full marks: else no fault would show anything. */
static bool grades_without_faults(void)
{
    const struct fault_trial trial = {.fault = {FAULT_CALL, "chdir", FAULT_COUNTED, 0},
                                      .assignment = assignment,
                                      .checks = checks,
                                      .build_folder = build_folder};
    const struct fault_result result = fault_try(&trial);
    if (result.end != FAULT_FULL)
        fprintf(stderr, "faults: without any fault: %s: %s\n", fault_end_name(result.end),
                result.sentence);
    return result.end == FAULT_FULL;
}

/* Where the call is made from, or as many of these places as are wanted: the first, the last, and between. */
static struct fault_result count_places(const struct fault_row *row)
{
    const struct fault_trial trial = {.fault = {FAULT_CALL, row->what, FAULT_COUNTED, 0},
                                      .assignment = assignment,
                                      .checks = checks,
                                      .build_folder = build_folder};
    struct fault_result counted = fault_try(&trial);
    const int all = counted.places, some = MIN(all, most_places);
    for (int i = 1; i < some; i++)
        counted.place[i] = counted.place[i * (all - 1) / (some - 1)];
    counted.places = some;
    counted.sentence[0] = '\0';
    g_snprintf(counted.culprit, sizeof counted.culprit, "%d of %d", some, all);
    printf("%s: %s places\n", row->what, counted.culprit);
    fflush(stdout);
    if (is_example() && !fault_results_add(build_folder, &trial, &counted, 1))
        exit(EXIT_FAILURE);
    return counted;
}

static void add_row(GArray *trials, enum fault_kind kind, const struct fault_row *row)
{
    static const int sizes[] = {0, 16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    static const int files[] = {2, 4, 8, 16, 32, 64, 128, 140, 160};
    static const int moments[] = {0, 100, 300, 600, 1000, 1500, 2500};
    g_auto(GStrv) ways = g_strsplit(row->hows, " ", -1);
    const bool right_only = !is_example();
    struct fault_result counted = {0};
    if (kind == FAULT_CALL)
        counted = count_places(row);
    if (kind == FAULT_CALL && counted.places == 0)
        return;
    for (char **how = ways; *how; how++) {
        if (!is_wanted_how(*how))
            continue;
        struct fault fault = {kind, row->what, g_intern_string(*how), 0};
        if (kind == FAULT_CALL) {
            const bool interrupted =
                strcmp(*how, "EINTR") == 0; /* for ever, that happens nowhere */
            if (!interrupted)
                add(trials, fault, right_only);
            /* One reason for each place is enough, and any for the function. */
            for (int i = 0; i < counted.places && (how == ways || interrupted || hows); i++) {
                fault.nth = counted.place[i];
                add(trials, fault, true);
            }
        } else if (kind == FAULT_KILL || strcmp(*how, "filling") == 0) {
            for (guint i = 0; i < G_N_ELEMENTS(moments); i++) {
                fault.nth = moments[i];
                add(trials, fault, right_only || i % 3 != 0);
            }
        } else if (strcmp(*how, "full") == 0) {
            for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
                fault.nth = sizes[i];
                add(trials, fault, right_only || i % 3 != 0);
            }
        } else if (strcmp(*how, "no-inodes") == 0) {
            for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
                fault.nth = files[i];
                add(trials, fault, right_only || i % 3 != 0);
            }
        } else {
            add(trials, fault, right_only);
        }
    }
}

static void print(const struct fault_trial *trial, const struct fault_result *result)
{
    static const char *const who[] = {"right", "wrong", "calling", "hiding"};
    printf("%-18s %-8s %-13s %-14s %5d  %-7s %5.1f s  %s%s%s\n", fault_end_name(result->end),
           fault_kind_name(trial->fault.kind), trial->fault.what, trial->fault.how,
           trial->fault.nth, who[trial->submission], result->seconds, result->culprit,
           result->culprit[0] ? ": " : "", result->sentence);
    fflush(stdout);
}

/* Two at a time; each is a process that leaves its result in a pipe. */
static void work(struct trials *trials)
{
    struct {
        pid_t pid;
        int pipe;
        guint at;
    } busy[MOST_JOBS] = {0};
    guint next = 0, running = 0;
    struct text_progress progress = text_progress_begin("faults", (int)trials->count);
    while (next < trials->count || running > 0) {
        for (int slot = 0; slot < jobs; slot++) {
            if (busy[slot].pid || next >= trials->count)
                continue;
            int ends[2];
            if (pipe(ends) != 0)
                exit(EXIT_FAILURE);
            fflush(NULL);
            busy[slot].at = next++;
            busy[slot].pipe = ends[0];
            busy[slot].pid = fork();
            if (busy[slot].pid == 0) {
                struct fault_result result = fault_try(&trials->trial[busy[slot].at]);
                _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
            }
            close(ends[1]);
            running++;
        }
        text_progress_next(&progress, NULL);
        const pid_t ended = wait(NULL);
        for (int slot = 0; slot < jobs; slot++) {
            if (busy[slot].pid != ended)
                continue;
            const guint at = busy[slot].at;
            if (read(busy[slot].pipe, &trials->result[at], sizeof *trials->result) < 0)
                perror("faults");
            close(busy[slot].pipe);
            busy[slot].pid = 0;
            running--;
            text_progress_done(&progress);
            text_progress_clear(&progress);
            print(&trials->trial[at], &trials->result[at]);
        }
    }
    text_progress_end(&progress);
}

int main(int argc, char **argv)
{
    GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &only, "only this fault; again for more", "NAME"},
        {"how", 0, 0, G_OPTION_ARG_STRING_ARRAY, &hows, "only this way to fail; again for more",
         "HOW"},
        {"right", 0, 0, G_OPTION_ARG_NONE, &right, "only the right submission", NULL},
        {"places", 0, 0, G_OPTION_ARG_INT, &most_places,
         "how many of the places that a call is made from", "NUMBER"},
        {"write", 0, 0, G_OPTION_ARG_NONE, &write_page,
         "write docs/faults.md although not all was tried", NULL},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &assignment, "whose solutions", "NAME"},
        {"check", 'c', 0, G_OPTION_ARG_STRING, &checks, "only these checks", "NAME"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &build_folder, "where the kit was built",
         "FOLDER"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "trials at the same time", "NUMBER"},
        {NULL},
    };
    GError *problem = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new("- tries faults of the machine");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &problem)) {
        fprintf(stderr, "faults: %s\n", problem->message);
        return 2;
    }
    if (!build_folder)
        build_folder = g_strdup("build");
    if (!assignment)
        assignment = g_strdup("example");
    jobs = CLAMP(jobs, 1, MOST_JOBS);
    most_places = CLAMP(most_places, 1, INJECT_PLACES);
    if (!grades_without_faults())
        return 2;
    GArray *list = g_array_new(FALSE, TRUE, sizeof(struct fault_trial));
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
        for (const struct fault_row *row = fault_rows(kind); row->what; row++)
            if (is_wanted(row->what) || (only && is_wanted(fault_kind_name(kind))))
                add_row(list, kind, row);
    struct trials trials = {.trial = (struct fault_trial *)(void *)list->data, .count = list->len};
    trials.result = g_new0(struct fault_result, list->len + 1);
    work(&trials);
    guint wrong = 0;
    for (guint i = 0; i < trials.count; i++)
        wrong += trials.result[i].end >= FAULT_WRONG;
    const bool whole = !only && !hows && !right;
    if (is_example() &&
        (!fault_results_add(build_folder, trials.trial, trials.result, trials.count) ||
         ((write_page || whole) && !fault_page_write(build_folder))))
        wrong++;
    printf("\n%u trials, %u of them not as they must be\n", trials.count, wrong);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
