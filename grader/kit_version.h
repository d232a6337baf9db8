/*
 * Which kit graded: a report that is read a year later, or beside another one, has to say.
 */
#ifndef GRADER_KIT_VERSION_H
#define GRADER_KIT_VERSION_H

/* The version that make wrote into the build folder (tools/kit_version): a new string; "unknown" where there is none. */
char *grader_kit_version(const char *build_folder);

#endif
