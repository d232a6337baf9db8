/*
 * What engines (GNU parallel, Slurm) call. They only decide when and where a job runs; a job is one grade:
 *
 *     class jobs --out FOLDER     which are to do: ID ASSIGNMENT, a line each
 *     class grade --out FOLDER --student ID --assignment NAME     does one
 *     class graded --out FOLDER   how far it is, for people
 *
 * Each of them may be called at any time, from many computers, and killed at any moment.
 */
#ifndef CLASS_ENGINES_ENGINES_H
#define CLASS_ENGINES_ENGINES_H

#include "class/students/command.h"

command_function job_list_command, job_grade_command, job_count_command;

#endif
