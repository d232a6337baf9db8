/*
 * The rubric: which checks there are, what they are worth, how they run.
 *
 * It is data, assignments/NAME/rubric.cfg (libconfig):
 *
 *     assignment = "example";
 *     template = true;                         # not handed out: an example to copy
 *     uses = ( "another" );                    # needs the student's files of these, too
 *     files = ( { name = "average.c"; question = "Q1"; begin = 1; },
 *               { name = "answers.md"; }, … );
 *     tiers = (
 *       { name = "Tier 1 of 5: …"; points = 1.0;
 *         bonus = true;                      # its points count on top of all others
 *         checks = (
 *           { name = "average"; title = "…"; points = 0.2; question = "Q1";
 *             judge = "average";               # or "person": set aside for a person, with
 *                                              # heading = "Q1"; the section of answers.md
 *             files = ( "average.c", "another/file.c" );
 *             about = ( "average.c" );         # which files it is about; else the last of these
 *             after = ( "another_check" );     # what must have passed first
 *             builds_on = ( "more.c" );        # what some of its runs use besides, and it does not
 *                                              # need: causes of its failures may be there
 *             needs = ( "another/its_check" ); # what must pass with the student's files of another,
 *                                              # or the course's stand in for them (grade/needs.h)
 *             visibility = "visible";          # Gradescope's: visible, hidden, …
 *             look = "what to look at next";
 *             calm = true;                     # draw seeds without a pre-activation near 0
 *             curve = true;                    # draw the curves of its runs
 *             waits = true;                    # its runs must wait for all their messages, too
 *             runs = ( { ranks = 4; arguments = "--probe average"; seconds = 5.0;
 *                        otherwise = "…";    # arguments for when their data set isn't there
 *                        machine = "simulated";  # on the simulated cluster; "real": this computer
 *                        platform = "free";      # common/platforms/free.xml; only if simulated
 *                        synchronous = true;     # every send waits for its receive; likewise
 *                        reference = "assignments/example/curves/mlp.csv"; } ); } ); } );
 *
 * template, uses, begin, bonus, question, files, about, after, builds_on, needs, visibility, look, calm,
 * curve, waits, otherwise, reference, machine (then "real"), platform (then "free") and synchronous
 * may be left out; so may a judge's runs where it looks at files only; heading goes with "person", and with
 * nothing else. `seconds` is the limit on an idle machine with a core
 * per rank; the time that others take is not counted. The runner adds --seed, --evidence, --curve
 * and --quiet to the arguments. Sizes in them may vary from year to year, "--batch {12|15|18}": the
 * first is the kit's own, and rubric_cases.h explains the form.
 *
 * Everything is linted when it is loaded: see rubric_load.
 */
#ifndef GRADER_RUBRIC_RUBRIC_H
#define GRADER_RUBRIC_RUBRIC_H

#include "common/driver/options.h"
#include "grader/verdict/assignment.h"

#include <glib.h>
#include <stdbool.h>

struct rubric_file {
    char *name;     /* "file.c"; of an assignment that is used: "another/file.c" */
    char *question; /* or NULL */
    int begin;      /* order in which a beginner takes the files, from 1; 0: not among them */
    int line;       /* of the rubric's file, for messages; 0: it is another assignment's */
};

struct rubric_run {
    const struct assignment *assignment; /* whose program it runs */
    int ranks;
    double seconds;
    char *
        arguments; /* one line; where something varies, of the case that was taken, as are the ranks */
    char *
        form; /* "RANKS\nARGUMENTS" as in the rubric, where something varies (rubric_cases.h); else NULL */
    char *otherwise; /* or NULL */
    char *reference; /* curve to draw beside the run's, from the kit's folder; or NULL */
    bool simulated;
    char *platform;   /* NULL on the real machine */
    bool synchronous; /* every send waits for its receive; simulated only */
    uint64_t seed;    /* never in the rubric; 0: drawn when it is run */
};

struct rubric_check {
    char *name;
    char *title;
    double points;
    char *question;            /* or NULL */
    const struct judge *judge; /* NULL: judged by a person */
    GPtrArray *files;          /* of char *: what must be there and compile */
    GPtrArray *about;          /* of char *: rubric_check_about; may be NULL */
    GPtrArray *after;          /* of char *: checks that must have passed */
    GPtrArray *builds_on;      /* of char *: files that some runs use, too; may be NULL */
    GPtrArray *needs; /* of char *: "another/check", of an assignment that is used; may be NULL */
    bool waits;       /* every message must be waited for, too */
    char *visibility;
    char *look;    /* or NULL */
    char *heading; /* for a person: the section of answers.md to read; else NULL */
    bool calm;
    bool curve;
    GArray *runs;      /* of struct rubric_run */
    GArray *variables; /* of struct rubric_variable: what varies in its runs; may be NULL */
    int tier;          /* index into the rubric's tiers */
    int line;          /* of the file, for messages */
};

struct rubric_tier {
    char *name;
    double points;
    bool bonus; /* on top of the points of all others */
    int line;
};

struct rubric {
    char *assignment;
    bool is_template;
    GPtrArray *uses;    /* of char *: other assignments, whose student files go into the program */
    GArray *files;      /* of struct rubric_file: what is handed in */
    GArray *used_files; /* of struct rubric_file: those of the assignments that it uses */
    GArray *tiers;      /* of struct rubric_tier */
    GArray *checks;     /* of struct rubric_check, in the rubric's order */
    GArray *calls;      /* what its files may call: rubric_calls.h */
};

/* Reads and lints a rubric. NULL, with all that is wrong with it in `errors`, one line each
 * ("FILE:LINE: …"): unknown or missing keys, wrong types, unknown judges, checks or files,
 * duplicate names, points that don't add up to their tier's, cycles of `after`, arguments that
 * the program would refuse, more than RUBRIC_MAX_RANKS ranks, platforms that are not in
 * common/platforms of the kit that holds the rubric (KIT/assignments/NAME/rubric.cfg), a
 * platform for the real machine, cases of what varies that the program would refuse, faults in the rules about calls (rubric_calls.h), needs that the
 * rubric of the used assignment has no check for, assignments that use each other. */
#define RUBRIC_MAX_RANKS 64
struct rubric *rubric_load(const char *path, GString *errors);
void rubric_free(struct rubric *rubric);

struct rubric_check *rubric_find(const struct rubric *rubric, const char *name); /* or NULL */
/* All points but those of bonus tiers, and those of bonus tiers; what a person judges included. */
double rubric_points(const struct rubric *rubric);
double rubric_bonus_points(const struct rubric *rubric);

/* The hand-out's table, Markdown: a row for each check, with its tier, title and points. */
void rubric_append_table(const struct rubric *rubric, GString *markdown);

/* The questions of an assignment, in order: Q1 up to the highest number that the rubric names for a
 * file, a check or a section of answers.md, then its other questions, then the other sections that a
 * person reads. Of char *. The caller frees with g_ptr_array_unref. */
GPtrArray *rubric_questions(const struct rubric *rubric);
/* Is `question` among those of a list like "Q9, Q10"? The list may be NULL. */
bool rubric_lists_question(const char *list, const char *question);

/* Does the check name the file among those that it needs? path: with the folder of its assignment,
 * "ASSIGNMENT/file.c", which a rubric leaves out of its own files. */
bool rubric_check_needs(const struct rubric *rubric, const struct rubric_check *check,
                        const char *path);

/* The files that a check is about, whether it needs them or not: how many, and each. Where the rubric says nothing,
 * the last of those that it needs; "" if it needs none. */
int rubric_check_abouts(const struct rubric_check *check);
const char *rubric_check_about(const struct rubric_check *check, int i);

/* Does the check need checks of an assignment that is used? */
bool rubric_check_needs_checks_of(const struct rubric_check *check, const char *assignment);

bool rubric_check_is_bonus(const struct rubric *rubric, const struct rubric_check *check);
/* Does it have a run on the simulated cluster? */
bool rubric_check_is_simulated(const struct rubric_check *check);

/* What arguments mean to the program of a run, by its own parser. False and an error if the program
 * would refuse them. */
bool rubric_parse_arguments(const struct rubric_run *run, const char *arguments,
                            struct options *options, char error[OPTIONS_ERROR_SIZE]);

/* Is each mutant of a folder a pair NAME.patch and NAME.cfg, with known keys and with checks of this
 * rubric in its lists? If not, false, and one line per fault in errors. */
bool rubric_lint_mutants(const struct rubric *rubric, const char *mutants_folder, GString *errors);
/* Is every check that a judge decides named in the `fails` list of some mutant (files
 * FOLDER/NAME.cfg)? If not, false, and one line per check of the rubric, of this path, in errors. */
bool rubric_is_covered(const struct rubric *rubric, const char *path, const char *mutants_folder,
                       GString *errors);

#define RUBRIC_CHECKS(rubric, i)     (&g_array_index((rubric)->checks, struct rubric_check, i))
#define RUBRIC_TIERS(rubric, i)      (&g_array_index((rubric)->tiers, struct rubric_tier, i))
#define RUBRIC_USED_FILES(rubric, i) (&g_array_index((rubric)->used_files, struct rubric_file, i))
#define RUBRIC_FILES(rubric, i)      (&g_array_index((rubric)->files, struct rubric_file, i))
#define RUBRIC_RUNS(check, i)        (&g_array_index((check)->runs, struct rubric_run, i))

#endif
