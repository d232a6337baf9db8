/*
 * class intake: takes in what was handed in, as it is, into the folder of a class (class/students). What is new or changed is
 * opened, all else stays; somebody's bad archive is that person's trouble alone.
 */
#ifndef CLASS_INTAKE_INTAKE_H
#define CLASS_INTAKE_INTAKE_H

#include "class/students/command.h"

command_function intake_command;

#endif
