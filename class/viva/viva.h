/* class viva: questions for an oral examination of a student, from the own program and its trace. */
#ifndef CLASS_VIVA_VIVA_H
#define CLASS_VIVA_VIVA_H

#include "class/students/command.h"

command_function viva_command;

#endif
