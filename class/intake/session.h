/*
 * One call of class intake: what its files share, and nobody else uses.
 */
#ifndef CLASS_INTAKE_SESSION_H
#define CLASS_INTAKE_SESSION_H

#include "class/intake/handed.h"
#include "class/intake/take.h"
#include "grader/workplace/workplace.h"

#include <jansson.h>

struct intake_options {
    char *submissions, *out, *assignments, *policy, *extensions, *roster, *kit, *build_folder;
};

struct intake {
    const struct intake_options *options;
    GPtrArray *assignments; /* of char * */
    char *names;            /* of them, with blanks between */
    struct intake_policy *policy;
    struct intake_people *people;
    struct intake_kit kit;
    struct workplace workplace;
    GPtrArray *handed;
    json_t *ids;
    GPtrArray *students; /* of struct student * */
    GString *remarks;    /* what the call says besides */
    GString *trouble;    /* of this machine, a line each */
    int counts[3];       /* enum intake_change */
};

/* Reads the command line, and fills in what is not given. False, after a message. */
bool intake_options_parse(struct intake_options *options, int *argc, char ***argv);
void intake_options_clear(struct intake_options *options);

/* Takes in all that were handed in; what this machine can't do of it is a line in `trouble`. */
void intake_take_in(struct intake *intake);
/* Prints who was refused, how many there are, and what else is to be known. */
void intake_tell(struct intake *intake);

#endif
