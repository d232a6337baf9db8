/*
 * How many processors this process may really use: containers and control groups lend a share of the machine's.
 */
#ifndef GRADER_SANDBOX_PROCESSORS_H
#define GRADER_SANDBOX_PROCESSORS_H

/* At least 0.01: the machine's, or fewer where the control group of this process has a quota (0.5: half of one). root: "",
 * or the folder in which tests have other files of /proc and /sys. */
double process_processors(const char *root);

#endif
