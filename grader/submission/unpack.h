/*
 * Archives: a submission may come as one file, as .zip, .tar.gz or what else bsdtar reads.
 *
 * Nobody trusts an archive: it is unpacked in the sandbox, as a user of its own, with limits on time,
 * memory and bytes, so that a small archive of something endless, a link or a path that leads elsewhere
 * reaches nothing. What comes out is as little trusted as a folder that was handed in.
 */
#ifndef GRADER_SUBMISSION_UNPACK_H
#define GRADER_SUBMISSION_UNPACK_H

#include <glib.h>
#include <stdbool.h>

/* Would its name be one of an archive's? */
bool unpack_is_named(const char *name);
/* Does this plain file begin as an archive does? */
bool unpack_is_archive(const char *path);

/* Unpacks into the folder work/unpacked, which must not be there yet; work is the caller's own, and stays to
 * be removed by it. The folder, a new string; NULL, with an error that names `shown` and says why and what
 * to type instead. */
char *unpack_archive(const char *path, const char *shown, const char *work, GString *error);

#endif
