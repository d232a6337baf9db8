/*
 * Takes one try in: opens archives (in the sandbox, grader/submission/unpack.h), finds each assignment's files wherever they
 * lie, and puts them where they belong, ASSIGNMENT/FILE.
 */
#ifndef CLASS_INTAKE_TAKE_H
#define CLASS_INTAKE_TAKE_H

#include "class/intake/handed.h"
#include "grader/rubric/rubric.h"

struct intake_kit {
    GPtrArray *rubrics; /* of struct rubric *: of the assignments that are graded */
    const char *work;   /* a folder that the sandbox's users may pass */
};

struct intake_taken {
    char *sha256;     /* of what was handed in */
    char *refused;    /* a sentence; NULL: there is something to grade */
    GPtrArray *notes; /* of char * */
};

/* The folder `to` is made, with what can be graded, and with members.txt if there is one; it is empty if that is refused. False, with an error,
 * if this machine can't. sha256 is not filled in. */
bool intake_take(const struct intake_kit *kit, const struct intake_attempt *attempt, const char *to,
                 struct intake_taken *taken, GString *error);

struct intake_taken *intake_taken_new(void);
void intake_taken_free(struct intake_taken *taken);

/* The name under which the file with a group's members is kept. */
#define INTAKE_MEMBERS "members.txt"

/* ---- shared by the take*.c files, and nobody else -------------------------------------------------- */

/* Puts what of the folder `clean` belongs to the assignment into the folder `to`. work: a new folder is made there. *found: is
 * there any file of the assignment? Else *why says what there is instead, a new string. */
bool intake_take_assignment(const struct rubric *rubric, const char *clean, const char *work,
                            const char *to, struct intake_taken *taken, bool *found, char **why,
                            GString *error);
/* All archives below a folder, the newest last; of char *, paths below it. */
GPtrArray *intake_archives_in(const char *folder);
/* The file with the members of a group, not far below a folder; a new string, or NULL. */
char *intake_members_in(const char *folder);

#endif
