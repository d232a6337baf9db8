/*
 * Groups: who belongs to one, as its members.txt says, and that nobody counts twice.
 */
#ifndef CLASS_INTAKE_MEMBERS_H
#define CLASS_INTAKE_MEMBERS_H

#include "class/intake/handed.h"

/* Adds the members that the student's members.txt names, and notes on those that the roster doesn't know, and on too many. They are
 * added to `named`, too (a set of struct member *): somebody else says so, not they. */
void intake_members_add(struct student *student, const struct intake_people *people,
                        const struct intake_policy *policy, GHashTable *named);

/* Who is a member of several: what somebody handed in counts before what others say that they have a part in, else nobody could keep
 * another from writing names into a file; then the work that was handed in last. The others lose the member; one that is left
 * without any is refused. students: of struct student *. */
void intake_members_settle(GPtrArray *students, GHashTable *named);

#endif
