/*
 * Sizes that differ from year to year. In a run's arguments, or its ranks, what stands in braces is one of several:
 *
 *     --batch {12|15|18}               one of these. The first is the kit's own size: what students run, and hand-outs show
 *     --batch {12|8..20 by 4}          whole numbers from 8 to 20, and 12 first (no alternative counts twice)
 *     --model {mlp:depth=4,width=32|mlp:depth=5,width=24}     any text but braces and |
 *     ranks = "{3|5}";                 ranks are a text then, and whole numbers as always
 *     --batch {sizes: 12|20} --micro-batches {sizes: 3|5}     all that have a name are drawn together, in all runs of
 *                                      the check: both their first, or both their second …
 *
 * What a check's runs have of these are its variables, in order; all with one name are one. A case says which alternative each
 * takes: "1-0-2"; 0 is the first. It is drawn from a secret (rubric_draw), or given by whoever repeats a run.
 */
#ifndef GRADER_RUBRIC_RUBRIC_CASES_H
#define GRADER_RUBRIC_RUBRIC_CASES_H

#include "grader/rubric/rubric.h"

#define RUBRIC_MOST_ALTERNATIVES 64  /* of a variable */
#define RUBRIC_MOST_CASES        512 /* of a run: each is tried when the rubric is read */

struct rubric_variable {
    char *name; /* "sizes"; of one without a name its place, "RUN.PLACE" from 1 */
    int alternatives;
    int taken;  /* from 0 */
    int stands; /* how often it stands in the check's runs */
};

#define RUBRIC_VARIABLES(check, i) (&g_array_index((check)->variables, struct rubric_variable, i))

/* Draws all checks' cases: by HMAC-SHA256(key, assignment, check, variable). */
void rubric_draw(struct rubric *rubric, const void *key, gsize length);
/* Takes the case that is given, "1-0-2", in the checks of a list "NAME,NAME" (NULL: in all). One number alone stands for all
 * variables, and counts round where there are fewer alternatives. False, and an error. */
bool rubric_take(struct rubric *rubric, const char *only, const char *text, GString *error);

/* "1-0-2"; NULL where nothing varies, or all are the kit's own. A new string. */
char *rubric_case(const struct rubric_check *check);
/* In how many ways a check can be drawn; 1: nothing varies. */
double rubric_cases(const struct rubric_check *check);

/* ---- for the rubric*.c files, and nobody else ------------------------------------------------------ */

struct form_part;

/* NULL: there is none. index: of the part in its run. */
struct rubric_variable *rubric_find_variable(const struct rubric_check *check, const char *name);
struct rubric_variable *rubric_variable_of(const struct rubric_check *check, int run,
                                           const struct form_part *part, guint index);
struct rubric_variable *rubric_add_variable(struct rubric_check *check, int run,
                                            const struct form_part *part, guint index);
/* Writes the ranks and arguments of a run (0 …) that has a form in the case that its variables have taken; and of all runs. */
void rubric_put_case(const struct rubric_check *check, int run);
void rubric_put_cases(const struct rubric_check *check);

#endif
