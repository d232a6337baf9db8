/*
 * The commands of build/class/class (class/main.c). Each stands in a folder of its own as NAME_command, gets its own words
 * (argv[0] is its name), reads them with GOptionContext, prints, and returns the exit status.
 */
#ifndef CLASS_STUDENTS_COMMAND_H
#define CLASS_STUDENTS_COMMAND_H

enum command_status { COMMAND_DONE, COMMAND_FAILED, COMMAND_USAGE };

typedef int command_function(int argc, char **argv);

#endif
