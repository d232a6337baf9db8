/* class similarity: which programs of a class look alike; a list for people, and no verdict. */
#ifndef CLASS_SIMILARITY_SIMILARITY_H
#define CLASS_SIMILARITY_SIMILARITY_H

#include "class/students/command.h"

command_function similarity_command;

#endif
