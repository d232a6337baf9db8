/*
 * SHA-256 of what was handed in, to tell whether it changed.
 */
#ifndef CLASS_INTAKE_DIGEST_H
#define CLASS_INTAKE_DIGEST_H

#include "class/intake/handed.h"

/* Of one file: its bytes. Of a folder, or several files: of the paths and contents of all plain files in them, and of
 * what else lies there by name; .git is left out. A new string; NULL, with an error, if something can't be read. */
char *intake_digest(const struct intake_attempt *attempt, GString *error);
/* The same of one folder; what is not there is an empty folder. */
char *intake_digest_folder(const char *path, GString *error);

#endif
