/* class cost: processor time and time by the clock, measured and for larger classes and computers. */
#ifndef CLASS_COST_COST_H
#define CLASS_COST_COST_H

#include "class/students/command.h"

command_function cost_command;

#endif
