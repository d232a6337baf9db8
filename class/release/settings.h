/*
 * "class gradescope --policy FILE": what the course's policy says about Gradescope, as JSON for its autograder. In the
 * policy, all of it may be left out:
 *
 *     gradescope = {
 *       visibility  = "visible";    # of a grade: or after_due_date, after_published, hidden
 *       stdout      = "hidden";     # of what the autograder prints
 *       leaderboard = ( "points", "bonus", "seconds" );   # columns; none: no leaderboard
 *       minutes     = 10;           # that Gradescope lets it run, 2 to 40
 *     };
 */
#ifndef CLASS_RELEASE_SETTINGS_H
#define CLASS_RELEASE_SETTINGS_H

#include "class/students/command.h"

command_function release_settings_command;

#endif
