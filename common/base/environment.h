/*
 * The environment of programs that judge, draw and plan, and of what they start: what libraries and
 * tools read there is the kit's own, whatever the user has (docs/environment.md). They run many others,
 * or many judges, beside each other: so each has one thread.
 */
#ifndef COMMON_BASE_ENVIRONMENT_H
#define COMMON_BASE_ENVIRONMENT_H

/* Starts this program again without the variables of environment_names.h, in the C.UTF-8 locale and with
 * one thread; nothing where the environment is such a one. Libraries read much of it when they are
 * loaded. To be called first of all; argv: as main got it. */
void environment_start_again(char **argv);

#endif
