/*
 * class show --out FOLDER: who handed in what, and how far grading is.
 */
#ifndef CLASS_SHOW_SHOW_H
#define CLASS_SHOW_SHOW_H

#include "class/students/command.h"

command_function show_command;

#endif
