/*
 * Mutants: the solutions with one thing changed, to grade the grader by.
 *
 * assignments/ASSIGNMENT/mutants/NAME.patch changes files of solutions/ASSIGNMENT, a/FILE; or, where its paths
 * name folders, a/ANOTHER/FILE, of that and of the assignments that it uses;
 * NAME.cfg (libconfig) says what must come of it:
 *
 *     what    = "the sum is not divided by the number of ranks";
 *     mistake = "…";                  # the known mistake that must be named; else none may be
 *     fails   = ( "average" );        # checks that must fail by themselves
 *     passes  = ( "loss_falls", … );  # checks that must pass
 *     fast    = ( "average" );        # those to look at in a hurry; else the first of fails
 *     sample  = true;                 # one of the few that `make check` looks at
 *
 * A check in neither list may end either way, and name what it likes. With fails = () the mutant is no
 * mistake but another right way (its name begins with right-): it must get full
 * marks from every judge. Everything here returns problems as text.
 *
 * This file reads and makes mutants; build.h builds and look.h grades them.
 */
#ifndef TESTS_MUTANTS_MUTANT_H
#define TESTS_MUTANTS_MUTANT_H

#include <glib.h>
#include <stdbool.h>

#define MUTANTS_SEED 20 /* of every run: the outcome must not depend on the day */

struct mutant {
    char *assignment;
    char *name;
    char *what;
    char *mistake; /* or NULL */
    GPtrArray *fails, *passes, *fast;
    bool sample;
    GString *trouble; /* what is wrong with its files; empty: nothing */
};

bool mutant_is_right(const struct mutant *mutant);
/* Is the name one of those? */
bool mutant_lists(const GPtrArray *names, const char *name);

/* The folder of an assignment's mutants; a new string. */
char *mutants_folder(const char *assignment);
/* All mutants of an assignment, by name: an array of struct mutant * that frees them. */
GPtrArray *mutants_read(const char *assignment);
/* Those of them that are the sample, or all where none is: an array that frees nothing. */
GPtrArray *mutants_sample(const GPtrArray *mutants);

/* Runs a command in a folder; on a failure adds what it printed to surprises. */
bool mutant_run(char *const *words, const char *folder, GString *surprises);

/* The solutions with the patch, in FOLDER/ASSIGNMENT. git takes no notice of a repository around
 * the folder: the ceiling is set. */
bool mutant_make(const struct mutant *mutant, const char *folder, GString *surprises);

/* Appends the word, behind the separator if it is not the first. */
void mutant_add_word(GString *text, const char *separator, const char *word);

/* "a,b": the checks that a hurried look takes. A new string. */
char *mutant_fast_checks(const struct mutant *mutant);

#endif
