/*
 * class regrade: is a grade what the same work gets now? See regrade.c.
 */
#ifndef CLASS_REGRADE_REGRADE_H
#define CLASS_REGRADE_REGRADE_H

#include "class/students/command.h"

/* Its exit status where a verdict differs, beside those of enum command_status. */
enum { REGRADE_DIFFERS = 3 };

command_function regrade_command;

#endif
