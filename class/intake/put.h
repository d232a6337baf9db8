/*
 * A student's folder, made anew or left as it is. It is written under a name that nobody reads, students/.new-ID, and put in place by one
 * rename, so that whoever is killed at any moment leaves the old one or the new one.
 *
 * Beside intake.json there is taken.json, of which only this folder knows: what was found when it was opened.
 */
#ifndef CLASS_INTAKE_PUT_H
#define CLASS_INTAKE_PUT_H

#include "class/intake/take.h"

enum intake_change { INTAKE_SAME, INTAKE_NEW, INTAKE_CHANGED };

/* What was found when this was opened, if it was: the same bytes, for the same assignments (their names with blanks
 * between), and nothing was refused. NULL otherwise. */
struct intake_taken *intake_put_before(const struct student *student, const char *sha256,
                                       const char *assignments);

/* A new folder for a student, with submission/ still to be made in it; a new string. NULL, and an error. */
char *intake_put_begin(const char *out, const struct student *student, GString *error);
/* Puts it in place with intake.json and taken.json. Where what can be graded is the same, byte for byte, as it was, the old folder
 * stays with its grades and its intake.json, for intake_put_facts. False, and an error; what was there before is then still there. */
bool intake_put_end(const char *folder, const struct student *student,
                    const struct intake_taken *taken, const char *assignments,
                    enum intake_change *change, GString *error);
/* Writes intake.json if it says anything new. */
bool intake_put_facts(const struct student *student, GString *error);

/* Removes what a call that was killed left. */
void intake_put_sweep(const char *out);

#endif
